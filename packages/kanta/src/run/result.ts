import type { RunResult } from '../driver/index.ts'
import type { NodeOf } from '../ir/index.ts'
import type { Plan } from '../plan/index.ts'

/** The result of an insert. */
export class InsertResult {
  readonly insertId: bigint | undefined
  readonly numInsertedOrUpdatedRows: bigint | undefined

  constructor(insertId: bigint | undefined, numInsertedOrUpdatedRows: bigint | undefined) {
    this.insertId = insertId
    this.numInsertedOrUpdatedRows = numInsertedOrUpdatedRows
  }
}

/** The result of an update. */
export class UpdateResult {
  readonly numUpdatedRows: bigint
  readonly numChangedRows: bigint | undefined

  constructor(numUpdatedRows: bigint, numChangedRows?: bigint) {
    this.numUpdatedRows = numUpdatedRows
    this.numChangedRows = numChangedRows
  }
}

/** The result of a delete. */
export class DeleteResult {
  readonly numDeletedRows: bigint

  constructor(numDeletedRows: bigint) {
    this.numDeletedRows = numDeletedRows
  }
}

/** The result of a merge. */
export class MergeResult {
  readonly numChangedRows: bigint

  constructor(numChangedRows: bigint) {
    this.numChangedRows = numChangedRows
  }
}

/**
 * Returns the result object of a statement without rows. Its class follows the kind that the user wrote, even if
 * policies turned the statement into another kind.
 */
export function toResult({ requestedKind, tree }: Plan, { changes, insertId }: RunResult): unknown[] {
  const count = BigInt(changes)
  switch (requestedKind) {
    case 'insert':
      return [
        new InsertResult(
          insertId === undefined || mayUpdate(tree as NodeOf<'insert'>) ? undefined : BigInt(insertId),
          count,
        ),
      ]
    case 'update':
      return [new UpdateResult(count)]
    case 'delete':
      return [new DeleteResult(count)]
    case 'merge':
      return [new MergeResult(count)]
    default:
      return []
  }
}

/** Counts the rows that a statement returned or changed, by its result. */
export function countRows(result: unknown): number | undefined {
  if (!Array.isArray(result)) return undefined
  const [first] = result
  if (first instanceof InsertResult) return Number(first.numInsertedOrUpdatedRows)
  if (first instanceof UpdateResult) return Number(first.numUpdatedRows)
  if (first instanceof DeleteResult) return Number(first.numDeletedRows)
  return first instanceof MergeResult ? Number(first.numChangedRows) : result.length
}

/** Checks if an insert may have updated a row instead; then the last id belongs to an earlier insert. */
function mayUpdate({ conflict }: NodeOf<'insert'>): boolean {
  return conflict?.kind === 'conflict' && conflict.action === 'update'
}
