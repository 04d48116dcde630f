import { KantaError } from '../error/index.ts'
import { InsertResult, type Node, type NodeOf } from '../extend/index.ts'
import type { DatabaseHandle } from '../extend/internal/index.ts'
import type { Capture } from './capture.ts'
import { conflictingRows } from './conflict.ts'
import type { LastInsertId } from './facet.ts'
import type { StoredRow, StoredValue } from './image.ts'
import { looseKey, mapByKey, star } from './rows.ts'

type Insert = NodeOf<'insert'>

/**
 * Captures an insert: reads and locks conflicting rows, runs the statement so that it returns keys, and reads the new
 * rows.
 */
export async function captureInsert(tree: Insert, capture: Capture): Promise<unknown[]> {
  const { table } = capture
  const meets = conflictingRows(tree, capture)
  const before = mapByKey(meets === undefined ? [] : await capture.derive('conflicts', () => meets), table)
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

/** Returns true if new rows replace conflicting ones. */
export const isReplacing = (tree: Insert): boolean => tree.verb === 'replace' || /replace/i.test(tree.or ?? '')

interface InsertOutcome {
  readonly written: readonly StoredRow[]
  readonly result: unknown[]
  /** The keys of the conflicting rows, if the database reports them. */
  readonly met: readonly StoredRow[]
}

const MARKER = 'kantamet'

/** Returns an item that marks the rows of an upsert that existed before, if the database can tell. */
function conflictMarker(tree: Insert, { facet }: Capture): readonly Node[] {
  if (facet.conflictColumn === undefined || tree.conflict?.kind !== 'conflict' || tree.conflict.action !== 'update')
    return []
  const operand: Node = {
    kind: 'cast',
    operand: { kind: 'identifier', names: [facet.conflictColumn] },
    type: { kind: 'word', text: 'text' },
  }
  return [{ kind: 'alias', operand, name: MARKER, columns: undefined }]
}

function withoutMarker(row: StoredRow): StoredRow {
  const { [MARKER]: _, ...own } = row
  return own
}

const hasConflicted = (row: StoredRow): boolean => row[MARKER] !== undefined && row[MARKER] !== '0'

/**
 * Refuses a conflict with a row without an image, which another transaction added meanwhile. Running the statement
 * again works.
 */
function refuseUnknownConflicts(
  met: readonly StoredRow[],
  before: ReadonlyMap<string, StoredRow>,
  { table }: Capture,
): void {
  if (met.every((row) => before.has(looseKey(row, table.key)))) return
  throw new KantaError(
    'serialization_failure',
    `Another transaction inserted a row of '${table.name}' that conflicts with this upsert after its images were read. Run it again.`,
  )
}

/** Runs an insert without `returning` as one that returns its rows. */
async function insertSilently(tree: Insert, capture: Capture): Promise<InsertOutcome> {
  const own = conflictMarker(tree, capture)
  const found = await capture.derive('insert', () => ({ ...tree, returning: [star(undefined), ...own] }))
  const rows = own.length === 0 ? found : found.map(withoutMarker)
  const insertId = rows.length === 0 ? undefined : await insertIdOf(tree, rows, capture)
  const result = [new InsertResult(insertId, BigInt(rows.length))]
  // Returned rows do not show that a later row replaces one.
  const isWhole = capture.facet.returnsFinalRows && !isReplacing(tree)
  return {
    written: isWhole ? rows : [...(await capture.currentRows(rows)).values()],
    result,
    met: found.filter(hasConflicted),
  }
}

/** Returns the generated key that the plain insert would report. */
async function insertIdOf(
  tree: Insert,
  rows: readonly StoredRow[],
  { db, table, facet: { lastInsertId } }: Capture,
): Promise<bigint | undefined> {
  const isUpsert = tree.conflict?.kind === 'conflict' && tree.conflict.action === 'update'
  if (lastInsertId === undefined || isUpsert) return undefined
  if (lastInsertId.isOfEveryInsert) return readId(db, lastInsertId.query)
  const [key] = table.key
  const numbered = table.definition?.columns.get(key!)?.generated
  if (table.key.length > 1 || (table.definition !== undefined && numbered === undefined)) return undefined
  const last = await readId(db, lastInsertId.query)
  if (rows.some((row) => String(row[key!]) === String(last))) return last
  const given = rows.at(-1)![key!]
  return numbered !== undefined && /^\d+$/.test(String(given)) ? BigInt(given as bigint) : undefined
}

async function readId(db: DatabaseHandle, query: LastInsertId['query']): Promise<bigint> {
  const { rows } = (await query.execute(db)) as { rows: readonly [{ id: string }] }
  return BigInt(rows[0].id)
}

/** Runs an insert with `returning`, adding the keys of the rows, which it then removes from the result. */
async function insertReturning(tree: Insert, capture: Capture): Promise<InsertOutcome> {
  const { table } = capture
  const keys = table.key.map((name, i): [string, string] => [name, `kantakey${i}`])
  const items = keys.map(([column, name]): Node => {
    const operand: Node = { kind: 'ref', schema: undefined, table: undefined, column }
    return { kind: 'alias', operand, name, columns: undefined }
  })
  const returning = [...tree.returning, ...items, ...conflictMarker(tree, capture)]
  const rows = await capture.derive('insert', () => ({ ...tree, returning }), 'as asked')
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
    throw new KantaError(
      'plugin',
      `The insert did not return the key '${column}' of '${table.name}'. Check the keys of the schema or of audit({ keys }).`,
    )
  return (codec === undefined || value === null ? value : codec.encode(value)) as StoredValue
}
