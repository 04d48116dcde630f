import { KantaError } from '../../error/index.ts'
import { type CommitFacet, frameOf } from './facet.ts'

const FULL = 2

/** SQLite cannot prepare a transaction. Its commits are on the disk with `synchronous = full` only. */
export const sqliteCommit: CommitFacet = {
  async ability(ask, sql) {
    const [row] = await ask('pragma synchronous')
    const level = Number(Object.values(row ?? {})[0])
    return {
      twoPhase: undefined,
      queriesMayWrite: false,
      frame(settings) {
        if (level >= FULL) return undefined
        const frame = frameOf(sql, settings)
        return {
          ...frame,
          begin: ['pragma synchronous = full', ...frame.begin],
          after: [...frame.after, `pragma synchronous = ${level}`],
        }
      },
      async validate(ask) {
        const [deferred] = await ask("select 1 as one from sqlite_master where sql like '%deferr%' limit 1")
        if (deferred === undefined) return
        const [broken] = await ask('pragma foreign_key_check')
        if (broken === undefined) return
        throw new KantaError(
          'foreign_key_violation',
          `A row of '${broken.table}' refers to a row of '${broken.parent}' that is not there.`,
          { table: String(broken.table) },
        )
      },
    }
  },
}
