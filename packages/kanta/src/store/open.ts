import { KantaError, refuse } from '../error/index.ts'
import type { DatabaseHandle } from '../extend/internal/index.ts'
import type { StoreQuery } from './queries.ts'
import type { ModeName } from './row.ts'
import {
  creationOf,
  defineTables,
  type RecordStorage,
  type SettledNames,
  type StoreOptions,
  type StoreTables,
  storeFacetOf,
} from './tables.ts'

/** The version of the stored form. A store opens those of the same major version. */
interface Format {
  readonly major: number
  readonly minor: number
}

/** Form 1.1 has parts of large records in a table of their own; 1.0 is that of kyneta 2.x. */
const FORMAT = { major: 1, minor: 0 } as const
const FORMAT_WITH_PARTS = { major: 1, minor: 1 } as const
const FORMAT_KEY = 'format'

/** The tables and the format that opening has found or made. */
export interface OpenedStore {
  readonly tables: StoreTables
  readonly mode: ModeName
  readonly hasParts: boolean
}

/** A step of opening: a read, the definition of a table, or writes that take effect together. */
export type OpenStep =
  | { readonly kind: 'read'; readonly query: StoreQuery }
  | { readonly kind: 'define'; readonly sql: string }
  | { readonly kind: 'write'; readonly queries: readonly StoreQuery[] }

type Rows = readonly Record<string, unknown>[]
type Steps<T> = Generator<OpenStep, T, Rows>

/**
 * Opens the tables of a store: finds or creates them, and refuses those of another form. It gives its steps to whoever
 * runs them, since an adapter runs them at once and a database later.
 *
 * @throws KantaError `unsupported` for a newer form, `invalid_input` for tables that are no store's.
 */
export function* openStore(db: DatabaseHandle, options: StoreOptions): Steps<OpenedStore> {
  const { existing, names } = yield* settleNames(db, options)
  const tables = defineTables(storeFacetOf(db), names)
  const sample = existing.has(names.meta) ? (yield* sampleOf(db, tables, names))[0] : undefined
  const stored = existing.has(names.storeMeta) ? yield* readFormat(db, tables) : undefined
  const isOld = sample !== undefined && 'syncProtocol' in (parseObject(String(sample.data)) ?? {})
  if (sample !== undefined && stored === undefined && !isOld) {
    throw new KantaError(
      'invalid_input',
      `The table '${names.meta}' holds documents but no version of their form, so it may be another program's. Name other tables in the option tables.`,
    )
  }
  const hasParts = options.partBytes !== undefined || existing.has(names.parts)
  const keepsForm = isOld && options.upgrade !== true
  const missing = [
    [names.meta, tables.meta, 'without rowid'],
    [names.records, tables.records, options.records ?? 'without rowid'],
    ...(keepsForm ? [] : [[names.storeMeta, tables.storeMeta, 'without rowid'] as const]),
    ...(hasParts ? [[names.parts, tables.parts, 'rowid'] as const] : []),
  ] as const
  for (const [name, table, storage] of missing)
    if (!existing.has(name)) yield { kind: 'define', sql: creationOf(db, table, storage as RecordStorage) }
  if (!keepsForm) yield* stampFormat(db, tables, isOld, hasParts)
  return { tables, mode: keepsForm ? 'syncProtocol' : 'syncMode', hasParts }
}

/** Settles the names of the tables. Without names, those of kyneta 2.x are used where they exist. */
function* settleNames(
  db: DatabaseHandle,
  { tables = {} }: StoreOptions,
): Steps<{ readonly existing: ReadonlySet<string>; readonly names: SettledNames }> {
  const {
    meta,
    docMeta,
    records = 'kyneta_records',
    storeMeta = 'kyneta_store_meta',
  } = tables as {
    [K in 'meta' | 'docMeta' | 'records' | 'storeMeta']?: string
  }
  const given = meta ?? docMeta
  const candidates = given === undefined ? ['kyneta_doc_meta', 'kyneta_meta'] : [given]
  const parts = `${records}_parts`
  const query = storeFacetOf(db).existing(db, [...candidates, records, storeMeta, parts])
  const existing = new Set((yield { kind: 'read', query }).map(({ name }) => String(name)))
  const found = candidates.filter((name) => existing.has(name))
  const names = (name: string): SettledNames => ({ meta: name, records, storeMeta, parts })
  if (found.length < 2) return { existing, names: names(found[0] ?? candidates.at(-1)!) }
  const used: string[] = []
  for (const name of found) {
    const rows = yield* sampleOf(db, defineTables(storeFacetOf(db), names(name)), names(name))
    if (rows.length > 0) used.push(name)
  }
  if (used.length < 2) return { existing, names: names(used[0] ?? found[0]!) }
  return refuse(
    "The database holds documents of kyneta 1.x in 'kyneta_meta' and of 2.x in 'kyneta_doc_meta', whose records share a table. Name one in the option tables: { meta: 'kyneta_meta' } or { docMeta: 'kyneta_doc_meta' }.",
  )
}

/** Reads the metadata of one document, and refuses a table with other columns. */
function* sampleOf(db: DatabaseHandle, { meta }: StoreTables, names: SettledNames): Steps<Rows> {
  const columns = storeFacetOf(db).counts ? ['doc_id', 'data', 'next_seq'] : ['doc_id', 'data']
  const query = db
    .selectFrom(meta)
    .select(columns.map((column) => `${names.meta}.${column}`))
    .limit(1)
  try {
    return yield { kind: 'read', query }
  } catch (cause) {
    if (!(cause instanceof Error) || !/column/i.test(cause.message)) throw cause
    throw new KantaError(
      'invalid_input',
      `The table '${names.meta}' is no store's: it needs the columns ${columns.join(', ')}. Name other tables in the option tables.`,
      { cause },
    )
  }
}

function* readFormat(db: DatabaseHandle, { storeMeta }: StoreTables): Steps<Format | undefined> {
  const query = db.selectFrom(storeMeta).select('value').where('key', '=', FORMAT_KEY)
  const [row] = yield { kind: 'read', query }
  if (row === undefined) return undefined
  const { major, minor } = parseObject(String(row.value)) ?? {}
  if (!Number.isSafeInteger(major) || !Number.isSafeInteger(minor))
    throw new KantaError(
      'invalid_input',
      `The store's version is '${String(row.value)}', which cannot be read. Restore it from a backup: {"major":1,"minor":0}.`,
    )
  if (major !== FORMAT.major)
    throw new KantaError(
      'unsupported',
      `The store has the form ${major}.${minor}, and this version of Kanta reads ${FORMAT.major}.x. Update Kanta, or name other tables.`,
    )
  return { major: major as number, minor: minor as number }
}

/** Writes the version of the form, unless another process was first. */
function* stampFormat(db: DatabaseHandle, tables: StoreTables, isOld: boolean, hasParts: boolean): Steps<void> {
  const format = yield* readFormat(db, tables)
  const wanted = hasParts ? FORMAT_WITH_PARTS : FORMAT
  const value = JSON.stringify(wanted)
  const insert = storeFacetOf(db).ifAbsent(db.insertInto(tables.storeMeta).values({ key: FORMAT_KEY, value }), 'key')
  const raise = db.updateTable(tables.storeMeta).set({ value }).where('key', '=', FORMAT_KEY)
  const stamp = format === undefined ? [insert] : format.minor < wanted.minor ? [raise] : []
  const queries = isOld ? [...renameModes(db, tables), ...stamp] : stamp
  if (queries.length === 0) return
  yield { kind: 'write', queries }
  yield* readFormat(db, tables)
}

/** Renames the sync mode in the metadata of kyneta 1.x. In compact JSON only a key has this text. */
function renameModes(db: DatabaseHandle, { meta, records }: StoreTables): StoreQuery[] {
  const renamed = (column: string) => (eb: RenameBuilder) =>
    eb.fn('replace', [column, eb.lit('"syncProtocol":'), eb.lit('"syncMode":')])
  return [
    db.updateTable(meta).set({ data: renamed('data') }),
    db
      .updateTable(records)
      .set({ payload: renamed('payload') })
      .where('kind', '=', 'meta'),
  ]
}

interface RenameBuilder {
  fn(name: string, args: readonly unknown[]): unknown
  lit(value: string): unknown
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** Runs the steps of opening on a database. */
export async function runOpening<T>(steps: Steps<T>, run: (step: OpenStep) => Promise<Rows>): Promise<T> {
  let next = steps.next([])
  while (next.done !== true) {
    let rows: Rows
    try {
      rows = await run(next.value)
    } catch (error) {
      next = steps.throw(error)
      continue
    }
    next = steps.next(rows)
  }
  return next.value
}

/** Runs the steps of opening at once. */
export function runOpeningSync<T>(steps: Steps<T>, run: (step: OpenStep) => Rows): T {
  let next = steps.next([])
  while (next.done !== true) {
    let rows: Rows
    try {
      rows = run(next.value)
    } catch (error) {
      next = steps.throw(error)
      continue
    }
    next = steps.next(rows)
  }
  return next.value
}
