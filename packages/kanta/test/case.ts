import type { ErrorCode } from '../src/index.ts'

/** What a case calls: the methods of the database, of its builders and of the expression builder, without types. */
export interface Loose extends Methods {
  (...given: readonly Given[]): Loose
}

/** What a case gives: anything; callbacks get what they would get. */
export type Given = ((value: Loose) => unknown) | string | number | bigint | boolean | null | undefined | object

type Methods = { readonly [M in Method]: Loose }

type Method =
  | `${'inner' | 'left' | 'right' | 'full' | 'cross'}Join`
  | `${'inner' | 'left' | 'cross'}JoinLateral`
  | `${'having' | 'where' | 'when' | 'then' | 'else'}${'' | 'Ref'}`
  | `clear${'Select' | 'Where' | 'Having' | 'GroupBy' | 'OrderBy' | 'Limit' | 'Offset' | 'Returning'}`
  | `for${'Update' | 'Share' | 'KeyShare' | 'NoKeyUpdate'}`
  | `or${'Ignore' | 'Abort' | 'Fail' | 'Replace' | 'Rollback'}`
  | `${'union' | 'intersect' | 'except'}${'' | 'All'}`
  | `when${'Matched' | 'NotMatched' | 'NotMatchedBySource'}`
  | `then${'Delete' | 'DoNothing' | 'UpdateSet' | 'InsertValues'}`
  | 'selectFrom'
  | 'selectNoFrom'
  | 'insertInto'
  | 'replaceInto'
  | 'updateTable'
  | 'deleteFrom'
  | 'mergeInto'
  | 'with'
  | 'withRecursive'
  | 'withSchema'
  | 'withPlugins'
  | 'dynamic'
  | 'materialized'
  | 'notMaterialized'
  | 'select'
  | 'selectAll'
  | 'distinct'
  | 'distinctOn'
  | 'from'
  | 'groupBy'
  | 'orderBy'
  | 'window'
  | 'as'
  | 'limit'
  | 'offset'
  | 'fetch'
  | 'top'
  | 'skipLocked'
  | 'noWait'
  | 'crossApply'
  | 'outerApply'
  | 'using'
  | 'modifyFront'
  | 'modifyEnd'
  | '$if'
  | '$call'
  | '$castTo'
  | '$notNull'
  | '$narrowType'
  | '$assertType'
  | 'values'
  | 'columns'
  | 'column'
  | 'expression'
  | 'defaultValues'
  | 'ignore'
  | 'onConflict'
  | 'constraint'
  | 'doNothing'
  | 'doUpdateSet'
  | 'onDuplicateKeyUpdate'
  | 'set'
  | 'returning'
  | 'returningAll'
  | 'output'
  | 'outputAll'
  | 'on'
  | 'onRef'
  | 'onTrue'
  | 'and'
  | 'or'
  | 'not'
  | 'exists'
  | 'neg'
  | 'unary'
  | 'between'
  | 'betweenSymmetric'
  | 'eb'
  | 'fn'
  | 'ref'
  | 'val'
  | 'lit'
  | 'tuple'
  | 'refTuple'
  | 'parens'
  | 'cast'
  | 'case'
  | 'end'
  | 'endCase'
  | 'table'
  | 'rollup'
  | 'cube'
  | 'groupingSets'
  | 'jsonPath'
  | 'key'
  | 'at'
  | 'id'
  | 'raw'
  | 'join'
  | 'agg'
  | 'avg'
  | 'coalesce'
  | 'count'
  | 'countAll'
  | 'max'
  | 'min'
  | 'sum'
  | 'any'
  | 'jsonAgg'
  | 'toJson'
  | 'filterWhere'
  | 'filterWhereRef'
  | 'withinGroupOrderBy'
  | 'over'
  | 'partitionBy'
  | 'rows'
  | 'range'
  | 'groups'
  | 'exclude'
  | 'execute'
  | 'asc'
  | 'desc'
  | 'nullsFirst'
  | 'nullsLast'
  | 'collate'

/** The databases on which a case can run: with tables as values, without, and in camel case. */
export type World = 'defined' | 'undefined' | 'camel'

/** The databases besides SQLite that the cases run on. */
export type Dialect = 'postgres' | 'mariadb'

/** One query and what it must be and do. */
export interface Case {
  readonly name: string
  /** A query, a prepared query (see `values`), or SQL text of the user's own. */
  readonly query: (db: Loose) => unknown
  readonly world?: World
  /** The handle that it is built with and stored from, where that is not the database itself. */
  readonly on?: (db: Loose) => Loose
  readonly sql?: { readonly sqlite: string }
  readonly parameters?: readonly unknown[]
  /** The rows; in their order where the query has one. */
  readonly rows?: readonly unknown[]
  /** What a statement that gives no rows did. */
  readonly result?: unknown
  /** A query that runs afterwards, and its rows. */
  readonly after?: readonly [query: (db: Loose) => unknown, rows: readonly unknown[]]
  /** The statements that it takes, where these are not the one that it compiles to. */
  readonly statements?: readonly (readonly [sql: string, parameters: readonly unknown[]])[]
  /** Refused, with the alternative named, since the database lacks it. */
  readonly unsupported?: RegExp
  /** Refused as a mistake, before anything runs. */
  readonly refused?: RegExp
  /** Refused by the database. */
  readonly fails?: readonly [code: ErrorCode, message: RegExp]
  /** The values of a prepared query. */
  readonly values?: Readonly<Record<string, unknown>>
  /**
   * Why its rows are others on another database than SQLite, or why it fails there. Its text and what comes of it are
   * then only held in the snapshot of that database.
   */
  readonly differs?: { readonly [N in Dialect]?: string }
  /** Too large or too rare to be kept, so that two builds give two shapes. */
  readonly transient?: boolean
}
