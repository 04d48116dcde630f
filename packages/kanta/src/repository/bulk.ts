import { checkOptions, refuse } from '../error/index.ts'
import { show } from '../sql/index.ts'
import { isPlain } from './key.ts'
import type { Values } from './rows.ts'

/** The rows and the counts of `bulkWrite()`. */
export interface BulkCounts {
  readonly created: Values[]
  readonly upserted: Values[]
  updatedCount: number
  deletedCount: number
}

interface Operation {
  readonly create?: unknown
  readonly update?: { readonly key: unknown; readonly data: unknown }
  readonly updateMany?: { readonly filter: unknown; readonly data: unknown }
  readonly upsert?: { readonly data: unknown; readonly on?: readonly string[] }
  readonly delete?: unknown
  readonly deleteMany?: unknown
}

const OPERATIONS: Readonly<Record<string, readonly string[] | undefined>> = {
  create: undefined,
  update: ['key', 'data'],
  updateMany: ['filter', 'data'],
  upsert: ['data', 'on'],
  delete: undefined,
  deleteMany: undefined,
}

/** The operations of a repository of which `bulkWrite()` is made. */
interface Writer {
  create(data: unknown): Promise<Values>
  update(key: unknown, data: unknown): Promise<Values | null>
  updateMany(filter: unknown, data: unknown): Promise<number>
  upsert(data: unknown, options: { readonly on?: readonly string[] | undefined }): Promise<Values>
  delete(key: unknown): Promise<Values | null>
  deleteMany(filter: unknown): Promise<number>
}

/**
 * Checks operations before any of them is done.
 *
 * @throws KantaError `invalid_input` for what is none.
 */
export function checkOperations(operations: unknown): readonly unknown[] {
  if (!Array.isArray(operations)) return refuse(`bulkWrite(${show(operations)}) takes a list of operations.`)
  for (const [i, operation] of operations.entries()) checkOperation(operation, i)
  return operations
}

function checkOperation(operation: unknown, i: number): void {
  const [name, ...others] = isPlain(operation) ? Object.keys(operation) : []
  if (name === undefined || others.length > 0 || !Object.hasOwn(OPERATIONS, name))
    return refuse(`Operation ${i} of bulkWrite() has to be one of ${Object.keys(OPERATIONS).join(', ')}.`)
  const members = OPERATIONS[name]
  if (members !== undefined) checkOptions(`Operation ${i} of bulkWrite()`, (operation as Values)[name], members)
}

/** Does operations one after the other. */
export async function writeAll(operations: readonly unknown[], writer: Writer): Promise<BulkCounts> {
  const result: BulkCounts = { created: [], upserted: [], updatedCount: 0, deletedCount: 0 }
  for (const operation of operations) await writeOne(operation as Operation, writer, result)
  return result
}

async function writeOne(operation: Operation, writer: Writer, result: BulkCounts): Promise<void> {
  const { create, update, updateMany, upsert, deleteMany } = operation
  if (create !== undefined) result.created.push(await writer.create(create))
  else if (upsert !== undefined) result.upserted.push(await writer.upsert(upsert.data, { on: upsert.on }))
  else if (update !== undefined) {
    if ((await writer.update(update.key, update.data)) !== null) result.updatedCount++
  } else if (updateMany !== undefined)
    result.updatedCount += await writer.updateMany(updateMany.filter, updateMany.data)
  else if (deleteMany !== undefined) result.deletedCount += await writer.deleteMany(deleteMany)
  else if ((await writer.delete(operation.delete)) !== null) result.deletedCount++
}
