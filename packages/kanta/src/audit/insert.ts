import { KantaError } from '../error/index.ts'
import { InsertResult, type Node, type NodeOf } from '../extend/index.ts'
import { type DatabaseHandle, dialectOf } from '../extend/internal/index.ts'
import { sql } from '../sql/index.ts'
import type { Capture } from './capture.ts'
import { conflictingRows } from './conflict.ts'
import type { StoredRow, StoredValue } from './image.ts'
import { looseKey, mapByKey, star } from './rows.ts'

type Insert = NodeOf<'insert'>

/** An insert: images of the rows in its way under lock, the statement with the keys of its rows, images after. */
export async function captureInsert(tree: Insert, capture: Capture): Promise<unknown[]> {
  const { table } = capture
  const meets = conflictingRows(tree, capture)
  const before = mapByKey(meets === undefined ? [] : await capture.derive('conflicts', meets), table)
  const { written, result, met } =
    tree.returning.length > 0 ? await insertReturning(tree, capture) : await insertSilently(tree, capture)
  refuseUnknownConflicts(met, before, capture)
  const after = mapByKey(written, table)
  const others = [...before].filter(([key]) => !after.has(key)).map(([, row]) => row)
  const left = others.length === 0 ? after : new Map([...(await capture.currentRows(others)), ...after])
  const changes = [...after].map(([key, row]) => ({ before: before.get(key), after: row }))
  const moved = others.map((row) => ({ before: row, after: left.get(looseKey(row, table.key)) }))
  await capture.record([...moved, ...changes], isReplacing(tree) ? 'replace' : undefined)
  return result
}

/** Whether new rows take the place of those in their way. */
export const isReplacing = (tree: Insert): boolean => tree.verb === 'replace' || /replace/i.test(tree.or ?? '')

interface InsertOutcome {
  readonly written: readonly StoredRow[]
  readonly result: unknown[]
  /** The keys of the rows that it met, where the database tells. */
  readonly met: readonly StoredRow[]
}

const MARKER = 'kantamet'

/** PostgreSQL says of a row of an upsert whether it was there: one that is new was never locked or changed. */
function conflictMarker(tree: Insert, { isPostgres }: Capture): readonly Node[] {
  if (!isPostgres || tree.conflict?.kind !== 'conflict' || tree.conflict.action !== 'update') return []
  const operand: Node = {
    kind: 'cast',
    operand: { kind: 'identifier', names: ['xmax'] },
    type: { kind: 'word', text: 'text' },
  }
  return [{ kind: 'alias', operand, name: MARKER, columns: undefined }]
}

function withoutMarker(row: StoredRow): StoredRow {
  const { [MARKER]: _, ...own } = row
  return own
}

const hasConflicted = (row: StoredRow): boolean => row[MARKER] !== undefined && row[MARKER] !== '0'

/** A row that came in between has no image; the whole statement is undone, and can be run again. */
function refuseUnknownConflicts(
  met: readonly StoredRow[],
  before: ReadonlyMap<string, StoredRow>,
  { table }: Capture,
): void {
  if (met.every((row) => before.has(looseKey(row, table.key)))) return
  throw new KantaError(
    'serialization_failure',
    `Another transaction put a row of '${table.name}' in the way of this upsert after the images were taken. Run it again.`,
  )
}

/** An insert that gives its user no rows gives them here. */
async function insertSilently(tree: Insert, capture: Capture): Promise<InsertOutcome> {
  const own = conflictMarker(tree, capture)
  const found = await capture.derive('insert', { ...tree, returning: [star(undefined), ...own] })
  const rows = own.length === 0 ? found : found.map(withoutMarker)
  const insertId = rows.length === 0 ? undefined : await insertIdOf(tree, rows, capture)
  const result = [new InsertResult(insertId, BigInt(rows.length))]
  // What it returns of a row is neither what triggers of SQLite make of it later, nor that a later row takes its place.
  const isWhole = dialectOf(capture.db).name !== 'sqlite' && !isReplacing(tree)
  return {
    written: isWhole ? rows : [...(await capture.currentRows(rows)).values()],
    result,
    met: found.filter(hasConflicted),
  }
}

/** The number that the database gave to a row, as the insert would have told. */
async function insertIdOf(
  tree: Insert,
  rows: readonly StoredRow[],
  { db, table }: Capture,
): Promise<bigint | undefined> {
  const { name } = dialectOf(db)
  if (name === 'postgres' || (tree.conflict?.kind === 'conflict' && tree.conflict.action === 'update')) return undefined
  if (name === 'sqlite') return ask(db, 'last_insert_rowid')
  const [key] = table.key
  const numbered = table.definition?.columns.get(key!)?.generated
  if (table.key.length > 1 || (table.definition !== undefined && numbered === undefined)) return undefined
  const last = await ask(db, 'last_insert_id')
  if (rows.some((row) => String(row[key!]) === String(last))) return last
  const given = rows.at(-1)![key!]
  return numbered !== undefined && /^\d+$/.test(String(given)) ? BigInt(given as bigint) : undefined
}

async function ask(db: DatabaseHandle, name: 'last_insert_rowid' | 'last_insert_id'): Promise<bigint> {
  // As text: it may be more than a number holds.
  const text =
    name === 'last_insert_id'
      ? sql`select cast(last_insert_id() as char) as id`
      : sql`select cast(last_insert_rowid() as text) as id`
  const { rows } = (await text.execute(db)) as { rows: readonly [{ id: string }] }
  return BigInt(rows[0].id)
}

/** An insert that returns rows returns their keys as well, which its user does not see. */
async function insertReturning(tree: Insert, capture: Capture): Promise<InsertOutcome> {
  const { table } = capture
  const keys = table.key.map((name, i): [string, string] => [name, `kantakey${i}`])
  const items = keys.map(([column, name]): Node => {
    const operand: Node = { kind: 'ref', schema: undefined, table: undefined, column }
    return { kind: 'alias', operand, name, columns: undefined }
  })
  const returning = [...tree.returning, ...items, ...conflictMarker(tree, capture)]
  const rows = await capture.derive('insert', { ...tree, returning }, 'as asked')
  const found = rows.map((row) =>
    Object.fromEntries(keys.map(([column, name]) => [column, storedKey(row[name], column, capture)])),
  )
  const result = rows.map((row) => {
    const own: Record<string, unknown> = { ...row }
    for (const [, name] of keys) delete own[name]
    delete own[MARKER]
    return own
  })
  return {
    written: [...(await capture.currentRows(found)).values()],
    result,
    met: found.filter((_, i) => hasConflicted(rows[i]!)),
  }
}

function storedKey(value: unknown, column: string, { table }: Capture): StoredValue {
  const codec = table.definition?.columns.get(column)?.codec
  if (value === undefined)
    throw new KantaError('plugin', `The key '${column}' of '${table.name}' was not returned by the insert.`)
  return (codec === undefined || value === null ? value : codec.encode(value)) as StoredValue
}
