import { describe, expect, test } from 'vitest'
import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import type { Driver } from '../../src/driver/index.ts'
import { copyFrom } from '../../src/driver/pg/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { jsonArrayFrom, kanta, prepare, table } from '../../src/index.ts'
import type { Place } from '../engine/engine.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { pglite } from '../engine/pglite.ts'
import { postgres } from '../engine/postgres.ts'
import { Dice } from '../escape/mutate.ts'
import type { Any } from '../security/ground.ts'

/** `VALUES_RUNS=2000` for a long run on each engine, `VALUES_SEED` for another one. */
const runs = Number(process.env.VALUES_RUNS ?? 40)
const seed = Number(process.env.VALUES_SEED ?? 20261130)

const columnsOfThing = (c: Any) => ({
  id: c.integer().primaryKey(),
  integer: c.integer().nullable(),
  bigint: c.bigint().nullable(),
  real: c.real().nullable(),
  decimal: c.decimal(15, 4).nullable(),
  text: c.text().nullable(),
  varchar: c.varchar(20).nullable(),
  boolean: c.boolean().nullable(),
  date: c.date().nullable(),
  timestamp: c.timestamp().nullable(),
  unix: c.timestamp({ mode: 'unix' }).nullable(),
  json: c.json().nullable(),
  bytes: c.bytes().nullable(),
  uuid: c.uuid().nullable(),
  enum: c.enum(['new', 'done', "it's \\ 'so'"]).nullable(),
})
const thing = table('thing', columnsOfThing)
const other = table('other', columnsOfThing)

type Row = Readonly<Record<string, unknown>>

const TEXTS = ['', ' ', 'a', 'A', "'", '"', '\\', '\\N', '\n\t', 'ä', '漢字', '😀', '{}', 'null', '0', '$1', '?', ' x ']
const INSTANTS = [0, 951_782_400_000, 1_709_209_799_999, 1_709_209_800_123, 4_102_444_800_000, 978_307_199_000]
const DOCUMENTS: readonly unknown[] = [
  ...[{}, [], { b: 1, a: [null, true, 'x'] }, 'text', 0, -1.5, true, { '': { "'": '\\' } }, [[1], [2, [3]]], '😀'],
]

/** Values of each column that every engine keeps, those at the edges among them. */
const VALUES: Readonly<Record<string, (dice: Dice) => unknown>> = {
  integer: (dice) => dice.one([0, 1, -1, 2 ** 31 - 1, -(2 ** 31), dice.below(1e6)]),
  bigint: (dice) => dice.one([0n, -1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), BigInt(dice.below(1e9))]),
  real: (dice) =>
    dice.one([0, 0.1, -1.5, 0.1 + 0.2, 1e-300, 1.7976931348623157e308, 123456789.123, dice.below(1e6) / 7]),
  decimal: (dice) => dice.one(['0.0000', '-0.0001', '99999999999.9999', '-99999999999.9999', '12.5000', '0.1000']),
  text: (dice) => dice.one(TEXTS) + dice.one(TEXTS),
  varchar: (dice) => dice.one(TEXTS),
  boolean: (dice) => dice.below(2) === 0,
  date: (dice) => dice.one(['1970-01-01', '2024-02-29', '1999-12-31', '2038-01-19', '9999-12-31', '1582-10-15']),
  timestamp: (dice) => new Date(dice.one(INSTANTS)),
  unix: (dice) => new Date(Math.floor(dice.one(INSTANTS) / 1000) * 1000),
  json: (dice) => dice.one(DOCUMENTS),
  bytes: (dice) => Uint8Array.from({ length: dice.below(5) }, () => dice.one([0, 1, 39, 92, 127, 128, 255])),
  uuid: (dice) => `00000000-0000-4000-8000-${String(dice.below(1e9)).padStart(12, '0')}`,
  enum: (dice) => dice.one(['new', 'done', "it's \\ 'so'"]),
}

function randomRow(dice: Dice, id: number): Row {
  const row: Record<string, unknown> = { id }
  for (const [name, value] of Object.entries(VALUES)) row[name] = dice.below(6) === 0 ? null : value(dice)
  return row
}

const withoutId = ({ id: _, ...rest }: Row): Row => rest

/** Ways to have rows in the table that was empty. */
const WRITES: Readonly<Record<string, (db: Any, rows: readonly Row[], driver: Driver) => Promise<unknown>>> = {
  'one by one': async (db, rows) => {
    for (const row of rows) await db.insertInto('thing').values(row).execute()
  },
  'many at once': (db, rows) => db.insertInto('thing').values(rows).execute(),
  prepared: async (db, rows) => {
    const insert = prepare(db, (slot: Any) =>
      db.insertInto('thing').values(Object.fromEntries(COLUMNS.map((name) => [name, slot(name)]))),
    ) as Any
    for (const row of rows) await insert.execute(row)
  },
  'from a query': async (db, rows) => {
    await db.insertInto('other').values(rows).execute()
    await db.insertInto('thing').columns(COLUMNS).expression(db.selectFrom('other').select(COLUMNS)).execute()
    await db.deleteFrom('other').execute()
  },
  'by updates': async (db, rows) => {
    await db
      .insertInto('thing')
      .values(rows.map(({ id }) => ({ id })))
      .execute()
    for (const row of rows) await db.updateTable('thing').set(withoutId(row)).where('id', '=', row.id).execute()
  },
  'by an update from another table': async (db, rows) => {
    await db
      .insertInto('thing')
      .values(rows.map(({ id }) => ({ id })))
      .execute()
    await db.insertInto('other').values(rows).execute()
    const sets = Object.fromEntries(COLUMNS.slice(1).map((name) => [name, one(name)]))
    await db.updateTable('thing').set(sets).execute()
    await db.deleteFrom('other').execute()
  },
  'by upserts': async (db, rows) => {
    await db
      .insertInto('thing')
      .values(rows.map(({ id }) => ({ id })))
      .execute()
    const insert = db.insertInto('thing').values(rows)
    const names = COLUMNS.slice(1)
    if (hasDuplicateKey(db)) {
      await insert
        .onDuplicateKeyUpdate((eb: Any) => Object.fromEntries(names.map((name) => [name, eb.fn('values', [name])])))
        .execute()
    } else {
      const set = (eb: Any) => Object.fromEntries(names.map((name) => [name, eb.ref(`excluded.${name}`)]))
      await insert.onConflict((c: Any) => c.column('id').doUpdateSet(set)).execute()
    }
  },
  'by COPY': async (db, rows, driver) => {
    if (db.engineName !== 'postgres') return WRITES['many at once']!(db, rows, driver)
    await copyFrom(driver, thing as Any, rows as Any)
  },
}
const one = (name: string) => (eb: Any) =>
  eb.selectFrom('other').select(`other.${name}`).whereRef('other.id', '=', 'thing.id')
const hasDuplicateKey = (db: Any): boolean => db.engineName === 'mariadb'

/** Ways to read the rows, by their ids. */
const READS: Readonly<Record<string, (db: Any) => Promise<readonly Row[]>>> = {
  select: (db) => db.selectFrom('thing').select(COLUMNS).orderBy('id').execute(),
  'select all': (db) => db.selectFrom('thing').selectAll().orderBy('id').execute(),
  stream: async (db) => {
    const rows: Row[] = []
    for await (const row of db.selectFrom('thing').selectAll().orderBy('id').stream()) rows.push(row)
    return rows
  },
  prepared: (db) =>
    (
      prepare(db, (slot: Any) => db.selectFrom('thing').selectAll().where('id', '>', slot('from')).orderBy('id')) as Any
    ).execute({ from: 0 }),
  compiled: async (db) =>
    (await db.executeQuery(db.selectFrom('thing').selectAll().where('id', '>', 0).orderBy('id').compile())).rows,
  subquery: (db) => db.selectFrom(db.selectFrom('thing').selectAll().as('t')).selectAll().orderBy('id').execute(),
  with: (db) =>
    db
      .with('t', (on: Any) => on.selectFrom('thing').selectAll())
      .selectFrom('t')
      .selectAll()
      .orderBy('id')
      .execute(),
  union: (db) =>
    db
      .selectFrom(
        db
          .selectFrom('thing')
          .select(COLUMNS)
          .unionAll(db.selectFrom('thing').select(COLUMNS).where('id', '<', 0))
          .as('t'),
      )
      .selectAll()
      .orderBy('id')
      .execute(),
  'left join': (db) =>
    db.selectFrom('other').rightJoin('thing', 'thing.id', 'other.id').selectAll('thing').orderBy('thing.id').execute(),
  JSON: async (db) => {
    const [{ rows }] = await db
      .selectNoFrom((eb: Any) => jsonArrayFrom(eb.selectFrom('thing').select(COLUMNS).orderBy('id')).as('rows'))
      .execute()
    return rows
  },
}
/** Libraries give bytes as a `Buffer`, which is a `Uint8Array`. */
const plain = (rows: readonly Row[]): Row[] =>
  rows.map((row) => (row.bytes instanceof Uint8Array ? { ...row, bytes: new Uint8Array(row.bytes) } : row))

const COLUMNS = ['id', ...Object.keys(VALUES)]

interface Engine {
  readonly name: string
  readonly missing?: string | undefined
  create(): Promise<Place>
}
const embedded = (name: string, driver: () => Driver): Engine => ({
  name,
  create: async () => ({ database: name, driver, drop: async () => {} }),
})
const engines: readonly Engine[] = [
  embedded('node:sqlite', () => sqlite(':memory:')),
  embedded('better-sqlite3', () => betterSqlite3(':memory:')),
  ...[pglite, postgres, mariadbEngine],
]

describe.each(engines)('values on $name', (engine) => {
  test.skipIf(engine.missing !== undefined)(
    'are what was written, however they are written and read',
    async () => {
      console.log(`values on ${engine.name}: seed ${seed}, ${runs} runs`)
      const place = await engine.create()
      const driver = place.driver()
      const db: Any = kanta({ driver, schema: { thing, other } })
      Object.defineProperty(db, 'engineName', { value: engine.name })
      try {
        for (const each of [thing, other]) await db.schema.createTable(each).execute()
        const dice = new Dice(seed)
        for (let run = 0; run < runs; run++) {
          const rows = Array.from({ length: dice.below(4) + 1 }, (_, i) => randomRow(dice, i + 1))
          const [how, write] = Object.entries(WRITES)[run % Object.keys(WRITES).length]!
          await write(db, rows, driver)
          for (const [reading, read] of Object.entries(READS))
            expect(plain(await read(db)), `run ${run}: ${how}, read by ${reading}`).toEqual(rows)
          await db.deleteFrom('thing').execute()
        }
      } finally {
        await db.destroy()
        await place.drop()
      }
    },
    24 * 60 * 60 * 1000,
  )
})
