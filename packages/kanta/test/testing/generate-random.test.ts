import { describe, expect, test } from 'vitest'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { KantaError, kanta, sql } from '../../src/index.ts'
import { generate } from '../../src/testing/index.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { pglite } from '../engine/pglite.ts'
import { postgres } from '../engine/postgres.ts'
import type { Any } from '../tenant/ground.ts'
import { type RandomSchema, randomSchema, type Sql } from './random-schema.ts'

/** The number of schemas on each engine: `GENERATE_RUNS=1000` for a long run, `GENERATE_SEED` for other ones. */
const RUNS = Number(process.env.GENERATE_RUNS ?? 15)
const FIRST = Number(process.env.GENERATE_SEED ?? 0)

const memory = {
  name: 'node:sqlite',
  dialect: 'sqlite',
  create: async () => ({ database: 'main', driver: () => sqlite(':memory:'), drop: async () => {} }),
} as Any

/** Creates the tables. Returns false if the database refuses them, as for two keys of the same columns. */
async function create(db: Any, { statements }: RandomSchema): Promise<boolean> {
  try {
    for (const text of statements) await sql.raw(text).execute(db)
    return true
  } catch {
    return false
  }
}

async function drop(db: Any, { statements, rows }: RandomSchema, dialect: Sql): Promise<void> {
  if (dialect === 'mariadb') {
    const tables = Object.keys(rows).join(', ')
    await db.connection().execute(async (held: Any) => {
      for (const text of ['set foreign_key_checks = 0', `drop table if exists ${tables}`, 'set foreign_key_checks = 1'])
        await sql.raw(text).execute(held)
    })
    return
  }
  for (const text of statements)
    if (text.startsWith('create table'))
      await sql.raw(`drop table if exists ${text.split(' ')[2]}${dialect === 'postgres' ? ' cascade' : ''}`).execute(db)
}

async function counts(db: Any, { rows }: RandomSchema): Promise<Record<string, number>> {
  const found: Record<string, number> = {}
  for (const table of Object.keys(rows)) {
    const row = await db
      .selectFrom(table)
      .select((eb: Any) => eb.fn.countAll().as('n'))
      .executeTakeFirst()
    found[table] = Number(row.n)
  }
  return found
}

const dump = async (db: Any, { rows }: RandomSchema): Promise<string> => {
  const tables: unknown[] = []
  for (const table of Object.keys(rows)) tables.push(await db.selectFrom(table).selectAll().execute())
  return JSON.stringify(tables)
}

describe.each([memory, pglite, postgres, mariadbEngine] as Any[])('random schemas on $name', (engine) => {
  test.skipIf(engine.missing !== undefined)(
    'rows break no constraint, or the error names one',
    { timeout: 3_600_000 },
    async () => {
      const place = await engine.create()
      let refused = 0
      let made = 0
      // PGlite runs the SQL of PostgreSQL, more slowly.
      const runs = engine === pglite ? Math.ceil(RUNS / 5) : RUNS
      for (let seed = FIRST; seed < FIRST + runs; seed++) {
        const schema = randomSchema(seed, engine.dialect)
        const db: Any = kanta({ driver: place.driver() })
        if (await create(db, schema)) {
          try {
            await generate(db, { seed, rows: schema.rows as Any })
            expect(await counts(db, schema)).toEqual(schema.rows)
            made++
          } catch (error) {
            if (!(error instanceof KantaError) || error.code !== 'invalid_input')
              throw new Error(`GENERATE_SEED=${seed}: ${schema.statements.join(';\n')}`, { cause: error })
            expect(error.message).toMatch(/'t\d'|cycle/)
            expect(Object.values(await counts(db, schema)).every((count) => count === 0)).toBe(true)
            refused++
          }
        }
        if (engine.dialect !== 'sqlite') await drop(db, schema, engine.dialect)
        await db.destroy()
      }
      // Some of them contradict themselves, such as a unique column that a check leaves two values.
      expect(refused).toBeLessThan(made)
      expect(made + refused).toBeGreaterThan(runs * 0.8)
      await place.drop()
    },
  )
})

test('the same seed gives the same bytes, another one other bytes', async () => {
  const schema = randomSchema(4, 'sqlite')
  const dumps: string[] = []
  for (const seed of [1, 1, 2]) {
    const db: Any = kanta({ driver: sqlite(':memory:') })
    await create(db, schema)
    await generate(db, { seed, rows: schema.rows as Any })
    dumps.push(await dump(db, schema))
    await db.destroy()
  }
  expect(dumps[1]).toBe(dumps[0])
  expect(dumps[2]).not.toBe(dumps[0])
})
