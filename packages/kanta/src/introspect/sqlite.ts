import { KantaError } from '../error/index.ts'
import type { RawBuilder, Sql } from '../face/index.ts'
import { sql as template } from '../sql/index.ts'
import { abstractOf } from './abstract.ts'
import type {
  CatalogColumn,
  CatalogForeignKey,
  CatalogIndex,
  CatalogIndexPart,
  CatalogKey,
  CatalogTable,
  CatalogTrigger,
  Found,
} from './catalog.ts'
import { type Read, readCreateTable } from './create-table.ts'
import { type Asked, groups, type Reader, type Source, yes } from './source.ts'
import { Cursor, split } from './token.ts'

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
  readonly columns: Map<string, ColumnRow[]>
  readonly keys: Map<string, KeyRow[]>
  readonly indexes: Map<string, IndexRow[]>
  readonly kinds: Map<string, ListRow>
}

/** SQLite: pragmas, and the texts that it keeps for what no pragma tells. */
export const sqliteReader: Reader = {
  dialect: 'sqlite',
  queries: 6,
  async read(source, asked) {
    const found: Found = { schemas: [], tables: [], views: [], enums: [], domains: [], sequences: [], triggers: [] }
    const schemas = asked.schemas ?? ['main']
    let all = { ...found, schemas }
    for (const schema of schemas) all = joined(all, assemble(schema, await read(source, schema), asked))
    return all
  },
}

const joined = (a: Found, b: Pick<Found, 'tables' | 'views' | 'triggers'>): Found => ({
  ...a,
  tables: [...a.tables, ...b.tables],
  views: [...a.views, ...b.views],
  triggers: [...a.triggers, ...b.triggers],
})

const byTable = <R extends { readonly table: string }>(rows: readonly R[]): Map<string, R[]> =>
  groups(rows, (row) => row.table)

async function read(source: Source, schema: string): Promise<Rows> {
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
    columns: byTable([...(await columns(source, schema, 'table')), ...(await viewColumns(source, schema))]),
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

/** SQLite finds out only now whether a view still fits its tables; one that does not has no columns. */
async function viewColumns(source: Source, schema: string): Promise<ColumnRow[]> {
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

function assemble(schema: string, rows: Rows, asked: Asked): Pick<Found, 'tables' | 'views' | 'triggers'> {
  const named = schema === 'main' ? null : schema
  const wanted = (entry: Entry): boolean => !entry.name.startsWith('sqlite_') && asked.takes(entry.tbl_name)
  const kindOf = (entry: Entry): CatalogTable['kind'] | undefined => KINDS[rows.kinds.get(entry.name)?.type ?? 'table']
  const entries = rows.entries.filter(wanted)
  return {
    tables: entries
      .filter((entry) => entry.type === 'table' && kindOf(entry) !== undefined)
      .map((entry) => tableOf(entry, kindOf(entry)!, named, rows)),
    views: entries
      .filter((entry) => entry.type === 'view')
      .map((entry) => ({
        schema: named,
        name: entry.name,
        materialized: false,
        columns: (rows.columns.get(entry.name) ?? []).map((row) => columnOf(row, undefined, undefined)),
        definition: entry.sql ?? '',
        comment: null,
      })),
    triggers: entries.filter((entry) => entry.type === 'trigger').map((entry) => triggerOf(entry, named)),
  }
}

function tableOf(entry: Entry, kind: CatalogTable['kind'], schema: string | null, rows: Rows): CatalogTable {
  const text = kind === 'table' ? readCreateTable(entry.sql ?? '') : undefined
  const list = rows.kinds.get(entry.name)
  const columns = rows.columns.get(entry.name) ?? []
  const indexes = [...groups(rows.indexes.get(entry.name) ?? [], (row) => row.index).values()]
  const key = columns.filter((row) => row.pk > 0).sort((a, b) => a.pk - b.pk)
  const primaryKey: CatalogKey | null =
    key.length === 0 ? null : { name: text?.primaryKey?.name ?? null, columns: key.map((row) => row.name) }
  return {
    schema,
    name: entry.name,
    kind,
    // A virtual table keeps columns of its own that `select *` does not show.
    columns: columns.filter((row) => row.hidden !== 1).map((row) => columnOf(row, text, list)),
    primaryKey,
    uniques: uniquesOf(indexes, text),
    foreignKeys: foreignKeysOf(rows.keys.get(entry.name) ?? [], text, rows),
    checks: text?.checks ?? [],
    indexes: indexes.filter(([first]) => first!.origin === 'c').map((parts) => indexOf(parts, rows.entries)),
    comment: null,
    options: optionsOf(list),
  }
}

function optionsOf(list: ListRow | undefined): string[] {
  const options: string[] = []
  if (yes(list?.strict)) options.push('strict')
  if (yes(list?.wr)) options.push('without rowid')
  return options
}

const same = (a: string, b: string | null): boolean => a.toLowerCase() === b?.toLowerCase()

function columnOf(row: ColumnRow, text: Read | undefined, list: ListRow | undefined): CatalogColumn {
  const said = text?.columns.find((column) => same(column.name, row.name))
  const key = row.pk > 0 && text?.primaryKey?.columns.length === 1 && same(row.type, 'integer')
  const keyed = row.pk > 0 && (key || yes(list?.strict) || yes(list?.wr))
  return {
    name: row.name,
    // The pragma says a type in capitals that a text gives in others.
    type: said !== undefined && same(said.type, row.type) ? said.type : row.type,
    abstract: abstractOf(row.type, 'sqlite'),
    nullable: !yes(row.notnull) && !keyed,
    default: said?.generated === undefined || said.generated === null ? (said?.default ?? row.dflt_value) : null,
    generated: said?.generated ?? null,
    identity: said?.identity ?? null,
    collation: said?.collation ?? null,
    comment: null,
    values: null,
  }
}

function uniquesOf(indexes: readonly IndexRow[][], text: Read | undefined): CatalogKey[] {
  return indexes
    .filter(([first]) => first!.origin === 'u')
    .map((parts) => {
      const columns = parts.filter((part) => yes(part.key)).map((part) => part.name ?? '')
      const said = text?.uniques.find(
        (unique) =>
          unique.columns.length === columns.length && unique.columns.every((name, i) => same(name, columns[i]!)),
      )
      return { name: said?.name ?? null, columns }
    })
}

const action = (text: string): CatalogForeignKey['onDelete'] => text.toLowerCase() as CatalogForeignKey['onDelete']

/** SQLite numbers foreign keys from the last to the first of the text. */
function foreignKeysOf(found: readonly KeyRow[], text: Read | undefined, rows: Rows): CatalogForeignKey[] {
  const keys = [...groups(found, (row) => String(row.id)).values()].reverse()
  return keys.map((parts, i) => {
    const [first] = parts
    const said = text?.foreignKeys.length === keys.length ? text.foreignKeys[i] : undefined
    const target = first!.target
    return {
      name: said?.name ?? null,
      columns: parts.map((part) => part.from),
      target: {
        schema: null,
        name: target,
        columns: parts.map((part, at) => part.to ?? primaryKeyOf(target, rows)[at] ?? ''),
      },
      onDelete: action(first!.on_delete),
      onUpdate: action(first!.on_update),
      deferrable: said?.deferrable ?? 'no',
    }
  })
}

/** What a foreign key points to that names no columns. */
function primaryKeyOf(table: string, rows: Rows): string[] {
  for (const [name, columns] of rows.columns) {
    if (!same(name, table)) continue
    return columns
      .filter((row) => row.pk > 0)
      .sort((a, b) => a.pk - b.pk)
      .map((row) => row.name)
  }
  return []
}

function indexOf(parts: readonly IndexRow[], entries: readonly Entry[]): CatalogIndex {
  const name = parts[0]!.index
  const definition = entries.find((entry) => entry.type === 'index' && entry.name === name)?.sql ?? null
  const text = readIndex(definition ?? '')
  return {
    name,
    parts: parts
      .filter((part) => yes(part.key))
      .map(
        (part, i): CatalogIndexPart => ({
          column: part.name,
          expression: part.name === null ? (text.parts[i] ?? null) : null,
          direction: yes(part.desc) ? 'desc' : 'asc',
          nulls: null,
          collation: part.coll === null || part.coll.toUpperCase() === 'BINARY' ? null : part.coll,
        }),
      ),
    unique: yes(parts[0]!.unique),
    method: null,
    include: [],
    where: text.where,
    definition,
  }
}

/** The parts of an index as they stand in its text, and the condition of its rows. */
function readIndex(text: string): { readonly parts: readonly string[]; readonly where: string | null } {
  const c = Cursor.over(text, 'sqlite')
  while (c.now !== undefined && !c.takes('on')) c.at++
  while (c.now !== undefined && !c.sees('(')) c.at++
  const parts = split(c.inside() ?? []).map((part) => {
    const last = part.at(-1)
    const ordered = last?.kind === 'word' && (last.value === 'asc' || last.value === 'desc')
    return c.text(ordered ? part.slice(0, -1) : part)
  })
  return { parts, where: c.takes('where') ? c.text(c.all.slice(c.at)) : null }
}

const EVENTS: readonly CatalogTrigger['events'][number][] = ['insert', 'update', 'delete']

function triggerOf(entry: Entry, schema: string | null): CatalogTrigger {
  const c = Cursor.over(entry.sql ?? '', 'sqlite')
  let timing: CatalogTrigger['timing'] = 'before'
  while (c.now !== undefined && !EVENTS.some((event) => c.sees(event))) {
    if (c.sees('after')) timing = 'after'
    else if (c.sees('instead', 'of')) timing = 'instead of'
    c.at++
  }
  return {
    schema,
    name: entry.name,
    table: entry.tbl_name,
    timing,
    events: EVENTS.filter((event) => c.sees(event)),
    definition: entry.sql ?? '',
  }
}
