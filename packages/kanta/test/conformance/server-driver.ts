import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Connection, Driver } from '../../src/driver/index.ts'
import type { ErrorCode } from '../../src/index.ts'
import { type Engine, type Place, script } from '../engine/engine.ts'
import { all, chunksOf, explained, failure, valuesOf } from './driver-ground.ts'

/** What a driver of a server may lack, each with the reason, which stands beside the name of a test that is left out. */
export type ServerFeature = 'several' | 'cancel' | 'booleans' | 'large integers' | 'shared streams'

/** The texts of a database in which the suite asks what it asks of all. */
export interface ServerTexts {
  /** Makes `country(code, name)` and `city(id, name, country, population)` with a key, a foreign key and a check named `populated`. */
  readonly tables: readonly string[]
  /** A place for a value, by its number from 0, as a text, an integer, a float, bytes or a boolean. */
  readonly value: (index: number, type: 'text' | 'integer' | 'float' | 'bytes' | 'boolean') => string
  /** The numbers from 1 to the value. */
  readonly numbers: string
  /** The same, failing at the number 3, or close after it. */
  readonly failing: string
  /** Takes some seconds, and gives a row. */
  readonly sleep: string
  /** The isolation level and the access mode of the transaction, as the server says them. */
  readonly settings: string
  /** What the settings give for each level, and for reading only. */
  readonly levels: Readonly<Record<string, string>>
  readonly readOnly: string
  /** What the errors of the suite come with, beside their code. */
  readonly details: {
    readonly unique: object
    readonly foreign: object
    readonly check: object
    readonly notNull: object
  }
}

export interface ServerSuite {
  readonly engine: Engine
  readonly texts: ServerTexts
  readonly lacks?: { readonly [F in ServerFeature]?: string }
}

/** Holds a driver of a server to the contract of `Connection` and `Driver`, on a real one. */
export function serverDriverSuite(name: string, { engine, texts, lacks = {} }: ServerSuite): void {
  if (engine.missing !== undefined) {
    test.skip(`${name}: ${engine.missing}`, () => {})
    return
  }
  const needs = (feature: ServerFeature): typeof test | typeof test.skip =>
    lacks[feature] === undefined ? test : test.skip
  const why = (feature: ServerFeature): string => (lacks[feature] === undefined ? '' : ` (left out: ${lacks[feature]})`)

  describe(name, () => {
    let place: Place
    let driver: Driver
    const opened: Connection[] = []
    const open = async (): Promise<Connection> => {
      const connection = await driver.connect('write')
      opened.push(connection)
      return connection
    }
    beforeAll(async () => {
      place = await engine.create()
      driver = place.driver()
    }, 60_000)
    afterAll(() => place.drop())
    afterEach(async () => {
      for (const connection of opened.splice(0)) await connection.close()
    })
    /** A connection to tables as they are at first. */
    const ground = async (): Promise<Connection> => {
      await script(driver, texts.tables)
      return open()
    }
    const v = texts.value
    const insert = (id: number, more = "'FI', 5"): string => `insert into city values (${id}, 'Oulu', ${more})`
    const codeOf = async (act: () => unknown): Promise<ErrorCode> => (await explained(driver, act)).code

    test('rows, a row, results, and the columns of what ran', async () => {
      const db = await ground()
      const sql = `select id, name from city where id <= ${v(0, 'integer')} order by id`
      expect(await all(db, sql, [2])).toEqual([
        [1, 'Helsinki'],
        [2, 'Tampere'],
      ])
      if (db.rows === 'array') expect(db.columns(sql)).toEqual(['id', 'name'])
      expect(valuesOf(await db.first(sql, [2]))).toEqual([1, 'Helsinki'])
      expect(await db.first(sql, [0])).toBeUndefined()
      expect(await db.run(`update city set population = 7 where id < ${v(0, 'integer')}`, [3])).toMatchObject({
        changes: 2,
      })
      expect(await db.run('delete from city where id = 99', [])).toMatchObject({ changes: 0 })
      const asked = await db.execute(sql, [1])
      expect(asked.rows.map(valuesOf)).toEqual([[1, 'Helsinki']])
      expect(await db.execute('delete from city', [])).toMatchObject({ changes: 3, rows: [] })
      await db.script(`${insert(1)}; ${insert(2, "'EE', 6")}`)
      expect(await all(db, 'select count(*) from city')).toEqual([[2]])
    })

    test.each([
      ['null', null, 'text', null],
      ['an integer', 12, 'integer', 12],
      ['a fraction', -1.5, 'float', -1.5],
      ['a string', "Jyväskylä '\\ 🇫🇮", 'text', "Jyväskylä '\\ 🇫🇮"],
      ['no letters', '', 'text', ''],
      ['bytes', new Uint8Array([0, 1, 39, 92, 255]), 'bytes', new Uint8Array([0, 1, 39, 92, 255])],
      ['no bytes', new Uint8Array(), 'bytes', new Uint8Array()],
    ] as const)('the value %s', async (_, given, type, expected) => {
      const db = await open()
      for (let round = 0; round < 2; round++) {
        const [row] = await all(db, `select ${v(0, type)} as v`, [given])
        expect(row![0] instanceof Uint8Array ? new Uint8Array(row![0]) : row![0]).toEqual(expected)
      }
    })

    needs('booleans')(`booleans${why('booleans')}`, async () => {
      expect(await all(await open(), `select ${v(0, 'boolean')} as a, ${v(1, 'boolean')} as b`, [true, false])).toEqual(
        [[true, false]],
      )
    })

    const integers =
      'integers of 64 bits, as bigints where asked, else exact numbers or an error that names the way out'
    needs('large integers')(`${integers}${why('large integers')}`, async () => {
      const db = await open()
      const sql = 'select 9007199254740993 as big, 5 as small'
      expect(await all(db, sql, [], true)).toEqual([[9007199254740993n, expect.anything()]])
      expect(await explained(driver, () => db.all(sql, []))).toMatchObject({
        code: 'query',
        message: expect.stringMatching(/9007199254740993.*bigint/),
      })
      expect(await all(db, sql, [], true)).toEqual([[9007199254740993n, expect.anything()]])
      expect(await all(db, 'select 5000000000 as v')).toEqual([[5_000_000_000]])
    })

    test.each([
      ['undefined', undefined, /undefined.*null/],
      ['an object', { a: 1 }, /an object.*codec.*JSON\.stringify/],
      ['a function', () => 1, /a function/],
      ['NaN', Number.NaN, /NaN.*null/],
      ['half a character', 'Oulu\ud83c', /surrogate/],
    ])('%s is refused with its position', async (_, value, message) => {
      const db = await open()
      const sql = `select ${v(0, 'text')} as a, ${v(1, 'text')} as b`
      const error = (await failure(() => db.all(sql, ['x', value]))) as Error
      expect(error).toMatchObject({ code: 'invalid_input' })
      expect(error.message).toMatch(/^Parameter 2 is /)
      expect(error.message).toMatch(message)
      expect(await all(db, sql, ['x', 'y'])).toEqual([['x', 'y']])
    })

    test('constraints, with table, constraint and columns, leave the connection in order', async () => {
      const db = await ground()
      const { details } = texts
      expect(await explained(driver, () => db.run(insert(1), []))).toMatchObject({
        code: 'unique_violation',
        ...details.unique,
      })
      expect(await explained(driver, () => db.run(insert(4, "'XX', 5"), []))).toMatchObject({
        code: 'foreign_key_violation',
        ...details.foreign,
      })
      expect(await explained(driver, () => db.run(insert(4, "'FI', -5"), []))).toMatchObject({
        code: 'check_violation',
        ...details.check,
      })
      expect(await explained(driver, () => db.run("insert into city values (4, null, 'FI', 5)", []))).toMatchObject({
        code: 'not_null_violation',
        ...details.notNull,
      })
      expect(await codeOf(() => db.all('selct 1', []))).toBe('query')
      expect(await codeOf(() => db.all('select 1; select 2', []))).toMatch(/invalid_input|query/)
      expect(await db.run(insert(4), [])).toMatchObject({ changes: 1 })
    })

    test('a text that was prepared before a change of the table', async () => {
      const db = await ground()
      const sql = 'select * from country order by code'
      expect((await all(db, sql))[0]).toEqual(['EE', 'Estonia'])
      await db.script("alter table country add column currency varchar(3) default 'EUR'")
      expect((await all(db, sql))[0]).toEqual(['EE', 'Estonia', 'EUR'])
      if (db.rows === 'array') expect(db.columns(sql)).toEqual(['code', 'name', 'currency'])
    })

    test('more texts than are kept prepared', async () => {
      const db = await open()
      for (let round = 0; round < 2; round++) {
        for (let n = 0; n < 300; n++) {
          expect(await all(db, `select ${n} as n, ${v(0, 'integer')} as v`, [round])).toEqual([[n, round]])
        }
      }
    })

    test('level and access of a transaction are those of the server', async () => {
      const db = await ground()
      const { transaction } = driver.dialect
      for (const [isolation, said] of Object.entries(texts.levels)) {
        const settings = { isolation: isolation as never, access: 'read only' as const }
        for (const sql of transaction.begin(settings)) await db.run(sql, [])
        expect(await all(db, texts.settings)).toEqual([[said, texts.readOnly]])
        expect(db.inTransaction ?? true).toBe(true)
        expect(await codeOf(() => db.run(insert(4), []))).toBe('read_only')
        await db.run(transaction.rollback, [])
        for (const sql of transaction.after(settings)) await db.run(sql, [])
        expect(db.inTransaction ?? false).toBe(false)
      }
      expect(await db.run(insert(4), [])).toMatchObject({ changes: 1 })
    })

    test('savepoints', async () => {
      const db = await ground()
      const { transaction } = driver.dialect
      for (const sql of transaction.begin({})) await db.run(sql, [])
      await db.run(insert(4), [])
      await db.run(transaction.savepoint('one'), [])
      expect(await codeOf(() => db.run(insert(4), []))).toBe('unique_violation')
      await db.run(transaction.rollbackTo('one'), [])
      await db.run(insert(5, "'EE', 5"), [])
      const release = transaction.release('one')
      if (release !== undefined) await db.run(release, [])
      await db.run(transaction.commit, [])
      expect(await all(db, 'select id from city where id > 3 order by id')).toEqual([[4], [5]])
    })

    describe('streams', () => {
      const flat = (chunk: unknown[]): unknown[] => chunk.map((row) => valuesOf(row)[0])

      test.each([
        [5, 2, [[1, 2], [3, 4], [5]]],
        [
          4,
          2,
          [
            [1, 2],
            [3, 4],
          ],
        ],
        [2, 9, [[1, 2]]],
        [0, 9, []],
      ])('%i rows in chunks of %i', async (rows, chunkSize, chunks) => {
        const db = await open()
        const stream = db.stream(texts.numbers, [rows], chunkSize)
        expect((await chunksOf(stream)).map(flat)).toEqual(chunks)
        expect(await stream.next()).toEqual({ done: true, value: undefined })
        expect(await all(db, texts.numbers, [1])).toEqual([[1]])
      })

      test('left, it sets the connection free, however often it is left', async () => {
        const db = await open()
        const stream = db.stream(texts.numbers, [1_000_000], 3)
        expect(flat((await stream.next()).value!)).toEqual([1, 2, 3])
        await stream.return!()
        await stream.return!()
        expect(await stream.next()).toEqual({ done: true, value: undefined })
        expect(await all(db, texts.numbers, [1])).toEqual([[1]])
      })

      test('left before its first chunk, it never opens', async () => {
        const db = await ground()
        const stream = db.stream('select * from city', [], 1)
        await stream.return!()
        expect(await stream.next()).toEqual({ done: true, value: undefined })
      })

      test('that fails at once or in its midst sets the connection free', async () => {
        const db = await open()
        for (const sql of ['select * from nowhere', texts.failing]) {
          const stream = db.stream(sql, [], 1)
          expect(await codeOf(() => chunksOf(stream))).toBe('query')
          expect(await stream.next()).toEqual({ done: true, value: undefined })
          expect(await all(db, texts.numbers, [1])).toEqual([[1]])
        }
      })

      needs('shared streams')(
        `beside other statements, in a transaction and outside${why('shared streams')}`,
        async () => {
          const db = await ground()
          const { transaction } = driver.dialect
          for (const inTransaction of [false, true]) {
            if (inTransaction) for (const sql of transaction.begin({})) await db.run(sql, [])
            const stream = db.stream(texts.numbers, [4], 1)
            expect(flat((await stream.next()).value!)).toEqual([1])
            expect(await db.run(`update city set population = population + ${v(0, 'integer')}`, [1])).toMatchObject({
              changes: 3,
            })
            const second = db.stream(texts.numbers, [3], 2)
            expect(flat((await second.next()).value!)).toEqual([1, 2])
            expect(flat((await stream.next()).value!)).toEqual([2])
            expect(flat((await second.next()).value!)).toEqual([3])
            await stream.return!()
            await second.return!()
            if (inTransaction) await db.run(transaction.commit, [])
          }
          expect(await all(db, 'select population from city where id = 1')).toEqual([[658_002]])
        },
      )

      test('is closed with its connection', async () => {
        const db = await driver.connect('write')
        const stream = db.stream(texts.numbers, [5], 1)
        await stream.next()
        await db.close()
        expect(await stream.next()).toEqual({ done: true, value: undefined })
      })
    })

    needs('cancel')(`cancelled, a statement fails and its connection goes on${why('cancel')}`, async () => {
      const db = await open()
      const running = codeOf(() => db.all(texts.sleep, []))
      // It can be cancelled only once it runs, of which no side tells; to ask again does no harm.
      const asking = setInterval(() => void Promise.resolve(db.cancel!()).catch(() => {}), 20)
      expect(await running).toBe('cancelled')
      clearInterval(asking)
      expect(db.isOpen).toBe(true)
    })

    needs('cancel')(`killed, a connection is lost, and says so${why('cancel')}`, async () => {
      const db = await open()
      expect(db.isOpen).toBe(true)
      const running = codeOf(() => db.all(texts.sleep, []))
      await db.kill!()
      expect(await running).toBe('connection')
      expect(db.isOpen).toBe(false)
      expect(await codeOf(() => db.all('select 1', []))).toBe('connection')
    })

    needs('several')(`a deadlock fails one of two${why('several')}`, async () => {
      await ground()
      const [one, two] = [await open(), await open()]
      const { transaction } = driver.dialect
      for (const db of [one, two]) for (const sql of transaction.begin({})) await db.run(sql, [])
      const set = (id: number): string => `update city set population = 1 where id = ${id}`
      await one.run(set(1), [])
      await two.run(set(2), [])
      const ended = await Promise.allSettled(
        [() => one.run(set(2), []), () => two.run(set(1), [])].map(async (act) => {
          await act()
        }),
      )
      const failed = ended.filter((it) => it.status === 'rejected').map((it) => driver.explainError(it.reason).code)
      expect(failed).toEqual(['deadlock'])
      for (const db of [one, two]) await db.run(transaction.rollback, [])
    })
  })
}
