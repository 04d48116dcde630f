// A program of its own, for tests of several runners and of one that is killed: engine, place, what to do.
import { kanta, sql } from '../../src/index.ts'
import { type Migrations, migrator } from '../../src/migrate/index.ts'
import { engineOf } from './engines.ts'

const [, , engine, place, work] = process.argv as unknown as [string, string, string, string, string]
const db = kanta({ driver: engineOf(engine).driver(place) })

const say = (line: string) => process.stdout.write(`${line}\n`)
/** Until a line comes in. */
const told = () => new Promise<void>((resolve) => process.stdin.once('data', () => resolve()))

const steps: Migrations = Object.fromEntries(
  Array.from({ length: 5 }, (_, i) => [
    `${i + 1}_step`,
    {
      up: async (trx) => {
        await sql`create table ${sql.id(`step_${i + 1}`)} (id integer)`.execute(trx)
        await trx
          .insertInto('done')
          .values({ step: i + 1 })
          .execute()
      },
    },
  ]),
)

/** Says where it stands, and stays there. */
const stuck = (transaction: boolean): Migrations => ({
  '1_step': steps['1_step']!,
  '2_stuck': {
    transaction,
    up: async (trx) => {
      await sql`create table stuck (id integer)`.execute(trx)
      say('stuck')
      await told()
    },
  },
})

const migrations = work === 'all' ? steps : stuck(work === 'stuck inside')
const migrate = migrator(db, {
  migrations,
  lock: { expiry: 1000 },
  onProgress: (event) => {
    if (event.kind === 'waiting') say('waiting')
  },
})

if (work === 'all') {
  say('ready')
  await told()
}
const { results } = await migrate.latest()
say(`applied ${results.map(({ name }) => name).join(' ')}`)
await db.destroy()
process.exit()
