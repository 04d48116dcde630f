import { KantaError } from '../../error/index.ts'
import { type CommitFacet, frameOf, type TwoPhase } from './facet.ts'

const twoPhase: TwoPhase = {
  // The names come as bytes.
  list: async (ask) => (await ask('xa recover')).map(({ data }) => new TextDecoder().decode(data as Uint8Array)),
  commit: (id) => `xa commit '${id}'`,
  rollback: (id) => `xa rollback '${id}'`,
}

/** MySQL and MariaDB prepare transactions that began as XA. Galera refuses these (MDEV-26575). */
export const mysqlCommit: CommitFacet = {
  async ability(ask, sql) {
    const names = "('innodb_flush_log_at_trx_commit', 'wsrep_on')"
    const rows = await ask(`show variables where variable_name in ${names}`)
    const setting = (name: string) => rows.find((row) => row.Variable_name === name)?.Value
    const flush = setting('innodb_flush_log_at_trx_commit')
    if (flush !== '1')
      throw new KantaError(
        'unsupported',
        `innodb_flush_log_at_trx_commit is ${flush}, so a commit that was answered can be lost in a crash, and the databases would differ. Set it to 1.`,
      )
    const canPrepare = setting('wsrep_on') !== 'ON'
    return {
      twoPhase: canPrepare ? twoPhase : undefined,
      queriesMayWrite: true,
      frame(settings, id) {
        if (id === undefined) return undefined
        const frame = frameOf(sql, settings)
        return {
          // The level is set by a statement of its own before the last, which begins.
          begin: [...frame.begin.slice(0, -1), `xa start '${id}'`],
          commit: [`xa end '${id}'`, `xa commit '${id}' one phase`],
          rollback: [`xa end '${id}'`, `xa rollback '${id}'`],
          after: frame.after,
          prepare: [`xa end '${id}'`, `xa prepare '${id}'`],
          prepared: { commit: [twoPhase.commit(id)], rollback: [twoPhase.rollback(id)] },
        }
      },
      // They check each statement.
      validate: async () => {},
    }
  },
}
