/** Queries as plain data: what a Kanta query is built from, and what the oracle computes the rows of. */

export type Type = 'int' | 'text' | 'bool' | 'time' | 'big'
export type Value = null | number | string | boolean | bigint | Date

/** A value with another of its kind, for running the same shape with other arguments. */
export interface Pair<T = Value> {
  readonly value: T
  readonly other: T
}

export type Expr =
  | {
      readonly k: 'column'
      readonly source: string
      readonly name: string
      readonly type: Type
      readonly bare: boolean
    }
  | { readonly k: 'value'; readonly type: Type; readonly pair: Pair }
  | { readonly k: 'null'; readonly type: Type }
  | { readonly k: 'arithmetic'; readonly op: '+' | '-' | '*'; readonly left: Expr; readonly right: Expr }
  | { readonly k: 'minus'; readonly of: Expr }
  | { readonly k: 'concat'; readonly left: Expr; readonly right: Expr }
  | { readonly k: 'call'; readonly name: 'coalesce' | 'nullif'; readonly type: Type; readonly args: readonly Expr[] }
  | {
      readonly k: 'case'
      readonly type: Type
      readonly whens: readonly { readonly when: Condition; readonly then: Expr }[]
      readonly otherwise: Expr | undefined
    }
  | { readonly k: 'truth'; readonly of: Condition }
  | { readonly k: 'scalar'; readonly query: Select; readonly type: Type }
  | {
      readonly k: 'aggregate'
      readonly name: 'count' | 'sum' | 'avg' | 'min' | 'max'
      readonly of: Expr | undefined
      readonly distinct: boolean
      readonly filter: Condition | undefined
      readonly type: Type
    }
  | {
      readonly k: 'matches'
      readonly type: Type
      readonly of: Expr
      readonly whens: readonly Match[]
      readonly otherwise: Expr
    }
  | WindowExpr

/** `case of when is then result`. */
export interface Match {
  readonly is: Expr
  readonly then: Expr
}

/** An aggregate or a rank over a window; `near` is a frame of so many groups of peers before the row. */
export interface WindowExpr {
  readonly k: 'window'
  readonly name: 'count' | 'sum' | 'min' | 'max' | 'rank' | 'dense_rank'
  readonly of: Expr | undefined
  readonly filter: Condition | undefined
  readonly partitionBy: readonly Expr[]
  readonly orderBy: Expr | undefined
  readonly down: boolean
  readonly near: Pair<number> | undefined
  readonly type: Type
}

export type Comparison = '=' | '!=' | '<>' | '<' | '<=' | '>' | '>='

export type Condition =
  | { readonly k: 'compare'; readonly op: Comparison; readonly left: Expr; readonly right: Expr }
  | { readonly k: 'rows'; readonly op: '=' | '!='; readonly left: readonly Expr[]; readonly right: readonly Expr[] }
  | { readonly k: 'is null'; readonly not: boolean; readonly of: Expr }
  | { readonly k: 'is'; readonly op: 'is' | 'is not' | Distinct; readonly left: Expr; readonly right: Expr }
  | {
      readonly k: 'in'
      readonly not: boolean
      readonly of: Expr
      readonly type: Type
      readonly list: Pair<readonly Value[]>
    }
  | { readonly k: 'in items'; readonly not: boolean; readonly of: Expr; readonly items: readonly Expr[] }
  | { readonly k: 'in query'; readonly not: boolean; readonly of: Expr; readonly query: Select }
  | { readonly k: 'exists'; readonly not: boolean; readonly query: Select }
  | { readonly k: 'between'; readonly of: Expr; readonly low: Expr; readonly high: Expr }
  | { readonly k: 'like'; readonly not: boolean; readonly of: Expr; readonly pattern: Pair<string> }
  | { readonly k: 'flag'; readonly of: Expr }
  | { readonly k: 'constant'; readonly value: boolean }
  | { readonly k: 'and' | 'or'; readonly items: readonly Condition[] }
  | { readonly k: 'not'; readonly of: Condition }

export type Distinct = 'is distinct from' | 'is not distinct from'

/** How a value is read from the database: by a codec, as a document, or as it is. */
export type Read =
  | 'bool'
  | 'time'
  | 'big'
  | undefined
  | { readonly single: boolean; readonly columns: readonly Output[] }

export interface Output {
  readonly name: string
  readonly type: Type
  readonly read: Read
}

export type Item =
  | { readonly k: 'expr'; readonly of: Expr; readonly name: string; readonly aliased: boolean }
  | { readonly k: 'json'; readonly single: boolean; readonly query: Select; readonly name: string }
  | { readonly k: 'star'; readonly source: string | undefined; readonly columns: readonly Output[] }

export type Source =
  | { readonly k: 'table'; readonly table: TableName; readonly alias: string; readonly aliased: boolean }
  | { readonly k: 'query'; readonly query: Select; readonly alias: string }
  | { readonly k: 'cte'; readonly name: string; readonly alias: string; readonly aliased: boolean }
  | {
      readonly k: 'values'
      readonly columns: readonly Output[]
      readonly rows: Pair<readonly Cells[]>
      readonly alias: string
    }
  | { readonly k: 'list'; readonly columns: readonly Output[]; readonly items: Pair<Cells>; readonly alias: string }

/** The values of a row, or of a list. */
export type Cells = readonly (null | number | string)[]

export type TableName = 'item' | 'owner' | 'tag'

export interface Join {
  readonly style: 'inner' | 'left' | 'right' | 'full' | 'cross'
  readonly source: Source
  readonly on: readonly Condition[]
}

export interface Order {
  /** The name of an output column, or an expression. */
  readonly by: string | Expr
  readonly direction: 'asc' | 'desc' | undefined
  readonly nulls: 'first' | 'last' | undefined
}

export interface SetOperation {
  readonly op: 'union' | 'union all' | 'intersect' | 'except'
  readonly query: Select
}

export interface Cte {
  readonly name: string
  readonly columns: readonly string[] | undefined
  readonly materialized: boolean | undefined
  readonly query: Select
}

export interface Select {
  readonly ctes: readonly Cte[]
  readonly from: readonly Source[]
  readonly joins: readonly Join[]
  readonly where: readonly Condition[]
  /** Undefined for a query that is not grouped; empty for one group of all rows. */
  readonly groupBy: readonly Expr[] | undefined
  readonly having: readonly Condition[]
  readonly items: readonly Item[]
  readonly outputs: readonly Output[]
  readonly distinct: boolean
  readonly setOperations: readonly SetOperation[]
  readonly orderBy: readonly Order[]
  /** Whether the order decides the place of every row but for equal ones. */
  readonly ordered: boolean
  readonly limit: Pair<number> | undefined
  readonly offset: Pair<number> | undefined
}

/** How an expression is read: by the codec of the column that it passes on. */
export function readOf(e: Expr): Read {
  switch (e.k) {
    case 'column':
      return e.type === 'bool' || e.type === 'time' || e.type === 'big' ? e.type : undefined
    case 'call':
      return e.args.map(readOf).find((read) => read !== undefined)
    case 'matches':
      return [...e.whens.map((when) => when.then), e.otherwise].map(readOf).find((read) => read !== undefined)
    case 'window':
    case 'aggregate':
      return e.of !== undefined && (e.name === 'min' || e.name === 'max') ? readOf(e.of) : undefined
    case 'case':
      return [...e.whens.map((when) => when.then), ...(e.otherwise === undefined ? [] : [e.otherwise])]
        .map(readOf)
        .find((read) => read !== undefined)
    case 'scalar':
      return e.query.outputs[0]!.read
    default:
      return undefined
  }
}
