import { type CommitFacet, frameOf, type TwoPhase } from './facet.ts'

const twoPhase: TwoPhase = {
  async list(ask) {
    const rows = await ask('select gid as id from pg_prepared_xacts where database = current_database()')
    return rows.map(({ id }) => String(id))
  },
  commit: (id) => `commit prepared '${id}'`,
  rollback: (id) => `rollback prepared '${id}'`,
}

/** PostgreSQL prepares transactions if `max_prepared_transactions` allows any; by default it is 0. */
export const postgresCommit: CommitFacet = {
  async ability(ask, sql) {
    const [row] = await ask(
      "select current_setting('max_prepared_transactions') as prepared, current_setting('synchronous_commit') as durable",
    )
    const canPrepare = Number(row!.prepared) > 0
    const durable = row!.durable === 'off' ? ['set local synchronous_commit = on'] : []
    return {
      twoPhase: canPrepare ? twoPhase : undefined,
      queriesMayWrite: true,
      frame(settings, id) {
        const frame = frameOf(sql, settings)
        return {
          ...frame,
          begin: [...frame.begin, ...durable],
          prepare: id === undefined ? undefined : [`prepare transaction '${id}'`],
          prepared: id === undefined ? undefined : { commit: [twoPhase.commit(id)], rollback: [twoPhase.rollback(id)] },
        }
      },
      validate: async (ask) => void (await ask('set constraints all immediate')),
    }
  },
}
