/** The result of an insert without `returning`. */
export interface InsertResult {
  /** The key that the database gave to the (last) row, where it tells. */
  readonly insertId?: bigint
  readonly numInsertedOrUpdatedRows?: bigint
}

/** The result of an update without `returning`. */
export interface UpdateResult {
  readonly numUpdatedRows: bigint
  /** The number of rows that really changed, where the database reports it. */
  readonly numChangedRows?: bigint
}

/** The result of a delete without `returning`. */
export interface DeleteResult {
  readonly numDeletedRows: bigint
}

/** The result of a merge without `returning`. */
export interface MergeResult {
  readonly numChangedRows?: bigint
}

/** The result of `executeQuery` and of raw statements. */
export interface QueryResult<R> {
  readonly rows: R[]
  readonly insertId?: bigint
  readonly numAffectedRows?: bigint
}
