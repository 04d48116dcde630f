/** What an insert did, where it returns no rows. */
export interface InsertResult {
  /** The key that the database gave to the (last) row, where it tells. */
  readonly insertId?: bigint
  readonly numInsertedOrUpdatedRows?: bigint
}

/** What an update did, where it returns no rows. */
export interface UpdateResult {
  readonly numUpdatedRows: bigint
  /** How many of the rows differ from before, where the database tells. */
  readonly numChangedRows?: bigint
}

/** What a delete did, where it returns no rows. */
export interface DeleteResult {
  readonly numDeletedRows: bigint
}

/** What a merge did, where it returns no rows. */
export interface MergeResult {
  readonly numChangedRows?: bigint
}

/** What `executeQuery` and raw statements give. */
export interface QueryResult<R> {
  readonly rows: R[]
  readonly insertId?: bigint
  readonly numAffectedRows?: bigint
}
