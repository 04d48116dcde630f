import { KantaError } from '../../error/index.ts'
import { type DatabaseHandle, sessionOf, settingsOf } from '../../run/index.ts'

/**
 * Returns what a plugin calls with each handle that it extends, if it keeps what it learns of its database: it refuses
 * those of a second one. Sandboxes, mocks and handles with notes are of the same one.
 */
export function ofOneDatabase(plugin: string): (db: DatabaseHandle) => void {
  let isFirst = true
  const known = new WeakSet<object>()
  return (db) => {
    const { pool } = sessionOf(db)
    if (pool === undefined) return
    const { notes } = settingsOf(db)
    if (!isFirst && !known.has(pool) && !known.has(notes))
      throw new KantaError('plugin', `One ${plugin} cannot serve two databases. Make another one for the second.`)
    isFirst = false
    known.add(pool).add(notes)
  }
}
