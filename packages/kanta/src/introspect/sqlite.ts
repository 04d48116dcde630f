import { KantaError } from '../error/index.ts'
import type { RawBuilder, Sql } from '../face/index.ts'
import { sql as template } from '../sql/index.ts'
import { abstractTypeOf } from './abstract-type.ts'
import type {
  CatalogColumn,
  CatalogContents,
  CatalogForeignKey,
  CatalogIndex,
  CatalogIndexPart,
  CatalogKey,
  CatalogTable,
  CatalogTrigger,
} from './catalog.ts'
import { type ParsedTable, readCreateTable } from './create-table.ts'
import { groupBy, isTrue, type Reader, type ReadRequest, type Source } from './source.ts'
import { Cursor, splitAtCommas, withoutParentheses } from './token.ts'

const sql = template as unknown as Sql

interface Entry {
  readonly type: 'table' | 'view' | 'index' | 'trigger'
  readonly name: string
  readonly tbl_name: string
  readonly sql: string | null
}
interface ColumnRow {
  readonly table: string
  readonly name: string
  readonly type: string
  readonly notnull: number
  readonly dflt_value: string | null
  readonly pk: number
  readonly hidden: number
}
interface KeyRow {
  readonly table: string
  readonly id: number
  readonly target: string
  readonly from: string
  readonly to: string | null
  readonly on_update: string
  readonly on_delete: string
}
interface IndexRow {
  readonly table: string
  readonly index: string
  readonly unique: number
  readonly origin: string
  readonly seqno: number
  readonly name: string | null
  readonly desc: number
  readonly coll: string | null
  readonly key: number
}
interface ListRow {
  readonly name: string
  readonly type: string
  readonly wr: number
  readonly strict: number
}

interface Rows {
  readonly entries: readonly Entry[]
  readonly readColumns: Map<string, ColumnRow[]>
  readonly keys: Map<string, KeyRow[]>
  readonly indexes: Map<string, IndexRow[]>
  readonly kinds: Map<string, ListRow>
}

/** The reader of SQLite. It reads pragmas, and the stored statements for details that no pragma returns. */
export const sqliteReader: Reader = {
  dialect: 'sqlite',
  queries: 6,
  async read(source, request) {
    const found: CatalogContents = {
      schemas: [],
      tables: [],
      views: [],
      enums: [],
      domains: [],
      sequences: [],
      triggers: [],
    }
    const schemas = request.schemas ?? ['main']
    let all = { ...found, schemas }
    for (const schema of schemas) all = merge(all, buildContents(schema, await readRows(source, schema), request))
    return all
  },
}

const merge = (a: CatalogContents, b: Pick<CatalogContents, 'tables' | 'views' | 'triggers'>): CatalogContents => ({
  ...a,
  tables: [...a.tables, ...b.tables],
  views: [...a.views, ...b.views],
  triggers: [...a.triggers, ...b.triggers],
})

const byTable = <R extends { readonly table: string }>(rows: readonly R[]): Map<string, R[]> =>
  groupBy(rows, (row) => row.table)

async function readRows(source: Source, schema: string): Promise<Rows> {
  const master: RawBuilder<unknown> = sql.id(schema, 'sqlite_schema')
  const relations = sql`${master} as m where m.type in ('table', 'view')`
  return {
    entries: await source.rows(
      'tables, views and triggers',
      sql<Entry>`select type, name, tbl_name, sql from ${master} order by type, name`,
    ),
    kinds: new Map(
      (
        await source.rows(
          'kinds of tables',
          sql<ListRow>`select name, type, wr, strict from pragma_table_list where schema = ${schema}`,
        )
      ).map((row) => [row.name, row]),
    ),
    readColumns: byTable([...(await columns(source, schema, 'table')), ...(await readViewColumns(source, schema))]),
    keys: byTable(
      await source.rows(
        'foreign keys',
        sql<KeyRow>`select m.name as "table", p.id, p."table" as target, p."from", p."to", p.on_update, p.on_delete
          from (select name from ${relations}) as m join pragma_foreign_key_list(m.name, ${schema}) as p
          order by m.name, p.id, p.seq`,
      ),
    ),
    indexes: byTable(
      await source.rows(
        'indexes',
        sql<IndexRow>`select m.name as "table", i.name as "index", i."unique", i.origin, x.seqno, x.name, x."desc", x.coll, x."key"
          from (select name from ${relations}) as m join pragma_index_list(m.name, ${schema}) as i
          join pragma_index_xinfo(i.name, ${schema}) as x order by m.name, i.name, x.seqno`,
      ),
    ),
  }
}

const columns = (source: Source, schema: string, type: 'table' | 'view', name?: string): Promise<ColumnRow[]> =>
  source.rows(
    `columns of ${type}s`,
    sql<ColumnRow>`select m.name as "table", p.name, p.type, p."notnull", p.dflt_value, p.pk, p.hidden
      from (select name from ${sql.id(schema, 'sqlite_schema')} where type = ${type}
        ${name === undefined ? sql`` : sql`and name = ${name}`}) as m
      join pragma_table_xinfo(m.name, ${schema}) as p order by m.name, p.cid`,
  )

/**
 * Reads the columns of views. SQLite checks only now that a view still matches its tables; one that does not match gets
 * no columns.
 */
async function readViewColumns(source: Source, schema: string): Promise<ColumnRow[]> {
  try {
    return await columns(source, schema, 'view')
  } catch (error) {
    if (!(error instanceof KantaError) || error.code !== 'query') throw error
  }
  const views = await source.rows(
    'views',
    sql<{ name: string }>`select name from ${sql.id(schema, 'sqlite_schema')} where type = 'view' order by name`,
  )
  const found: ColumnRow[] = []
  for (const { name } of views) {
    try {
      found.push(...(await columns(source, schema, 'view', name)))
    } catch (error) {
      if (!(error instanceof KantaError) || error.code !== 'query') throw error
    }
  }
  return found
}

const KINDS: Readonly<Record<string, CatalogTable['kind']>> = { table: 'table', virtual: 'virtual' }

function buildContents(
  schema: string,
  rows: Rows,
  request: ReadRequest,
): Pick<CatalogContents, 'tables' | 'views' | 'triggers'> {
  const schemaName = schema === 'main' ? null : schema
  const wanted = (entry: Entry): boolean => !entry.name.startsWith('sqlite_') && request.isWanted(entry.tbl_name)
  const kindOf = (entry: Entry): CatalogTable['kind'] | undefined => KINDS[rows.kinds.get(entry.name)?.type ?? 'table']
  const entries = rows.entries.filter(wanted)
  return {
    tables: entries
      .filter((entry) => entry.type === 'table' && kindOf(entry) !== undefined)
      .map((entry) => tableOf(entry, kindOf(entry)!, schemaName, rows)),
    views: entries
      .filter((entry) => entry.type === 'view')
      .map((entry) => ({
        schema: schemaName,
        name: entry.name,
        materialized: false,
        columns: (rows.readColumns.get(entry.name) ?? []).map((row) => columnOf(row, undefined, undefined)),
        definition: entry.sql ?? '',
        comment: null,
      })),
    triggers: entries.filter((entry) => entry.type === 'trigger').map((entry) => triggerOf(entry, schemaName)),
  }
}

function tableOf(entry: Entry, kind: CatalogTable['kind'], schema: string | null, rows: Rows): CatalogTable {
  const text = kind === 'table' ? readCreateTable(entry.sql ?? '') : undefined
  const list = rows.kinds.get(entry.name)
  const columns = rows.readColumns.get(entry.name) ?? []
  const indexes = [...groupBy(rows.indexes.get(entry.name) ?? [], (row) => row.index).values()]
  const key = columns.filter((row) => row.pk > 0).sort((a, b) => a.pk - b.pk)
  const primaryKey: CatalogKey | null =
    key.length === 0 ? null : { name: text?.primaryKey?.name ?? null, columns: key.map((row) => row.name) }
  // A virtual table has hidden columns that `select *` does not return.
  const shown = columns.filter((row) => row.hidden !== 1).map((row) => columnOf(row, text, list))
  return {
    schema,
    name: entry.name,
    kind,
    columns: shown,
    primaryKey,
    uniques: uniquesOf(indexes, text),
    foreignKeys: foreignKeysOf(rows.keys.get(entry.name) ?? [], text, rows),
    checks: text?.checks ?? [],
    indexes: indexes.filter(([first]) => first!.origin === 'c').map((parts) => indexOf(parts, rows.entries, shown)),
    comment: null,
    options: optionsOf(list),
  }
}

function optionsOf(list: ListRow | undefined): string[] {
  const options: string[] = []
  if (isTrue(list?.strict)) options.push('strict')
  if (isTrue(list?.wr)) options.push('without rowid')
  return options
}

const isSameName = (a: string, b: string | null): boolean => a.toLowerCase() === b?.toLowerCase()

function columnOf(row: ColumnRow, text: ParsedTable | undefined, list: ListRow | undefined): CatalogColumn {
  const parsed = text?.columns.find((column) => isSameName(column.name, row.name))
  const key = row.pk > 0 && text?.primaryKey?.columns.length === 1 && isSameName(row.type, 'integer')
  const isKey = row.pk > 0 && (key || isTrue(list?.strict) || isTrue(list?.wr))
  return {
    name: row.name,
    // The pragma returns the type in capitals; the statement has the original spelling.
    type: parsed !== undefined && isSameName(parsed.type, row.type) ? parsed.type : row.type,
    abstract: abstractTypeOf(row.type, 'sqlite'),
    nullable: !isTrue(row.notnull) && !isKey,
    default: parsed?.generated === undefined || parsed.generated === null ? (parsed?.default ?? row.dflt_value) : null,
    generated: parsed?.generated ?? null,
    identity: parsed?.identity ?? null,
    collation: parsed?.collation ?? null,
    comment: null,
    values: null,
  }
}

function uniquesOf(indexes: readonly IndexRow[][], text: ParsedTable | undefined): CatalogKey[] {
  return indexes
    .filter(([first]) => first!.origin === 'u')
    .map((parts) => {
      const columns = parts.filter((part) => isTrue(part.key)).map((part) => part.name ?? '')
      const parsed = text?.uniques.find(
        (unique) =>
          unique.columns.length === columns.length && unique.columns.every((name, i) => isSameName(name, columns[i]!)),
      )
      return { name: parsed?.name ?? null, columns }
    })
}

const actionOf = (text: string): CatalogForeignKey['onDelete'] => text.toLowerCase() as CatalogForeignKey['onDelete']

/** Returns the foreign keys in the order of the statement, which SQLite numbers from last to first. */
function foreignKeysOf(found: readonly KeyRow[], text: ParsedTable | undefined, rows: Rows): CatalogForeignKey[] {
  const keys = [...groupBy(found, (row) => String(row.id)).values()].reverse()
  return keys.map((parts, i) => {
    const [first] = parts
    const parsed = text?.foreignKeys.length === keys.length ? text.foreignKeys[i] : undefined
    const target = first!.target
    return {
      name: parsed?.name ?? null,
      columns: parts.map((part) => part.from),
      target: {
        schema: null,
        name: target,
        columns: parts.map((part, at) => part.to ?? primaryKeyOf(target, rows)[at] ?? ''),
      },
      onDelete: actionOf(first!.on_delete),
      onUpdate: actionOf(first!.on_update),
      deferrable: parsed?.deferrable ?? 'no',
    }
  })
}

/** Returns the primary key of a table: the target of a foreign key that names no columns. */
function primaryKeyOf(table: string, rows: Rows): string[] {
  for (const [name, columns] of rows.readColumns) {
    if (!isSameName(name, table)) continue
    return columns
      .filter((row) => row.pk > 0)
      .sort((a, b) => a.pk - b.pk)
      .map((row) => row.name)
  }
  return []
}

function indexOf(
  parts: readonly IndexRow[],
  entries: readonly Entry[],
  columns: readonly CatalogColumn[],
): CatalogIndex {
  const name = parts[0]!.index
  const definition = entries.find((entry) => entry.type === 'index' && entry.name === name)?.sql ?? null
  const text = readIndex(definition ?? '')
  return {
    name,
    parts: parts
      .filter((part) => isTrue(part.key))
      .map(
        (part, i): CatalogIndexPart => ({
          column: part.name,
          expression: part.name === null ? (text.parts[i] ?? null) : null,
          direction: isTrue(part.desc) ? 'desc' : 'asc',
          nulls: null,
          collation: collationOf(part, columns),
        }),
      ),
    unique: isTrue(parts[0]!.unique),
    method: null,
    include: [],
    where: text.where,
    definition,
  }
}

/** Returns the collation of a part of an index, if it differs from that of its column. */
function collationOf({ name, coll }: IndexRow, columns: readonly CatalogColumn[]): string | null {
  const own = columns.find((column) => isSameName(column.name, name))?.collation ?? 'BINARY'
  return coll === null || isSameName(own, coll) ? null : coll
}

/** Reads the parts and the condition of an index from its statement. */
function readIndex(text: string): { readonly parts: readonly string[]; readonly where: string | null } {
  const c = Cursor.of(text, 'sqlite')
  while (c.current !== undefined && !c.accept('on')) c.position++
  while (c.current !== undefined && !c.isNext('(')) c.position++
  const parts = splitAtCommas(c.readParentheses() ?? []).map((part) => {
    const last = part.at(-1)
    const ordered = last?.kind === 'word' && (last.value === 'asc' || last.value === 'desc')
    return withoutParentheses(c.textOf(ordered ? part.slice(0, -1) : part), 'sqlite')
  })
  return { parts, where: c.accept('where') ? c.textOf(c.tokens.slice(c.position)) : null }
}

const EVENTS: readonly CatalogTrigger['events'][number][] = ['insert', 'update', 'delete']

function triggerOf(entry: Entry, schema: string | null): CatalogTrigger {
  const c = Cursor.of(entry.sql ?? '', 'sqlite')
  let timing: CatalogTrigger['timing'] = 'before'
  while (c.current !== undefined && !EVENTS.some((event) => c.isNext(event))) {
    if (c.isNext('after')) timing = 'after'
    else if (c.isNext('instead', 'of')) timing = 'instead of'
    c.position++
  }
  return {
    schema,
    name: entry.name,
    table: entry.tbl_name,
    timing,
    events: EVENTS.filter((event) => c.isNext(event)),
    definition: entry.sql ?? '',
  }
}
