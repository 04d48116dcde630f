import type { RunResult } from '../driver/index.ts'
import type { NodeOf } from '../ir/index.ts'
import type { Plan } from '../plan/index.ts'

/** What an insert did. */
export class InsertResult {
  readonly insertId: bigint | undefined
  readonly numInsertedOrUpdatedRows: bigint | undefined

  constructor(insertId: bigint | undefined, numInsertedOrUpdatedRows: bigint | undefined) {
    this.insertId = insertId
    this.numInsertedOrUpdatedRows = numInsertedOrUpdatedRows
  }
}

/** What an update did. */
export class UpdateResult {
  readonly numUpdatedRows: bigint
  readonly numChangedRows: bigint | undefined

  constructor(numUpdatedRows: bigint, numChangedRows?: bigint) {
    this.numUpdatedRows = numUpdatedRows
    this.numChangedRows = numChangedRows
  }
}

/** What a delete did. */
export class DeleteResult {
  readonly numDeletedRows: bigint

  constructor(numDeletedRows: bigint) {
    this.numDeletedRows = numDeletedRows
  }
}

/** What a merge did. */
export class MergeResult {
  readonly numChangedRows: bigint

  constructor(numChangedRows: bigint) {
    this.numChangedRows = numChangedRows
  }
}

/** The result object of a statement that returned no rows: of the kind that was asked for, whatever policies made of it. */
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

/** Whether an insert may have updated a row in place of inserting one: then the last id is that of an earlier insert. */
function mayUpdate({ conflict }: NodeOf<'insert'>): boolean {
  return conflict?.kind === 'conflict' && conflict.action === 'update'
}
