import type { RawBuilder, Sql } from '../face/index.ts'
import { sql as template } from '../sql/index.ts'
import { abstractTypeOf } from './abstract-type.ts'
import type {
  CatalogCheck,
  CatalogColumn,
  CatalogForeignKey,
  CatalogIndex,
  CatalogKey,
  CatalogTable,
  CatalogTrigger,
  DialectName,
} from './catalog.ts'
import { readDefault } from './create-table.ts'
import { groupBy, type Reader, type ReadRequest, type Source } from './source.ts'
import { Cursor, splitAtCommas, stringOf, tokens } from './token.ts'

const sql = template as unknown as Sql

interface TableRow {
  readonly schema: string
  readonly name: string
  readonly type: string
  readonly engine: string | null
  readonly collation: string | null
  readonly comment: string
  readonly definition: string | null
}
interface ColumnRow {
  readonly schema: string
  readonly table: string
  readonly name: string
  readonly type: string
  readonly nullable: string
  readonly default: string | null
  readonly extra: string
  readonly expression: string | null
  readonly collation: string | null
  readonly comment: string
}
interface KeyRow {
  readonly schema: string
  readonly table: string
  readonly name: string
  readonly type: 'PRIMARY KEY' | 'UNIQUE' | 'FOREIGN KEY'
  readonly column: string
  readonly target_schema: string | null
  readonly target: string | null
  readonly target_column: string | null
  readonly on_delete: string | null
  readonly on_update: string | null
}
interface IndexRow {
  readonly schema: string
  readonly table: string
  readonly name: string
  readonly alike: number | bigint
  readonly column: string | null
  readonly expression: string | null
  readonly direction: string | null
  readonly method: string
}
interface CheckRow {
  readonly schema: string
  readonly table: string
  readonly name: string
  readonly expression: string
  /** Says in MariaDB if the check is part of a column, whose name it has then. */
  readonly level: 'Column' | 'Table' | null
}
interface TriggerRow {
  readonly schema: string
  readonly name: string
  readonly table: string
  readonly timing: string
  readonly event: string
  readonly definition: string
}

/** The reader of MySQL. It reads `information_schema`, as that of MariaDB does. */
export const mysqlReader: Reader = createReader({
  dialect: 'mysql',
  indexExpression: () => sql`expression`,
  unescape: (expression) => expression.replaceAll("\\'", "'"),
  // Check names are unique in a database, and another view holds their table.
  checks: (inSchemas) =>
    sql<CheckRow>`select k.constraint_schema as ${sql.id('schema')}, c.table_name as ${sql.id('table')},
        k.constraint_name as name, k.check_clause as expression, null as level
        from information_schema.check_constraints k join information_schema.table_constraints c
          on c.constraint_schema = k.constraint_schema and c.constraint_name = k.constraint_name
            and c.constraint_type = 'CHECK'
        where ${inSchemas(sql`k.constraint_schema`)} order by 1, 2, 3`,
  defaultsAreSql: false,
})
export const mariadbReader: Reader = createReader({
  dialect: 'mariadb',
  indexExpression: () => sql`null`,
  unescape: (expression) => expression,
  checks: (inSchemas) =>
    sql<CheckRow>`select constraint_schema as ${sql.id('schema')}, table_name as ${sql.id('table')},
        constraint_name as name, check_clause as expression, level as level
        from information_schema.check_constraints where ${inSchemas(sql`constraint_schema`)} order by 1, 2, 3`,
  defaultsAreSql: true,
})

interface Flavor {
  readonly dialect: DialectName
  /** Returns the SQL for the expression of an index part that is not a column. */
  indexExpression(): RawBuilder<unknown>
  /** Returns the text of a check, without the extra escapes that some databases add to it. */
  unescape(expression: string): string
  checks(inSchemas: (column: RawBuilder<unknown>) => RawBuilder<unknown>): RawBuilder<CheckRow>
  /** Is true if the database returns defaults as SQL, and not constants as bare text. */
  readonly defaultsAreSql: boolean
}

function createReader(flavor: Flavor): Reader {
  return {
    dialect: flavor.dialect,
    queries: 9,
    async read(source, request) {
      const rows = await restoreCharacters(source, await readRows(source, request, flavor), flavor)
      const [{ name: database }] = rows.database as [{ name: string | null }]
      const schemas = request.schemas ?? (database === null ? [] : [database])
      // Names in the database of the connection have no schema.
      const schemaOf = (schema: string | null): string | null => (schema === database ? null : schema)
      const of = <R extends { schema: string; table: string }>(all: Map<string, R[]>, row: TableRow): R[] =>
        all.get(key({ schema: row.schema, table: row.name })) ?? []
      const columns = groupBy(rows.columns, key)
      const readKeys = groupBy(rows.keys, key)
      const indexes = groupBy(rows.indexes, key)
      const checks = groupBy(rows.checks, key)
      const wanted = rows.tables.filter((row) => request.isWanted(row.name))
      const columnsOf = (row: TableRow): CatalogColumn[] =>
        of(columns, row).map((column) => columnOf(column, row, of(checks, row), flavor))
      return {
        schemas,
        tables: wanted
          .filter((row) => row.type === 'BASE TABLE' || row.type === 'SYSTEM VERSIONED')
          .map((row) => tableOf(row, columnsOf(row), of(readKeys, row), of(indexes, row), of(checks, row), schemaOf)),
        views: wanted
          .filter((row) => row.type === 'VIEW')
          .map((row) => ({
            schema: schemaOf(row.schema),
            name: row.name,
            materialized: false,
            columns: columnsOf(row),
            definition: removeDatabaseName(row.definition ?? '', database),
            comment: null,
          })),
        enums: [],
        domains: [],
        sequences: [],
        triggers: rows.triggers.filter((row) => request.isWanted(row.table)).map((row) => triggerOf(row, schemaOf)),
      }
    },
  }
}

/**
 * Removes the name of the database from the text of a view, where MySQL puts it before every name. So the view stays
 * the same in a copy of the database.
 */
const removeDatabaseName = (text: string, database: string | null): string =>
  database === null ? text : text.replaceAll(`\`${database.replaceAll('`', '``')}\`.`, '')

const key = (row: { readonly schema: string; readonly table: string }): string =>
  JSON.stringify([row.schema, row.table])

async function readRows(source: Source, request: ReadRequest, flavor: Flavor) {
  const inSchemas = (column: RawBuilder<unknown>): RawBuilder<unknown> =>
    request.schemas === undefined ? sql`${column} = database()` : sql`${column} in (${sql.join(request.schemas)})`
  return {
    database: await source.rows('name of the database', sql<{ name: string | null }>`select database() as name`),
    tables: await source.rows(
      'tables and views',
      sql<TableRow>`select t.table_schema as ${sql.id('schema')}, t.table_name as name, t.table_type as type,
        t.engine as engine, t.table_collation as collation, t.table_comment as comment, v.view_definition as definition
        from information_schema.tables t left join information_schema.views v
          on v.table_schema = t.table_schema and v.table_name = t.table_name
        where ${inSchemas(sql`t.table_schema`)} order by 1, 2`,
    ),
    columns: await source.rows(
      'columns',
      sql<ColumnRow>`select table_schema as ${sql.id('schema')}, table_name as ${sql.id('table')}, column_name as name,
        column_type as type, is_nullable as nullable, column_default as ${sql.id('default')}, extra as extra,
        generation_expression as expression, collation_name as collation, column_comment as comment
        from information_schema.columns where ${inSchemas(sql`table_schema`)} order by 1, 2, ordinal_position`,
    ),
    keys: await keys(source, inSchemas),
    indexes: await source.rows(
      'indexes',
      sql<IndexRow>`select table_schema as ${sql.id('schema')}, table_name as ${sql.id('table')}, index_name as name,
        non_unique as alike, column_name as ${sql.id('column')}, collation as direction, index_type as method,
        ${flavor.indexExpression()} as expression
        from information_schema.statistics where ${inSchemas(sql`table_schema`)} order by 1, 2, 3, seq_in_index`,
    ),
    checks: (await source.rows('checks', flavor.checks(inSchemas))).map((row) => ({
      ...row,
      expression: flavor.unescape(row.expression),
    })),
    triggers: await source.rows(
      'triggers',
      sql<TriggerRow>`select trigger_schema as ${sql.id('schema')}, trigger_name as name,
        event_object_table as ${sql.id('table')}, action_timing as timing, event_manipulation as event,
        action_statement as definition
        from information_schema.triggers where ${inSchemas(sql`trigger_schema`)} order by 1, 2`,
    ),
  }
}

type Rows = Awaited<ReturnType<typeof readRows>>

/** What the views tell for a character of four bytes in an expression. */
const LOST = '????'

/**
 * Reads expressions from the statement of their table where the views of MariaDB, which know characters of three bytes
 * at most, tell question marks for a character.
 */
async function restoreCharacters(source: Source, rows: Rows, { dialect }: Flavor): Promise<Rows> {
  const isLost = (text: string | null): boolean => text?.includes(LOST) === true
  const lost = new Set([
    ...rows.checks.filter((row) => isLost(row.expression)).map(key),
    ...rows.columns.filter((row) => isLost(row.expression) || isLost(row.default)).map(key),
  ])
  if (lost.size === 0) return rows
  const statements = new Map<string, Expressions>()
  for (const row of rows.tables) {
    const place = key({ schema: row.schema, table: row.name })
    if (!lost.has(place)) continue
    const found = await source.rows(
      'statements of tables',
      sql<Record<string, string>>`show create table ${sql.id(row.schema, row.name)}`,
    )
    statements.set(place, readExpressions(found[0]?.['Create Table'] ?? '', dialect))
  }
  return {
    ...rows,
    checks: rows.checks.map((row) => {
      const text = statements.get(key(row))
      const whole = row.level === 'Column' ? text?.columns.get(row.name)?.check : text?.checks.get(row.name)
      return isLost(row.expression) ? { ...row, expression: whole ?? row.expression } : row
    }),
    columns: rows.columns.map((row) => {
      const whole = statements.get(key(row))?.columns.get(row.name)
      return {
        ...row,
        expression: isLost(row.expression) ? (whole?.generated ?? row.expression) : row.expression,
        default: isLost(row.default) ? (whole?.default ?? row.default) : row.default,
      }
    }),
  }
}

interface ColumnExpressions {
  check?: string
  generated?: string
  default?: string | undefined
}

/** The expressions in the statement of a table: those of columns, and checks by their names. */
interface Expressions {
  readonly columns: Map<string, ColumnExpressions>
  readonly checks: Map<string, string>
}

function readExpressions(statement: string, dialect: DialectName): Expressions {
  const found: Expressions = { columns: new Map(), checks: new Map() }
  const whole = Cursor.of(statement, dialect)
  while (whole.current !== undefined && !whole.isNext('(')) whole.position++
  for (const part of splitAtCommas(whole.readParentheses() ?? [])) {
    const c = new Cursor(statement, part)
    const inParentheses = (): string => c.textOf(c.readParentheses() ?? [])
    if (c.accept('constraint')) {
      const name = c.readName() ?? ''
      if (c.accept('check')) found.checks.set(name, inParentheses())
    } else if (c.current?.kind === 'name') {
      const column: ColumnExpressions = {}
      found.columns.set(c.readName() ?? '', column)
      while (c.current !== undefined) {
        if (c.accept('generated', 'always', 'as')) column.generated = inParentheses()
        else if (c.accept('check')) column.check = inParentheses()
        else if (c.accept('default')) column.default = readDefault(c) ?? undefined
        else c.position++
      }
    }
  }
  return found
}

interface UsageRow extends Pick<KeyRow, 'schema' | 'table' | 'name' | 'column' | 'target_schema' | 'target'> {
  readonly target_column: string | null
}
interface SortRow extends Pick<KeyRow, 'schema' | 'table' | 'name'> {
  readonly type: string
}
interface ActionRow extends Pick<KeyRow, 'schema' | 'table' | 'name' | 'on_delete' | 'on_update'> {}

/** Reads the keys with three queries, since the server would join these views in temporary tables on disk. */
async function keys(
  source: Source,
  inSchemas: (column: RawBuilder<unknown>) => RawBuilder<unknown>,
): Promise<KeyRow[]> {
  const usage = await source.rows(
    'columns of keys',
    sql<UsageRow>`select table_schema as ${sql.id('schema')}, table_name as ${sql.id('table')},
      constraint_name as name, column_name as ${sql.id('column')}, referenced_table_schema as target_schema,
      referenced_table_name as target, referenced_column_name as target_column
      from information_schema.key_column_usage where ${inSchemas(sql`table_schema`)}
      order by 1, 2, 3, ordinal_position`,
  )
  const sorts = await source.rows(
    'keys',
    sql<SortRow>`select table_schema as ${sql.id('schema')}, table_name as ${sql.id('table')},
      constraint_name as name, constraint_type as type
      from information_schema.table_constraints where ${inSchemas(sql`table_schema`)}`,
  )
  const actions = await source.rows(
    'actions of foreign keys',
    sql<ActionRow>`select constraint_schema as ${sql.id('schema')}, table_name as ${sql.id('table')},
      constraint_name as name, delete_rule as on_delete, update_rule as on_update
      from information_schema.referential_constraints where ${inSchemas(sql`constraint_schema`)}`,
  )
  const place = ({ schema, table, name }: Pick<KeyRow, 'schema' | 'table' | 'name'>): string =>
    JSON.stringify([schema, table, name])
  const actionOf = new Map(actions.map((row) => [place(row), row]))
  // A unique key and a foreign key may share a name.
  const sortOf = groupBy(sorts, place)
  return usage.flatMap((row): KeyRow[] => {
    const type = sortOf
      .get(place(row))
      ?.map((each) => each.type)
      .find((each) => (each === 'FOREIGN KEY') === (row.target !== null))
    if (type !== 'PRIMARY KEY' && type !== 'UNIQUE' && type !== 'FOREIGN KEY') return []
    const action = type === 'FOREIGN KEY' ? actionOf.get(place(row)) : undefined
    return [{ ...row, type, on_delete: action?.on_delete ?? null, on_update: action?.on_update ?? null }]
  })
}

function columnOf(
  row: ColumnRow,
  table: TableRow,
  checks: readonly CheckRow[],
  { dialect, defaultsAreSql }: Flavor,
): CatalogColumn {
  const extra = row.extra.toLowerCase()
  const computed = extra.includes('generated') && !extra.includes('default_generated')
  // MariaDB stores JSON as text with a check.
  const json = row.type === 'longtext' && checks.some((check) => isJsonCheck(check, row.name))
  const type = json ? 'json' : row.type
  return {
    name: row.name,
    type,
    abstract: abstractTypeOf(type, dialect),
    nullable: row.nullable === 'YES',
    default: computed ? null : defaultOf(row, extra, defaultsAreSql),
    generated:
      computed && row.expression
        ? { expression: row.expression, stored: extra.includes('stored') || extra.includes('persistent') }
        : null,
    identity: extra.includes('auto_increment') ? 'auto' : null,
    collation: json || row.collation === table.collation ? null : row.collation,
    comment: row.comment === '' ? null : row.comment,
    ...(/\binvisible\b/.test(extra) && { invisible: true }),
    values: /^enum\(/i.test(type)
      ? tokens(type, dialect)
          .filter((token) => token.kind === 'string')
          .map(stringOf)
      : null,
  }
}

const isJsonCheck = (check: CheckRow, column: string): boolean =>
  check.expression.replaceAll(/[`()\s]/g, '').toLowerCase() === `json_valid${column.toLowerCase()}`

function defaultOf(row: ColumnRow, extra: string, isSql: boolean): string | null {
  const updated = /on update \S+/.exec(extra)?.[0]
  const and = updated === undefined ? '' : ` ${updated}`
  if (row.default === null || (isSql && row.default === 'NULL')) return null
  if (isSql || extra.includes('default_generated') || /^current_timestamp/i.test(row.default)) return row.default + and
  const numeric = /^(?:(?:tiny|small|medium|big)?int|decimal|float|double|bit)/.test(row.type)
  return numeric ? row.default : `'${row.default.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

const actionOf = (text: string | null): CatalogForeignKey['onDelete'] =>
  (text ?? 'NO ACTION').toLowerCase() as CatalogForeignKey['onDelete']

function tableOf(
  row: TableRow,
  columns: readonly CatalogColumn[],
  keys: readonly KeyRow[],
  indexes: readonly IndexRow[],
  checks: readonly CheckRow[],
  schemaOf: (schema: string | null) => string | null,
): CatalogTable {
  const of = (type: KeyRow['type']): KeyRow[][] => [
    ...groupBy(
      keys.filter((each) => each.type === type),
      (each) => each.name,
    ).values(),
  ]
  const keyOf = (parts: readonly KeyRow[]): CatalogKey => ({
    name: parts[0]!.name,
    columns: parts.map((part) => part.column),
  })
  const [primary] = of('PRIMARY KEY')
  const constraints = new Set(keys.filter((each) => each.type !== 'FOREIGN KEY').map((each) => each.name))
  return {
    schema: schemaOf(row.schema),
    name: row.name,
    kind: 'table',
    columns,
    // Every primary key has the same name, which the server gave it.
    primaryKey: primary === undefined ? null : { ...keyOf(primary), name: null },
    uniques: of('UNIQUE').map(keyOf),
    foreignKeys: of('FOREIGN KEY').map((parts) => ({
      ...keyOf(parts),
      target: {
        schema: schemaOf(parts[0]!.target_schema),
        name: parts[0]!.target ?? '',
        columns: parts.map((part) => part.target_column ?? ''),
      },
      onDelete: actionOf(parts[0]!.on_delete),
      onUpdate: actionOf(parts[0]!.on_update),
      deferrable: 'no',
    })),
    checks: checks
      .filter((check) => !columns.some((column) => column.type === 'json' && isJsonCheck(check, column.name)))
      .map(
        ({ name, expression, level }): CatalogCheck =>
          level === 'Column' ? { name: null, expression, column: name } : { name, expression },
      ),
    indexes: [...groupBy(indexes, (each) => each.name).values()]
      .filter(([first]) => !constraints.has(first!.name))
      .map(indexOf),
    comment: row.comment === '' ? null : row.comment,
    options: [
      ...(row.engine === null ? [] : [`engine=${row.engine}`]),
      ...(row.collation === null ? [] : [`collate=${row.collation}`]),
    ],
  }
}

const indexOf = (parts: readonly IndexRow[]): CatalogIndex => ({
  name: parts[0]!.name,
  parts: parts.map((part) => ({
    column: part.column,
    expression: part.column === null ? part.expression : null,
    direction: part.direction === 'D' ? 'desc' : 'asc',
    nulls: null,
    collation: null,
  })),
  unique: Number(parts[0]!.alike) === 0,
  method: parts[0]!.method.toLowerCase(),
  include: [],
  where: null,
  definition: null,
})

const triggerOf = (row: TriggerRow, schemaOf: (schema: string) => string | null): CatalogTrigger => ({
  schema: schemaOf(row.schema),
  name: row.name,
  table: row.table,
  timing: row.timing.toLowerCase() as CatalogTrigger['timing'],
  events: [row.event.toLowerCase() as CatalogTrigger['events'][number]],
  definition: row.definition,
})
