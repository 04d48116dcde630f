import mysql2 from 'mysql2'
import mysql2Promise from 'mysql2/promise'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import { mariadbDialect, mariadbScript } from '../../src/dialect/mysql/index.ts'
import { statementsOf } from '../../src/driver/database/mysql/text.ts'
import type { Connection, Driver } from '../../src/driver/index.ts'
import { defaults, type Mysql2Options, mariadb, mysql } from '../../src/driver/mysql2/index.ts'
import { kanta, sql, table } from '../../src/index.ts'
import { serverDriverSuite } from '../conformance/server-driver.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { mariadbTexts } from './mariadb-texts.ts'

serverDriverSuite('mysql2', {
  engine: mariadbEngine,
  texts: mariadbTexts,
  lacks: {
    booleans: 'they are small integers',
    'shared streams': 'a connection gives the rows of one statement to their end',
  },
})

const server = inject('servers').mariadb
if ('missing' in server) console.warn(server.missing)

const CITIES = `
  create table country (code varchar(2) primary key, name varchar(50) not null);
  create table city (
    id int primary key auto_increment, name varchar(50) not null, country varchar(2), population int,
    constraint in_country foreign key (country) references country (code),
    constraint populated check (population > 0), constraint one_of_a_name unique (name, country)
  );
  insert into country values ('FI', 'Finland'), ('EE', 'Estonia');
  insert into city values (1, 'Helsinki', 'FI', 658000), (2, 'Tampere', 'FI', 244000), (3, 'Tallinn', 'EE', 437000);
`

describe.skipIf('missing' in server)('mysql2 on MariaDB', () => {
  const at = server as Exclude<typeof server, { missing: string }>
  const database = `driver_${process.pid}`
  const opened: Connection[] = []
  const driver = (options: Mysql2Options = {}): Driver => mariadb({ ...at, database, ...options })
  const connect = async (from = driver()): Promise<Connection> => {
    const connection = await from.connect('write')
    opened.push(connection)
    return connection
  }
  const value = async (on: Connection, text: string, parameters: unknown[] = []): Promise<unknown> =>
    ((await on.first(text, parameters)) as unknown[] | undefined)?.[0]
  const explained = async (run: () => unknown, from = driver()): Promise<Record<string, unknown>> => {
    try {
      await run()
    } catch (error) {
      const { code, message, table, constraint, columns } = from.explainError(error)
      return { code, message, ...(table && { table }), ...(constraint && { constraint }), ...(columns && { columns }) }
    }
    return expect.fail('It did not fail.')
  }

  beforeAll(async () => {
    const admin = await mariadb(at).connect('write')
    await admin.script(`create database ${database} character set utf8mb4 collate utf8mb4_bin`)
    await admin.close()
    const setup = await driver().connect('write')
    await setup.script(CITIES)
    await setup.close()
  })
  afterEach(async () => {
    for (const connection of opened.splice(0)) await connection.close()
  })
  afterAll(async () => {
    const admin = await mariadb(at).connect('write')
    await admin.script(`drop database ${database}`)
    await admin.close()
  })

  /** Waits until the server says that a connection is in the midst of a statement. */
  async function busy(id: unknown, state = '%'): Promise<void> {
    const watcher = await connect()
    const text = `select count(*) from information_schema.processlist where id = ? and command = 'Execute' and state like ?`
    while ((await value(watcher, text, [id, state])) !== 1);
  }

  describe('values', () => {
    test.each<[string, unknown, unknown?]>([
      ['a number', 5],
      ['a negative number', -5],
      ['a fraction', 0.1],
      ['the largest number', Number.MAX_SAFE_INTEGER],
      ['a number beyond integers', 1e300],
      ['text', 'it\'s \\ "quoted" ? :x \u0000 and more'],
      ['text of all planes', 'ä€𝄞'],
      ['empty text', ''],
      ['bytes', new Uint8Array([0, 1, 255, 39, 92])],
      ['no bytes', new Uint8Array()],
      ['null', null],
      ['true', true, 1],
    ])('%s comes back', async (_, given, expected = given) => {
      expect(await value(await connect(), 'select ?', [given])).toEqual(expected)
    })

    test('bytes are no Buffer', async () => {
      const found = await value(await connect(), "select x'0102'")
      expect(Object.getPrototypeOf(found)).toBe(Uint8Array.prototype)
    })

    test('integers of 64 bits are exact, or an error', async () => {
      const on = await connect()
      const big = 2n ** 63n - 1n
      expect(await on.all('select ? as a, count(*) as n', [big], true)).toEqual([[big, 1n]])
      expect(await on.all('select ? as a', [2n ** 64n - 1n], true)).toEqual([[2n ** 64n - 1n]])
      const error = await explained(() => on.all('select ? as a', [big]))
      expect(error).toMatchObject({
        code: 'query',
        message: `The column 'a' holds ${big}, which a number cannot hold exactly. Define it as c.bigint(), or cast it to text.`,
      })
      await on.script('create temporary table exact (n bigint)')
      await on.run('insert into exact values (?), (?)', [2n ** 53n, 2n ** 53n + 1n])
      expect(await value(on, 'select count(*) from exact where n = ?', [2n ** 53n + 1n])).toBe(1)
    })

    test('the sum of integers is an integer, decimals are text', async () => {
      const on = await connect()
      const text = 'select sum(id), cast(1.50 as decimal(8, 2)), cast(7 as decimal(8, 0)) from city'
      expect(await on.all(text, [])).toEqual([[6, '1.50', 7]])
      await on.script('create temporary table price (p decimal(8, 0)); insert into price values (7)')
      expect(await on.all('select p from price', [])).toEqual([['7']])
    })

    test('moments are in UTC and come as text, JSON comes as text', async () => {
      const on = await connect()
      await on.script('create temporary table seen (d date, t datetime(6), s timestamp(6), c time(6), j json)')
      const row = ['2024-02-29', '2024-02-29 12:30:00.123456', '2024-02-29 12:30:00.123456', '12:30:00.5', '{"a": 1}']
      await on.run('insert into seen values (?, ?, ?, ?, ?)', row)
      expect(await on.all('select * from seen', [])).toEqual([row])
      expect(await value(on, "select unix_timestamp('1970-01-02 00:00:00')")).toBe(86_400)
    })

    test('what cannot be stored is refused', async () => {
      const on = await connect()
      for (const [given, message] of [
        [undefined, /^Parameter 1 is undefined\. Pass null/],
        [Number.NaN, /^Parameter 1 is NaN/],
        [2n ** 64n, /beyond 64 bits/],
        ['\ud800', /half a surrogate pair/],
        [new Date(0), /a Date\. Give its column a codec/],
        [[1], /an array/],
        [{}, /an object/],
        [Symbol('s'), /a symbol/],
      ] as const) {
        expect(await explained(() => on.all('select ?', [given]))).toMatchObject({
          code: 'invalid_input',
          message: expect.stringMatching(message),
        })
      }
      for (const parameters of [[], [1, 2]])
        expect(await explained(() => on.all('select ?', parameters))).toMatchObject({
          code: 'invalid_input',
          message: `The text takes 1 parameter, not ${parameters.length}. Give one value for each ?.`,
        })
    })

    test.each(['', 'NO_BACKSLASH_ESCAPES', 'ANSI_QUOTES', 'ANSI,NO_BACKSLASH_ESCAPES', 'TRADITIONAL', 'ORACLE'])(
      'literals mean themselves under the mode %s',
      async (mode) => {
        const on = await connect()
        await on.script(`set sql_mode = '${mode}'`)
        const every = Array.from({ length: 300 }, (_, i) => String.fromCodePoint(i)).join('')
        for (const text of [every, "\\'", "'; drop table city; -- ", '\\', 'a\\', "''", '"', '`', '\u0000x', '%_\\%']) {
          expect(await value(on, `select ${mariadbDialect.literal(text)}`)).toBe(text)
          expect(
            await value(
              on,
              `select 1 as ${mariadbDialect.quote(text.replaceAll('\u0000', '').slice(-60).trim() || 'x')}`,
            ),
          ).toBe(1)
        }
        expect(await value(on, `select ${mariadbDialect.literal(0.1)}`)).toBe(0.1)
        expect(await value(on, `select ${mariadbDialect.literal(new Uint8Array([92, 39, 0]))}`)).toEqual(
          new Uint8Array([92, 39, 0]),
        )
      },
    )

    test('a long list in JSON is whole', async () => {
      const on = await connect()
      const text = "select length(json_arrayagg(repeat('x', 100))) from (select 1 from seq_1_to_30000) as s"
      expect(await value(on, text)).toBe(30_000 * 103 + 1)
    })
  })

  describe('statements', () => {
    test('say what they did', async () => {
      const on = await connect()
      await on.script('create temporary table n (id int primary key auto_increment, a int, unique (a))')
      const run = (text: string, parameters: unknown[] = []) => on.run(text, parameters)
      expect(await run('insert into n (a) values (?)', [1])).toEqual({ changes: 1, insertId: 1 })
      expect(await run('insert into n (a) values (2), (3)')).toEqual({ changes: 2, insertId: 2 })
      expect(await run('update n set a = a')).toEqual({ changes: 3, insertId: undefined })
      expect(await run('insert into n (a) values (1) on duplicate key update a = 10')).toMatchObject({ changes: 1 })
      expect(await run('insert ignore into n (a) values (2), (20)')).toMatchObject({ changes: 1 })
      expect((await run('replace into n (id, a) values (1, 2)')).changes).toBe(1)
      expect(await run('delete from n where a = ?', [99])).toEqual({ changes: 0, insertId: undefined })
      expect(await on.execute('insert into n (a) values (30), (31) returning a', [])).toMatchObject({
        rows: [[30], [31]],
        changes: 2,
      })
      expect(await run('insert into n (id, a) values (0, 40)')).toMatchObject({ changes: 1 })
      expect(await value(on, 'select id from n where a = 40')).toBe(0)
    })

    test('columns by name, also after the table has changed', async () => {
      const on = await connect()
      await on.script('create temporary table t (a int); insert into t values (1)')
      expect(await on.all('select * from t', [])).toEqual([[1]])
      expect(on.columns('select * from t')).toEqual(['a'])
      await on.script('alter table t add column b int default 2')
      expect(await on.all('select * from t', [])).toEqual([[1, 2]])
      expect(on.columns('select * from t')).toEqual(['a', 'b'])
    })

    test('more texts than are kept prepared, and no more are kept', async () => {
      const on = await connect(driver({ statementCache: 3 }))
      for (let round = 0; round < 2; round++)
        for (let n = 0; n < 8; n++) expect(await on.all(`select ${n}, ?`, [round])).toEqual([[n, round]])
      const kept = "show session status like 'Com_stmt_%'"
      const status = Object.fromEntries((await on.execute(kept, [])).rows as [string, string][])
      expect(Number(status.Com_stmt_prepare) - Number(status.Com_stmt_close)).toBeLessThanOrEqual(3)
    })

    test('what the protocol of prepared statements does not take', async () => {
      const on = await connect()
      await on.execute('lock tables city read', [])
      await on.execute('unlock tables', [])
      await on.run('create procedure twice(in n int) begin select n; select 2 * n; end', [])
      expect((await on.execute('call twice(?)', [4])).rows).toEqual([[4]])
    })

    test('only one at a time, but for a script', async () => {
      const on = await connect()
      for (const way of ['all', 'run', 'execute'] as const)
        expect(await explained(() => on[way]('do 0; drop table city', []))).toMatchObject({
          code: 'invalid_input',
          message: 'The text holds more than one statement. Run them one by one.',
        })
      await on.script(`
        create temporary table s (a varchar(20) default ';'); -- ; a comment
        insert into s values ('a;\\'b'), ("c"";d"); # another;
        /* ; */ insert into s values (default);
        create procedure three() begin insert into s values ('x'); insert into s values ('y'); end
      `)
      await on.script('call three();;')
      expect(await on.all('select a from s', [])).toEqual([["a;'b"], ['c";d'], [';'], ['x'], ['y']])
    })

    test('the statements of a script', () => {
      const split = (text: string, hasEscapes = true) => statementsOf(text, mariadbScript, hasEscapes)
      expect(split("a; 'b;' ; ;-- c;\n d")).toEqual(['a', "'b;'", 'd'])
      expect(split("select '\\'; x'")).toEqual(["select '\\'; x'"])
      expect(split("select '\\'; x", false)).toEqual(["select '\\'", 'x'])
      expect(split('select 1 -- ;')).toEqual(['select 1'])
      expect(split('select 5--1; x')).toEqual(['select 5--1', 'x'])
      const trigger = 'create trigger t before insert on x for each row begin b; c; end'
      expect(split(`a; ${trigger}; d`)).toEqual(['a', trigger, 'd'])
      expect(split(' ; -- nothing\n')).toEqual([])
    })
  })

  describe('transactions', () => {
    const LEVEL =
      'select trx_isolation_level, trx_is_read_only from information_schema.innodb_trx where trx_mysql_thread_id = ?'

    test.each(['read uncommitted', 'read committed', 'repeatable read', 'serializable'] as const)(
      'are %s at the server',
      async (isolation) => {
        const [on, watcher] = [await connect(), await connect()]
        const id = await value(on, 'select connection_id()')
        for (const text of mariadbDialect.transaction.begin({ isolation, access: 'read write' })) await on.run(text, [])
        await on.all('select * from city where id = 1 for update', [])
        // The server shows what it saw of its transactions when somebody last looked, for a tenth of a second.
        await watcher.all('select sleep(0.15)', [])
        const found = await watcher.first(LEVEL, [id])
        expect(found).toEqual([isolation.toUpperCase(), 0])
        await on.run('rollback', [])
        expect(await value(on, 'select @@tx_isolation')).toBe('REPEATABLE-READ')
      },
    )

    test('read only ones write nothing', async () => {
      const on = await connect()
      for (const text of mariadbDialect.transaction.begin({ access: 'read only' })) await on.run(text, [])
      expect(await explained(() => on.run("insert into country values ('SE', 'Sweden')", []))).toMatchObject({
        code: 'read_only',
      })
      expect(on.inTransaction).toBe(true)
      await on.run('rollback', [])
      expect(await explained(() => mariadbDialect.transaction.begin({ isolation: 'snapshot' }))).toMatchObject({
        code: 'unsupported',
        message: expect.stringContaining("'repeatable read'"),
      })
    })

    test('are seen to begin and end', async () => {
      const on = await connect()
      expect(on.inTransaction).toBe(false)
      await on.run('begin', [])
      expect(on.inTransaction).toBe(true)
      await on.all('select 1', [])
      await explained(() => on.all('selec', []))
      expect(on.inTransaction).toBe(true)
      await on.run('create or replace table ends_it (a int)', [])
      expect(on.inTransaction).toBe(false)
    })

    test('one of two that wait for each other is rolled back, and is known to be', async () => {
      const [one, two] = [await connect(), await connect()]
      for (const on of [one, two]) await on.run('begin', [])
      await one.run('update city set population = 1 where id = 1', [])
      await two.run('update city set population = 2 where id = 2', [])
      const waiting = one.run('update city set population = 1 where id = 2', []) as Promise<unknown>
      const settled = waiting.catch((error) => error)
      await busy(await value(two, 'select connection_id() - 1'), '%')
      const error = await (two.run('update city set population = 2 where id = 1', []) as Promise<unknown>).catch(
        (error) => error,
      )
      const results = [await settled, error]
      const failed = results.findIndex((result) => result instanceof Error)
      expect(driver().explainError(results[failed])).toMatchObject({ code: 'deadlock' })
      expect([one, two][failed]!.inTransaction).toBe(false)
      expect([one, two][1 - failed]!.inTransaction).toBe(true)
      for (const on of [one, two]) await on.run('rollback', [])
    })
  })

  describe('streams', () => {
    const MANY = 'select seq from seq_1_to_100000'

    test('give all rows in chunks', async () => {
      const on = await connect()
      let [rows, sum] = [0, 0]
      for await (const chunk of on.stream(MANY, [], 1000)) {
        expect(chunk).toHaveLength(1000)
        rows += chunk.length
        for (const [n] of chunk as number[][]) sum += n!
      }
      expect([rows, sum]).toEqual([100_000, 5_000_050_000])
      expect(on.columns(MANY)).toEqual(['seq'])
    })

    test('rows are as those of a query', async () => {
      const on = await connect()
      const text = "select ? as a, 9007199254740993 as b, x'01' as c, sum(1) as d"
      for await (const chunk of on.stream(text, ['x'], 2, true)) expect(chunk).toEqual(await on.all(text, ['x'], true))
    })

    test.each([1, 7, 1000])('one that is left leaves its connection as it was (chunks of %i)', async (size) => {
      const on = await connect()
      for (let round = 0; round < 3; round++) {
        for await (const chunk of on.stream('select seq from seq_1_to_10000000', [], size)) {
          expect(chunk).toHaveLength(size)
          break
        }
        expect(await value(on, 'select ?', [round])).toBe(round)
        expect(await on.all('select id from city order by id', [])).toEqual([[1], [2], [3]])
      }
    })

    test('what is not asked for is not read', async () => {
      const on = await connect()
      const before = process.memoryUsage().rss
      const rows = on.stream("select repeat('x', 1000) from seq_1_to_1000000", [], 10) as AsyncIterableIterator<unknown>
      for (let i = 0; i < 100; i++) await rows.next()
      expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20)
      await rows.return!()
      expect(await value(on, 'select 1')).toBe(1)
    })

    test('never begun, begun twice, and failing ones', async () => {
      const on = await connect()
      await (on.stream(MANY, [], 5) as AsyncIterableIterator<unknown>).return!()
      expect(await explained(() => on.stream(MANY, [], 0))).toMatchObject({ code: 'invalid_input' })
      const failing = on.stream('select nothing from city', [], 5) as AsyncIterableIterator<unknown>
      expect(await explained(() => failing.next())).toMatchObject({ code: 'query' })
      expect(await failing.next()).toEqual({ done: true, value: undefined })
      // It fails when some rows have been given.
      const late = on.stream('select seq, (select 1 union select if(seq > 50, 2, 1)) from seq_1_to_100', [], 5)
      const seen: unknown[] = []
      const error = await explained(async () => {
        for await (const chunk of late) seen.push(...chunk)
      })
      expect(error).toMatchObject({ code: 'query' })
      expect(await value(on, 'select 1')).toBe(1)
    })

    test('with a pool of one, a stream that is left by break or error frees the connection', async () => {
      const db = kanta<{ city: { id: number } }>({ driver: driver({ max: 1 }) })
      for await (const row of db.selectFrom('city').select('id').stream(1)) {
        expect(row.id).toBeTypeOf('number')
        break
      }
      const thrown = async (): Promise<void> => {
        for await (const _ of db.selectFrom('city').select('id').stream(1)) throw new Error('enough')
      }
      await expect(thrown()).rejects.toThrow('enough')
      expect(await db.selectFrom('city').select('id').orderBy('id').execute()).toEqual([
        { id: 1 },
        { id: 2 },
        { id: 3 },
      ])
      await db.destroy()
    })
  })

  describe('a statement that takes long', () => {
    const LONG = 'select count(*) from seq_1_to_1000000 as a, seq_1_to_1000000 as b'

    test('is stopped, and the connection goes on', async () => {
      const on = await connect()
      const id = await value(on, 'select connection_id()')
      const error = explained(() => on.all(LONG, []))
      await busy(id)
      await on.cancel!()
      expect(await error).toMatchObject({ code: 'cancelled' })
      expect(on.isOpen).toBe(true)
      expect(await value(on, 'select 1')).toBe(1)
    })

    test('ends with its connection', async () => {
      const on = await connect()
      const id = await value(on, 'select connection_id()')
      const error = explained(() => on.all(LONG, []))
      await busy(id)
      await on.kill!()
      expect(await error).toMatchObject({ code: 'connection' })
      expect(on.isOpen).toBe(false)
      expect(on.inTransaction).toBe(false)
      const watcher = await connect()
      const gone = 'select count(*) from information_schema.processlist where id = ?'
      while ((await value(watcher, gone, [id])) !== 0);
      expect(await explained(() => on.all('select 1', []))).toMatchObject({ code: 'connection' })
    })

    test('is stopped by the server after a time', async () => {
      const on = await connect(driver({ statementTimeout: 50 }))
      expect(await explained(() => on.all(LONG, []))).toMatchObject({
        code: 'timeout',
        message: expect.stringContaining('statementTimeout'),
      })
      expect(await value(on, 'select 1')).toBe(1)
    })

    test('loses its connection when the server ends that', async () => {
      const [on, other] = [await connect(), await connect()]
      const id = await value(on, 'select connection_id()')
      const error = explained(() => on.all(LONG, []))
      await busy(id)
      await other.run(`kill ${id}`, [])
      expect(await error).toMatchObject({ code: 'connection' })
      expect(on.isOpen).toBe(false)
    })
  })

  describe('errors', () => {
    test('of constraints say which', async () => {
      const on = await connect()
      const insert = (...row: unknown[]) => explained(() => on.run('insert into city values (?, ?, ?, ?)', row))
      expect(await insert(9, 'Helsinki', 'FI', 5)).toEqual({
        code: 'unique_violation',
        message:
          "A row of 'city' with this name, country is already there. Use another value, or say with onDuplicateKeyUpdate() what is to happen.",
        table: 'city',
        constraint: 'one_of_a_name',
        columns: ['name', 'country'],
      })
      expect(await insert(1, 'Oulu', 'FI', 5)).toMatchObject({ code: 'unique_violation', columns: ['id'] })
      expect(await insert(9, null, 'FI', 5)).toMatchObject({
        code: 'not_null_violation',
        table: 'city',
        columns: ['name'],
      })
      expect(await explained(() => on.run('insert into `city` (`id`) values (9)', []))).toMatchObject({
        code: 'not_null_violation',
        table: 'city',
        columns: ['name'],
      })
      expect(await insert(9, 'Oulu', 'FI', -5)).toMatchObject({
        code: 'check_violation',
        table: 'city',
        constraint: 'populated',
      })
      expect(await insert(9, 'Oulu', 'XX', 5)).toMatchObject({
        code: 'foreign_key_violation',
        table: 'city',
        constraint: 'in_country',
        columns: ['country'],
        message: expect.stringContaining('refers to one that is not there'),
      })
      expect(await explained(() => on.run("delete from country where code = 'FI'", []))).toMatchObject({
        code: 'foreign_key_violation',
        table: 'city',
        constraint: 'in_country',
        message: expect.stringContaining('still referred to'),
      })
      expect(await explained(() => on.run('update city set id = 1 where id = 2', []))).toMatchObject({
        code: 'unique_violation',
        table: 'city',
        columns: ['id'],
      })
    })

    test('of values and texts', async () => {
      const on = await connect()
      for (const [text, code] of [
        ["insert into city (name, population) values ('x', 99999999999)", 'invalid_input'],
        ["insert into city (name, population) values ('x', 'y')", 'invalid_input'],
        [`insert into city (name) values ('${'x'.repeat(60)}')`, 'invalid_input'],
        ["select cast('x' as", 'query'],
        ['select * from nowhere', 'query'],
        ['select mayor from city', 'query'],
        ['', 'invalid_input'],
        ["signal sqlstate '45000' set message_text = 'cities stay'", 'constraint_violation'],
      ] as const)
        expect(await explained(() => on.execute(text, []))).toMatchObject({ code })
    })

    test('of locks', async () => {
      const [one, two] = [await connect(), await connect()]
      await one.run('begin', [])
      await one.run('update city set population = 1 where id = 1', [])
      expect(await explained(() => two.all('select * from city where id = 1 for update nowait', []))).toMatchObject({
        code: 'timeout',
      })
      expect(await two.all('select id from city where id < 3 for update skip locked', [])).toEqual([[2]])
      await one.run('rollback', [])
    })

    test('of connections that cannot be made', async () => {
      for (const options of [
        { password: 'wrong' },
        { database: 'nowhere' },
        { port: 1 },
        { host: 'no.such.host.invalid' },
      ]) {
        const from = driver(options)
        expect(await explained(() => from.connect('write'), from)).toMatchObject({ code: 'connection' })
      }
      const other = mysql({ ...at, database })
      expect(await explained(() => other.connect('write'), other)).toMatchObject({
        code: 'connection',
        message: expect.stringMatching(/^The server is MariaDB \(.*Use mariadb\(\) from kanta\/mysql2\.$/),
      })
    })

    test('of a closed connection, and what is no error of the server', async () => {
      const on = await connect()
      await on.close()
      await on.close()
      for (const run of [() => on.all('select 1', []), () => on.run('begin', []), () => on.script('select 1')])
        expect(await explained(run)).toMatchObject({ code: 'closed' })
      expect(driver().explainError('thrown text')).toEqual({ code: 'query', message: 'thrown text.' })
      expect(driver().explainError(undefined)).toMatchObject({ code: 'query' })
      // Galera: a node that has left the others.
      const alone = Object.assign(new Error('WSREP has not yet prepared node for application use'), { errno: 1047 })
      expect(driver().explainError(alone)).toMatchObject({ code: 'connection' })
    })
  })

  describe('what it is made of', () => {
    const city = table('city', (c) => ({ id: c.integer().primaryKey(), name: c.text() }))

    test.each<[string, () => { readonly driver: Driver; readonly end: () => Promise<void> | void }]>([
      [
        'a URL',
        () => ({
          driver: mariadb(`mariadb://${at.user}:${at.password}@${at.host}:${at.port}/${database}`),
          end: () => {},
        }),
      ],
      [
        'a pool with callbacks, whatever its settings',
        () => {
          const pool = mysql2.createPool({ ...at, database, connectionLimit: 2, decimalNumbers: true })
          return { driver: mariadb(pool), end: () => new Promise((resolve) => pool.end(() => resolve())) }
        },
      ],
      [
        'a pool with promises',
        () => {
          const pool = mysql2Promise.createPool({ ...at, database, typeCast: () => 'x' })
          return { driver: mariadb({ pool: pool as never, max: 2 }), end: () => pool.end() }
        },
      ],
    ])('%s', async (_, make) => {
      const { driver: from, end } = make()
      const db = kanta({ driver: from, schema: { city } })
      expect(await db.selectFrom(city).select('name').where('id', '=', 1).execute()).toEqual([{ name: 'Helsinki' }])
      const price = await db.selectNoFrom(sql<string>`cast(1.50 as decimal(8, 2))`.as('p')).execute()
      expect(price).toEqual([{ p: '1.50' }])
      for await (const row of db.selectFrom(city).select('id').orderBy('id').stream(1)) {
        expect(row).toEqual({ id: 1 })
        break
      }
      await db.destroy()
      await end()
    })

    test('as many connections as it is told', () => {
      expect(defaults.max).toBe(10)
      expect(driver().limits).toEqual({ write: 10, read: 0 })
      expect(driver({ max: 3 }).limits).toEqual({ write: 3, read: 0 })
      const pool = mysql2.createPool({ ...at, connectionLimit: 4 })
      expect(mariadb(pool).limits.write).toBe(4)
      pool.end(() => {})
    })

    test.each<[unknown, RegExp]>([
      [undefined, /takes a URL, options or a pool/],
      ['nonsense', /has no scheme/],
      ['postgres://localhost', /Use pg\(\) of kanta\/pg/],
      ['mysql://localhost/x?ssl=1', /Give \?ssl=1 as options/],
      [{ hots: 'x' }, /no option 'hots'\. Did you mean 'host'\?/],
      [{ max: 0 }, /max of mariadb is a whole number, 1 or more/],
      [{ statementTimeout: -1 }, /statementTimeout/],
      [{ connection: { dateStrings: false } }, /sets dateStrings itself/],
      [{ pool: {} }, /none of mysql2's/],
      [{ pool: { getConnection: () => {} }, host: 'x' }, /Give one of the two/],
    ])('refuses %j', (given, message) => {
      expect(() => mariadb(given as never)).toThrow(message)
    })
  })
})
