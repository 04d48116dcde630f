import { rmSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/** The `application_id` of a file of this demo ("Knta"), and the version of its tables as `user_version`. */
export const OURS = 0x4b6e7461
export const FORMAT = 1

/** What is at a path: nothing yet, a complete file of the demo, one of an older demo, or somebody else's. */
export type FileState = 'missing' | 'empty' | 'complete' | 'old' | 'foreign'

/** Looks without leaving a trace: a file of somebody else must not even change its journal mode. */
export function inspectFile(path: string): FileState {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return 'missing'
  if (!stats.isFile()) return 'foreign'
  if (stats.size === 0) return 'empty'
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { readOnly: true })
    const row = database
      .prepare(
        `select (select application_id from pragma_application_id) as app, (select user_version from pragma_user_version) as version,
          (select count(*) from sqlite_schema) as things`,
      )
      .get()
    if (row?.app === OURS) return row.version === FORMAT ? 'complete' : 'old'
    // An import that was stopped leaves a database without tables.
    return row?.things === 0 ? 'empty' : 'foreign'
  } catch {
    return 'foreign'
  } finally {
    database?.close()
  }
}

/** Removes a database and what SQLite keeps beside it. */
export function removeFile(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
}
