import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { type Database, KantaError, kanta, sql } from '../../src/index.ts'
import { dropRlsStatements, type Policies, rls, rlsStatements } from '../../src/rls/index.ts'
import type { Engine } from '../engine/engine.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { postgres } from '../engine/postgres.ts'
import { Oracle, type Outcome, randomTrial, type State, type Trial } from './statements.ts'
import {
  type DB,
  Dice,
  type Doc,
  randomDoc,
  randomMember,
  randomNote,
  randomPolicies,
  randomWho,
  schema,
  type Who,
} from './world.ts'

const engines: readonly Pick<Engine, 'name' | 'missing' | 'create'>[] = [
  {
    name: 'sqlite',
    create: async () => ({ database: ':memory:', driver: () => sqlite(':memory:'), drop: async () => {} }),
  },
  postgres,
  mariadbEngine,
]

/** How many sets of policies: `RLS_RUNS=2000 vitest run …` takes long. */
const RUNS = Number(process.env.RLS_RUNS ?? 10)
const SEED = Number(process.env.RLS_SEED ?? 20_261_121)
const TRIALS = 12

class Undone extends Error {}

/** What comes of a trial, in a transaction that is undone. */
async function outcome(
  base: Database<DB>,
  trial: Trial,
  guarded: (trx: Database<DB>) => Promise<Database<DB>>,
  after: (trx: Database<DB>) => Promise<void>,
): Promise<Outcome> {
  let found: Outcome | undefined
  const work = base.transaction().execute(async (trx) => {
    const own = await guarded(trx as never)
    let rows: readonly unknown[]
    try {
      rows = await trial.run(own)
    } catch (error) {
      if (!isRefusal(error)) throw error
      found = 'refused'
      throw new Undone()
    }
    await after(trx as never)
    found = { rows, docs: (await trx.selectFrom('doc').selectAll().execute()) as readonly Doc[] }
    throw new Undone()
  })
  await work.catch((error) => {
    if (!(error instanceof Undone)) throw error
  })
  return found!
}

/** PostgreSQL says by an error of its own that a new row violates a policy. */
const isRefusal = (error: unknown): boolean =>
  error instanceof KantaError &&
  (error.code === 'policy' ||
    /violates row-level security policy/.test(`${error.message} ${(error.cause as Error | undefined)?.message}`))

const sorted = (found: Outcome): unknown =>
  found === 'refused'
    ? found
    : {
        rows: found.rows.map((row) => JSON.stringify(row)).sort(),
        docs: found.docs
          .map((row) => JSON.stringify([row.id, row.owner, row.team, row.label, row.shared, row.at]))
          .sort(),
      }

async function fill(base: Database<DB>, state: State): Promise<void> {
  for (const name of ['doc', 'member', 'note'] as const) {
    await base.deleteFrom(name).execute()
    await base
      .insertInto(name)
      .values(state[name] as never)
      .execute()
  }
}

const ROLE = `kanta "app" ${process.pid}`

describe.each(engines)('policies are the same in $name', (engine) => {
  let place: Awaited<ReturnType<Engine['create']>>
  let base: Database<DB>

  beforeAll(async () => {
    place = await engine.create()
    base = kanta({ driver: place.driver(), schema }) as never
    for (const table of Object.values(schema)) await base.schema.createTable(table).execute()
    if (engine.name === 'postgres') await sql`create role ${sql.id(ROLE)}`.execute(base)
  })
  afterAll(async () => {
    if (engine.name === 'postgres') await sql`drop role ${sql.id(ROLE)}`.execute(base)
    await base.destroy()
    await place.drop()
  })

  const native = async (policies: Policies<DB, Who>, trial: Trial, who: Who): Promise<Outcome> =>
    outcome(
      base,
      trial,
      async (trx) => {
        await sql`set local role ${sql.id(ROLE)}`.execute(trx)
        return trx.withPlugins([rls(policies, { native: true })]).as(who as never)
      },
      async (trx) => {
        await sql`reset role`.execute(trx)
      },
    )

  test(`${RUNS} sets of policies of seed ${SEED}`, { timeout: 60_000 + RUNS * 2_000 }, async () => {
    let refused = 0
    let given = 0
    for (let run = 0; run < RUNS; run++) {
      const seed = SEED + run
      const dice = new Dice(seed)
      const policies = randomPolicies(dice)
      const state: State = {
        doc: Array.from({ length: 8 }, (_, i) => randomDoc(dice, i + 1)),
        member: Array.from({ length: 4 }, (_, i) => randomMember(dice, i + 1)),
        note: Array.from({ length: 5 }, (_, i) => randomNote(dice, i + 1)),
      }
      await fill(base, state)
      const options = { schema, role: ROLE }
      if (engine.name === 'postgres')
        for (const text of rlsStatements(policies, options)) await sql.raw(text).execute(base)
      for (let i = 0; i < TRIALS; i++) {
        const who = randomWho(dice)
        const trial = randomTrial(dice)
        if (trial.lacks?.includes(engine.name)) continue
        const label = `seed ${seed}, ${trial.name}, ${JSON.stringify(who)}`
        const expected = trial.expect(new Oracle(policies, who, state))
        if (expected === 'refused') refused++
        else given += expected.rows.length
        const rewritten = await outcome(
          base,
          trial,
          async (trx) => trx.withPlugins([rls(policies)]).as(who as never),
          async () => {},
        )
        expect(sorted(rewritten), `rewritten: ${label}`).toEqual(sorted(expected))
        if (engine.name === 'postgres')
          expect(sorted(await native(policies, trial, who)), `native: ${label}`).toEqual(sorted(expected))
      }
      if (engine.name === 'postgres')
        for (const text of dropRlsStatements(policies, options)) await sql.raw(text).execute(base)
    }
    // What is always refused, or always empty, would prove nothing.
    expect(refused).toBeGreaterThan(RUNS / 5)
    expect(given).toBeGreaterThan(RUNS * 5)
  })
})
