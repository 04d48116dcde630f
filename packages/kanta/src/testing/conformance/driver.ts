import type { Connection, Driver } from '../../driver/index.ts'
import { DatabaseHandle, open } from '../../extend/internal/index.ts'
import { sql } from '../../sql/index.ts'
import { definitionOf, table } from '../../table/index.ts'
import { same } from './assert.ts'

/** The functions of a test runner: those of vitest, jest or `node:test`. */
export interface TestRunner {
  describe(name: string, body: () => void): unknown
  test(name: string, body: () => Promise<void>): unknown
}

/** A driver that is held to the contract. */
export interface DriverUnderTest {
  /** Makes the driver of a database in which the table `kanta_conformance` can be created. */
  make(): Driver | Promise<Driver>
  /** The abilities that the driver lacks, each with the reason. */
  readonly lacks?: { readonly transactions?: string; readonly streams?: string; readonly bytes?: string } | undefined
}

const TABLE = 'kanta_conformance'
const BYTES = definitionOf(table('bytes', (c) => ({ data: c.bytes() })))!.columns.get('data')!

/**
 * Tests that a driver keeps the contract of `Driver` and `Connection`: rows, counts, parameters, errors, transactions,
 * streams and closing. It brings its own assertions, so that it runs on any test runner.
 *
 * @example
 * ```ts
 * import { describe, test } from 'node:test'
 * import { sqlite } from 'kanta/sqlite'
 * import { driverConformance } from 'kanta/testing/conformance'
 *
 * export const suite = () => driverConformance({ describe, test }, { make: () => sqlite(':memory:') })
 * ```
 */
export function driverConformance({ describe, test }: TestRunner, { make, lacks = {} }: DriverUnderTest): void {
  const on = (name: string, reason: string | undefined, body: (it: Under) => Promise<void>): void => {
    if (reason !== undefined) return
    test(name, async () => {
      const it = await Under.open(await make())
      try {
        await body(it)
      } finally {
        await it.close()
      }
    })
  }
  describe('driver', () => {
    on('returns rows, the first row and none', undefined, async (it) => {
      await it.add(1, 'a')
      await it.add(2, 'b')
      same(await it.rows(`select id, name from ${TABLE} order by id`), [
        [1, 'a'],
        [2, 'b'],
      ])
      same(valuesOf(await it.connection.first(`select name from ${TABLE} order by id desc`, [])), ['b'])
      same(await it.connection.first(`select name from ${TABLE} where id = 9`, []), undefined)
    })
    on('counts the rows that a statement changes', undefined, async (it) => {
      await it.add(1, 'a')
      await it.add(2, 'a')
      const { changes } = await it.connection.run(`update ${TABLE} set name = 'b'`, [])
      same(Number(changes), 2)
      const removed = await it.connection.run(`delete from ${TABLE} where id = 7`, [])
      same(Number(removed.changes), 0)
    })
    on('binds values by their places, and nulls and text as they are', undefined, async (it) => {
      const texts = ["it's", '', ' ? $1 :a ', 'ä€😀', 'a\\nb']
      for (const [i, text] of texts.entries()) await it.add(i, text)
      await it.add(99, null)
      same(
        await it.rows(`select name from ${TABLE} order by id`),
        [...texts, null].map((text) => [text]),
      )
    })
    on('writes and reads bytes', lacks.bytes, async (it) => {
      const bytes = Uint8Array.from([0, 1, 127, 255])
      const { placeholder, typeName } = it.driver.dialect
      await it.connection.script(`alter table ${TABLE} add data ${typeName.call(it.driver.dialect, BYTES)}`)
      await it.connection.run(`insert into ${TABLE} (id, data) values (1, ${placeholder(0)})`, [bytes])
      const [[found]] = (await it.rows(`select data from ${TABLE}`)) as [[Uint8Array]]
      same([...found], [...bytes])
    })
    on('explains errors in codes that are the same on every database', undefined, async (it) => {
      await it.add(1, 'a')
      same(await it.codeOf(() => it.add(1, 'b')), 'unique_violation')
      same(await it.codeOf(async () => it.connection.all('select nothing from kanta_nowhere', [])), 'query')
      await it.add(2, 'still works')
    })
    on('commits and rolls back', lacks.transactions, async (it) => {
      const { transaction } = it.driver.dialect
      for (const end of [transaction.rollback, transaction.commit]) {
        for (const text of transaction.begin({})) await it.connection.run(text, [])
        if (it.connection.inTransaction !== undefined) same(it.connection.inTransaction, true)
        await it.add(1, 'a')
        await it.connection.run(end, [])
        if (it.connection.inTransaction !== undefined) same(it.connection.inTransaction, false)
        same((await it.rows(`select id from ${TABLE}`)).length, end === transaction.commit ? 1 : 0)
      }
    })
    on('returns to savepoints', lacks.transactions, async (it) => {
      const { transaction } = it.driver.dialect
      for (const text of transaction.begin({})) await it.connection.run(text, [])
      await it.add(1, 'a')
      await it.connection.run(transaction.savepoint('here'), [])
      await it.add(2, 'b')
      await it.connection.run(transaction.rollbackTo('here'), [])
      await it.connection.run(transaction.commit, [])
      same(await it.rows(`select id from ${TABLE}`), [[1]])
    })
    on('streams rows in chunks, and stops early', lacks.streams, async (it) => {
      for (let id = 0; id < 20; id++) await it.add(id, 'x')
      const found: unknown[] = []
      for await (const chunk of it.connection.stream(`select id from ${TABLE} order by id`, [], 7)) found.push(...chunk)
      same(
        found.map((row) => valuesOf(row)[0]),
        Array.from({ length: 20 }, (_, i) => i),
      )
      for await (const _ of it.connection.stream(`select id from ${TABLE}`, [], 5)) break
      await it.add(50, 'after')
    })
    on('runs queries and transactions of a database', lacks.transactions, async (it) => {
      await it.close()
      const db = open({ driver: await make() })
      try {
        if (!(db instanceof DatabaseHandle)) return
        await sql.raw(`create table ${TABLE} (id integer primary key, name varchar(40))`).execute(db as never)
        await db.transaction().execute(async (trx) => {
          await trx.insertInto(TABLE).values({ id: 1, name: 'a' }).execute()
        })
        same(await db.selectFrom(TABLE).select(['id', 'name']).execute(), [{ id: 1, name: 'a' }])
        await sql.raw(`drop table ${TABLE}`).execute(db as never)
      } finally {
        await db.destroy()
      }
    })
  })
}

/** A driver with an open connection and an empty table. */
class Under {
  readonly driver: Driver
  readonly connection: Connection
  #isClosed = false

  private constructor(driver: Driver, connection: Connection) {
    this.driver = driver
    this.connection = connection
  }

  static async open(driver: Driver): Promise<Under> {
    const connection = await driver.connect('write')
    await connection.script(`drop table if exists ${TABLE}`)
    await connection.script(`create table ${TABLE} (id integer primary key, name varchar(40))`)
    return new Under(driver, connection)
  }

  async add(id: number, name: string | null): Promise<void> {
    const { placeholder } = this.driver.dialect
    await this.connection.run(`insert into ${TABLE} (id, name) values (${placeholder(0)}, ${placeholder(1)})`, [
      id,
      name,
    ])
  }

  async rows(text: string): Promise<unknown[][]> {
    return (await this.connection.all(text, [])).map(valuesOf)
  }

  async codeOf(act: () => Promise<unknown>): Promise<string> {
    try {
      await act()
    } catch (error) {
      return this.driver.explainError(error).code
    }
    return 'no error'
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.connection.script(`drop table if exists ${TABLE}`)
    await this.connection.close()
    await this.driver.close?.()
  }
}

const valuesOf = (row: unknown): unknown[] => Object.values(row as object)
