import { afterEach, describe, expect, test } from 'vitest'
import type { Connection, Driver, Role } from '../../src/driver/index.ts'
import { KantaError } from '../../src/error/index.ts'
import { temporaryFolder } from './folder.ts'

/** What a driver of SQLite is made with here. */
export interface MakeOptions {
  readonly path: string
  readonly busyTimeout?: number
  readonly readers?: number
  readonly statementCache?: number
  readonly preset?: 'production' | 'read-only' | 'test'
  readonly onConnect?: (connection: Connection, role: Role) => void | Promise<void>
}

const CITIES = `
  create table country(code text primary key, name text not null) without rowid;
  create table city(
    id integer primary key, name text not null, country text references country(code), population integer,
    constraint populated check (population > 0), unique (name, country)
  );
  create unique index city_upper on city(upper(name), population);
  insert into country values ('FI', 'Finland'), ('EE', 'Estonia');
  insert into city values (1, 'Helsinki', 'FI', 658000), (2, 'Tampere', 'FI', 244000), (3, 'Tallinn', 'EE', 437000);
`

/** Holds a driver of SQLite to the contract of `Connection` and `Driver`, in memory and on files. */
export function driverSuite(name: string, make: (options: MakeOptions) => Driver): void {
  describe.each(['memory', 'file'] as const)(`${name} (%s)`, (place) => {
    const folder = temporaryFolder()
    const opened: Connection[] = []
    afterEach(() => {
      for (const connection of opened.splice(0)) connection.close()
    })

    const driver = (options: Partial<MakeOptions> = {}): Driver =>
      make({ path: place === 'memory' ? ':memory:' : folder.path('test.db'), ...options })

    /** An open connection to a database with cities. */
    const open = (from: Driver = driver()): Connection => {
      const connection = from.connect('write') as Connection
      opened.push(connection)
      connection.script(CITIES)
      return connection
    }

    /** A row as its values, whichever way the connection gives it. */
    const valuesOf = (row: unknown): unknown[] => Object.values(row as object)
    const all = (on: Connection, sql: string, parameters: unknown[] = [], bigints = false) =>
      (on.all(sql, parameters, bigints) as unknown[]).map(valuesOf)

    const failure = (act: () => unknown): unknown => {
      try {
        act()
      } catch (error) {
        return error
      }
      throw new Error('It did not fail.')
    }
    /** What the driver says of the error that `act` throws. */
    const explained = (from: Driver, act: () => unknown) => {
      const { code, message, table, columns, constraint } = from.explainError(failure(act))
      return { code, message, ...(table && { table }), ...(columns && { columns }), ...(constraint && { constraint }) }
    }

    describe('statements', () => {
      test('all rows, the first, and none', () => {
        const db = open()
        expect(all(db, 'select id, name from city order by id')).toEqual([
          [1, 'Helsinki'],
          [2, 'Tampere'],
          [3, 'Tallinn'],
        ])
        expect(all(db, 'select id from city where id > ?', [9])).toEqual([])
        expect(valuesOf(db.first('select name from city where id = ?', [2]))).toEqual(['Tampere'])
        expect(db.first('select name from city where id = ?', [9])).toBeUndefined()
      })

      test('rows come as the connection says', () => {
        const db = open()
        const row = db.first('select id, name from city where id = ?', [1])
        if (db.rows === 'array') {
          expect(row).toEqual([1, 'Helsinki'])
          expect(db.columns('select id, name from city where id = ?')).toEqual(['id', 'name'])
        } else expect({ ...(row as object) }).toEqual({ id: 1, name: 'Helsinki' })
      })

      test.each([0, 1, 2, 3, 4, 7])('%i parameters, in their order, and again with others', (count) => {
        const db = open()
        const sql = `select ${['0', ...Array<string>(count).fill('?')].map((part, i) => `${part} as c${i}`).join(', ')}`
        for (const from of [1, 100]) {
          const parameters = Array.from({ length: count }, (_, i) => `v${from + i}`)
          expect(all(db, sql, parameters)).toEqual([[0, ...parameters]])
          expect(valuesOf(db.first(sql, parameters))).toEqual([0, ...parameters])
        }
      })

      test('what looks like a parameter and is none', () => {
        const db = open()
        const sql = `select '?' || ' :a '' ?' as "a?""?", [name] as [b?], \`id\` as c$1 -- ? :x
          /* ? @y */ from city where id = ? /* ?`
        expect(all(db, sql, [1])).toEqual([["? :a ' ?", 'Helsinki', 1]])
      })

      test('run tells what it changed, and nothing of statements before', () => {
        const db = open()
        const run = (sql: string, parameters: unknown[] = []) => db.run(sql, parameters)
        expect(run("insert into city values (?, 'Turku', 'FI', 195000)", [7])).toEqual({ changes: 1, insertId: 7 })
        expect(run('update city set population = population + 1')).toEqual({ changes: 4, insertId: undefined })
        expect(run('create table other (a)')).toEqual({ changes: 0, insertId: undefined })
        expect(run('begin')).toEqual({ changes: 0, insertId: undefined })
        expect(run('delete from city where id > ?', [2])).toEqual({ changes: 2, insertId: undefined })
        expect(run('commit')).toEqual({ changes: 0, insertId: undefined })
        expect(run('update city set id = id where id = 99')).toEqual({ changes: 0, insertId: undefined })
        expect(run("insert or ignore into city values (1, 'Helsinki', 'FI', 1)")).toEqual({
          changes: 0,
          insertId: undefined,
        })
        expect(run('/* c */ -- c\n insert into other values (1)')).toEqual({ changes: 1, insertId: 1 })
      })

      test('an inserted id beyond what a number can hold is exact', () => {
        const db = open()
        db.script('create table big (id integer primary key)')
        expect(db.run('insert into big values (?)', [2n ** 62n + 1n])).toEqual({ changes: 1, insertId: 2n ** 62n + 1n })
      })

      test('execute knows by itself whether there are rows', () => {
        const db = open()
        const execute = (sql: string, parameters: unknown[] = []) => {
          const { rows, changes, insertId } = db.execute(sql, parameters) as Awaited<ReturnType<Connection['execute']>>
          return { rows: rows.map(valuesOf), changes, insertId }
        }
        expect(execute("insert into country values ('SE', 'Sweden')").changes).toBe(1)
        expect(execute('select name from country where code = ?', ['SE'])).toEqual({
          rows: [['Sweden']],
          changes: 0,
          insertId: undefined,
        })
        expect(
          execute("insert into city values (?, 'Turku', 'FI', 1), (?, 'Oulu', 'FI', 1) returning name", [7, 8]),
        ).toEqual({ rows: [['Turku'], ['Oulu']], changes: 2, insertId: 8 })
        expect(execute('update city set id = id where false returning id')).toEqual({
          rows: [],
          changes: 0,
          insertId: undefined,
        })
        expect(execute('create table other (a)')).toEqual({ rows: [], changes: 0, insertId: undefined })
        expect(execute('with a as (select 1) select * from a')).toEqual({
          rows: [[1]],
          changes: 0,
          insertId: undefined,
        })
      })

      test('a first row of returning leaves no row unwritten', () => {
        const db = open()
        expect(valuesOf(db.first("insert into country values ('SE', 'S'), ('NO', 'N') returning code", []))).toEqual([
          'SE',
        ])
        expect(all(db, 'select count(*) from country')).toEqual([[4]])
      })

      test('columns, with and without rows', () => {
        const db = open()
        expect(db.columns('select id as a, name from city where false')).toEqual(['a', 'name'])
        expect(db.columns('delete from city')).toEqual([])
      })

      test('a script runs all of its statements', () => {
        const db = open()
        db.script("create table a (b text default '?'); create table c (d); insert into c values (1), (2)")
        expect(all(db, 'select count(*) from c')).toEqual([[2]])
      })

      test('a text that was prepared before a change of the table', () => {
        const db = open()
        const sql = 'select * from country order by code'
        expect(all(db, sql)[0]).toEqual(['EE', 'Estonia'])
        db.script("alter table country add column currency text default 'EUR'")
        expect(all(db, sql)[0]).toEqual(['EE', 'Estonia', 'EUR'])
        expect(db.columns(sql)).toEqual(['code', 'name', 'currency'])
      })

      test('more texts than are kept prepared', () => {
        const db = open(driver({ statementCache: 4 }))
        for (let round = 0; round < 3; round++) {
          for (let n = 0; n < 10; n++) expect(all(db, `select ${n}, ?`, [round])).toEqual([[n, round]])
          for (let n = 0; n < 10; n++) expect(all(db, `select ${n % 2}, ?`, [n])).toEqual([[n % 2, n]])
        }
      })
    })

    describe('values', () => {
      const bytes = new Uint8Array([0, 1, 2, 255])
      test.each([
        ['null', null, 'null'],
        ['an integer', 12, 'real'],
        ['a fraction', -1.5, 'real'],
        ['minus zero', -0, 'real'],
        ['infinity', Number.POSITIVE_INFINITY, 'real'],
        ['a number beyond 53 bits', 2 ** 60, 'real'],
        ['a string', 'Jyväskylä 🇫🇮', 'text'],
        ['no letters', '', 'text'],
        ['NUL', 'a\0b', 'text'],
        ['bytes', bytes, 'blob'],
        ['a part of bytes', bytes.subarray(1, 3), 'blob'],
        ['no bytes', new Uint8Array(), 'blob'],
        ['a Buffer', Buffer.from('abc'), 'blob'],
      ])('%s', (_, value, type) => {
        const db = open()
        const [row] = all(db, 'select ? as v, typeof(?) as t', [value, value])
        expect(row![0] instanceof Uint8Array ? [...row![0]] : row![0]).toEqual(
          value instanceof Uint8Array ? [...value] : value,
        )
        expect(row![1]).toBe(type)
      })

      test('booleans are the integers 1 and 0', () => {
        expect(all(open(), 'select ? as a, ? as b, typeof(?) as c', [true, false, true])).toEqual([[1, 0, 'integer']])
        expect(all(open(), 'select ?', [true])).toEqual([[1]])
      })

      test('bigints, on the same text with and without', () => {
        const db = open()
        const most = 2n ** 63n - 1n
        expect(all(db, 'select ? as a, 2 as b, 1.5 as c', [most], true)).toEqual([[most, 2n, 1.5]])
        expect(all(db, 'select ? as a, 2 as b, 1.5 as c', [5n])).toEqual([[5, 2, 1.5]])
        expect(valuesOf(db.first('select ? as a, 2 as b, 1.5 as c', [-most - 1n], true))).toEqual([-most - 1n, 2n, 1.5])
        expect(valuesOf(db.first('select ? as a, 2 as b, 1.5 as c', [6], true))).toEqual([6, 2n, 1.5])
      })

      const detached = () => undefined
      test.each([
        ['undefined', undefined, /undefined.*null/],
        ['NaN', Number.NaN, /NaN.*null/],
        ['a Date', new Date(0), /a Date.*codec.*toISOString/],
        ['an object', { a: 1 }, /an object.*codec.*JSON\.stringify/],
        ['an empty object', {}, /an object.*codec/],
        ['an array', ['x'], /an array.*codec/],
        ['an empty array', [], /an array.*codec/],
        ['a Map', new Map(), /a Map.*codec/],
        ['a boxed string', Object('x'), /a String.*codec/],
        ['a function', detached, /a function/],
        ['a symbol', Symbol('x'), /a symbol/],
        ['a DataView', new DataView(new ArrayBuffer(2)), /a DataView.*new Uint8Array/],
        ['floats', new Float64Array(1), /a Float64Array.*new Uint8Array/],
        ['an ArrayBuffer', new ArrayBuffer(2), /an? ArrayBuffer.*new Uint8Array/],
        ['a bigint of 65 bits', 2n ** 63n, /bigint 9223372036854775808.*64 bits/],
        ['half a character', 'Oulu\ud83c', /surrogate.*toWellFormed/],
      ])('%s is refused with its position', (_, value, message) => {
        const db = open()
        for (const count of [1, 2, 3, 5]) {
          for (let at = 0; at < count; at++) {
            const parameters = Array.from({ length: count }, (_, i) => (i === at ? value : `v${i}`))
            const sql = `select ${Array(count).fill('?').join(', ')}`
            for (const act of [
              () => db.all(sql, parameters),
              () => db.first(sql, parameters),
              () => db.run(sql, parameters),
              () => db.execute(sql, parameters),
              () => db.stream(sql, parameters, 1),
            ]) {
              const error = failure(act) as KantaError
              expect(error).toBeInstanceOf(KantaError)
              expect(error.code).toBe('invalid_input')
              expect(error.message).toMatch(new RegExp(`^Parameter ${at + 1} is `))
              expect(error.message).toMatch(message)
            }
          }
        }
      })

      test('too few or too many, named and numbered parameters', () => {
        const db = open()
        const refused = (sql: string, parameters: unknown[]) => {
          const error = failure(() => db.all(sql, parameters)) as KantaError
          expect(error.code).toBe('invalid_input')
          return error.message
        }
        expect(refused('select ?, ?', [1])).toBe('The text takes 2 parameters, not 1. Give one value for each ?.')
        expect(refused('select ?', [1, 2])).toBe('The text takes 1 parameter, not 2. Give one value for each ?.')
        expect(refused('select 1', [null])).toMatch('takes 0 parameters, not 1')
        for (const parameter of [':a', '@a', '$a', '?1', '?12']) {
          expect(refused(`select 1 + ${parameter} + 2`, [1])).toContain(`the parameter ${parameter},`)
        }
        expect(failure(() => db.script('select ?'))).toMatchObject({ code: 'invalid_input' })
      })

      test('one statement at a time, and no text that SQLite would cut', () => {
        const db = open()
        const from = driver()
        expect(explained(from, () => db.all('select 1; select 2', []))).toMatchObject({
          code: 'invalid_input',
          message: expect.stringContaining('more than one statement'),
        })
        expect(all(db, ' select 1 ; -- and; no more\n /* ; */ ; ')).toEqual([[1]])
        expect(explained(from, () => db.all(' -- nothing', []))).toMatchObject({ code: 'invalid_input' })
        expect(explained(from, () => db.all("select '\0'", []))).toMatchObject({ code: 'invalid_input' })
        expect(explained(from, () => db.script("select '\0'"))).toMatchObject({ code: 'invalid_input' })
      })
    })

    describe('streams', () => {
      const NUMBERS = 'with recursive n(i) as (select 1 union all select i + 1 from n where i < ?) select i from n'
      const flat = (chunk: unknown[]) => chunk.map((row) => valuesOf(row)[0])

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
        [1, 1, [[1]]],
      ])('%i rows in chunks of %i', (rows, chunkSize, chunks) => {
        const stream = open().stream(NUMBERS, [rows], chunkSize) as IterableIterator<unknown[]>
        expect([...stream].map(flat)).toEqual(chunks)
        expect(stream.next()).toEqual({ done: true, value: undefined })
      })

      test('of no rows, of bigints, and of returning', () => {
        const db = open()
        expect([...(db.stream('select 1 where false', [], 5) as Iterable<unknown[]>)]).toEqual([])
        expect([...(db.stream('select 2', [], 5, true) as Iterable<unknown[]>)].map(flat)).toEqual([[2n]])
        const returning = db.stream("insert into country values ('SE', 'S') returning code", [], 5) as Iterable<
          unknown[]
        >
        expect([...returning].map(flat)).toEqual([['SE']])
        expect(all(db, 'select count(*) from country')).toEqual([[3]])
      })

      test('reads as it is asked, and sets the connection free when it is left', () => {
        const db = open()
        const endless = db.stream(
          'with recursive n(i) as (select 1 union all select i + 1 from n) select i from n',
          [],
          3,
        )
        expect(flat((endless.next() as IteratorResult<unknown[]>).value)).toEqual([1, 2, 3])
        endless.return!()
        endless.return!()
        expect(endless.next()).toEqual({ done: true, value: undefined })
        db.script('drop table city')
      })

      test('left before its first chunk, it never opens', () => {
        const db = open()
        const stream = db.stream('select * from city', [], 1)
        stream.return!()
        expect(stream.next()).toEqual({ done: true, value: undefined })
        db.script('drop table city')
      })

      test('is not disturbed by the same text running meanwhile', () => {
        const db = open()
        const sql = 'select id from city order by id'
        expect(all(db, sql)).toEqual([[1], [2], [3]])
        const stream = db.stream(sql, [], 1) as IterableIterator<unknown[]>
        expect(flat(stream.next().value)).toEqual([1])
        expect(all(db, sql)).toEqual([[1], [2], [3]])
        const second = db.stream(sql, [], 2) as IterableIterator<unknown[]>
        expect(flat(second.next().value)).toEqual([1, 2])
        expect(flat(stream.next().value)).toEqual([2])
        expect(flat(second.next().value)).toEqual([3])
        expect(flat(stream.next().value)).toEqual([3])
        stream.return!()
      })

      test('other statements run meanwhile exactly where the driver says so', () => {
        const from = driver()
        const db = open(from)
        const stream = db.stream('select id from city', [], 1)
        stream.next()
        const write = () => db.run('update city set population = 1', [])
        if (from.sharesStreams) write()
        else
          expect(explained(from, write)).toMatchObject({
            code: 'busy',
            message: expect.stringContaining('open stream'),
          })
        stream.return!()
        expect(write()).toMatchObject({ changes: 3 })
      })

      test('that fails in its midst sets the connection free', () => {
        const from = driver()
        const db = open(from)
        const stream = db.stream(
          'select abs(case id when 2 then -9223372036854775808 else id end) from city order by id',
          [],
          1,
        )
        stream.next()
        expect(explained(from, () => stream.next())).toMatchObject({ code: 'query' })
        expect(stream.next()).toEqual({ done: true, value: undefined })
        db.script('drop table city')
      })

      test('is closed with its connection', () => {
        const db = open()
        const stream = db.stream('select id from city', [], 1)
        stream.next()
        db.close()
        expect(stream.next()).toEqual({ done: true, value: undefined })
      })

      test('needs a chunk size of 1 or more', () => {
        const db = open()
        expect(failure(() => db.stream('select 1', [], 0))).toMatchObject({ code: 'invalid_input' })
      })
    })

    describe('errors', () => {
      const from = make({ path: ':memory:' })
      const insert = (...values: unknown[]) => {
        const db = open()
        return () => db.run('insert into city values (?, ?, ?, ?)', values)
      }

      test('of constraints say which', () => {
        expect(explained(from, insert(9, 'Helsinki', 'FI', 5))).toMatchObject({
          code: 'unique_violation',
          table: 'city',
          columns: ['name', 'country'],
          message:
            "A row of 'city' with this name, country is already there. Use another value, or say with onConflict what is to happen.",
        })
        expect(explained(from, insert(1, 'Oulu', 'FI', 5))).toMatchObject({
          code: 'unique_violation',
          table: 'city',
          columns: ['id'],
        })
        expect(explained(from, insert(9, 'helsinki', 'FI', 658000))).toMatchObject({
          code: 'unique_violation',
          constraint: 'city_upper',
        })
        expect(explained(from, insert(9, null, 'FI', 5))).toMatchObject({
          code: 'not_null_violation',
          table: 'city',
          columns: ['name'],
        })
        expect(explained(from, insert(9, 'Oulu', 'FI', -5))).toMatchObject({
          code: 'check_violation',
          constraint: 'populated',
        })
        expect(explained(from, insert(9, 'Oulu', 'XX', 5))).toMatchObject({ code: 'foreign_key_violation' })
      })

      test('of a key without rowid, of odd names, of types, of triggers', () => {
        const db = open()
        db.script(`
          create table odd ("a.b" text, "c, d" text, unique ("a.b", "c, d"));
          create table exact (n integer) strict;
          create trigger keep before delete on city begin select raise(abort, 'cities stay'); end;
        `)
        expect(explained(from, () => db.run("insert into country values ('FI', 'x')", []))).toMatchObject({
          code: 'unique_violation',
          table: 'country',
          columns: ['code'],
        })
        db.run("insert into odd values ('a', 'b')", [])
        expect(explained(from, () => db.run("insert into odd values ('a', 'b')", []))).toMatchObject({
          code: 'unique_violation',
          table: 'odd',
          columns: ['a.b', 'c, d'],
        })
        expect(explained(from, () => db.run("insert into exact values ('x')", []))).toMatchObject({
          code: 'constraint_violation',
          table: 'exact',
          columns: ['n'],
        })
        expect(explained(from, () => db.run('delete from city', []))).toEqual({
          code: 'constraint_violation',
          message: 'A trigger refused the statement: cities stay.',
        })
        expect(explained(from, () => db.run("insert into city (id, name) values ('x', 'y')", []))).toMatchObject({
          code: 'invalid_input',
        })
      })

      test('of texts keep what the database said', () => {
        const db = open()
        for (const [sql, said] of [
          ['selec 1', 'near "selec": syntax error'],
          ['select * from nowhere', 'no such table: nowhere'],
          ['select mayor from city', 'no such column: mayor'],
        ] as const) {
          const { code, message } = explained(from, () => db.all(sql, []))
          expect(code).toBe('query')
          expect(message).toContain(said)
        }
      })

      test('of a closed connection', () => {
        const db = open()
        db.all('select 1', [])
        db.close()
        db.close()
        for (const act of [
          () => db.all('select 1', []),
          () => db.first('select 1', []),
          () => db.run('select 1', []),
          () => db.execute('select 1', []),
          () => (db.stream('select 1', [], 1) as Iterator<unknown>).next(),
          () => db.script('select 1'),
        ]) {
          expect(explained(from, act)).toMatchObject({ code: 'closed' })
        }
      })

      test('what is already an error of Kanta stays as it is', () => {
        const error = new KantaError('check_violation', 'said', { table: 'city' })
        expect(from.explainError(error)).toBe(error)
        expect(from.explainError('thrown text')).toMatchObject({ code: 'query', message: 'thrown text.' })
        expect(from.explainError(undefined)).toMatchObject({ code: 'query' })
      })
    })

    test('whether a transaction is open', () => {
      const db = open()
      expect(db.inTransaction).toBe(false)
      db.run('begin immediate', [])
      expect(db.inTransaction).toBe(true)
      db.run('rollback', [])
      expect(db.inTransaction).toBe(false)
    })

    test('foreign keys are enforced, deferred ones at the commit', () => {
      const from = driver()
      const db = open(from)
      db.script('create table visit (city integer references city(id) deferrable initially deferred)')
      db.run('begin', [])
      db.run('insert into visit values (99)', [])
      expect(explained(from, () => db.run('commit', []))).toMatchObject({ code: 'foreign_key_violation' })
      db.run('rollback', [])
    })

    describe('onConnect', () => {
      test('sees each connection and its role before anyone else', async () => {
        const roles: Role[] = []
        const from = driver({
          onConnect: (connection, role) => {
            roles.push(role)
            connection.script('create temp table if not exists greeted (a)')
          },
        })
        const db = open(from)
        expect(all(db, 'select * from greeted')).toEqual([])
        expect(roles).toEqual(['write'])
      })

      test('may take its time', async () => {
        const from = driver({
          onConnect: async (connection) => void (await connection.script('create temp table t (a)')),
        })
        const connection = await from.connect('write')
        expect(all(connection, 'select * from t')).toEqual([])
        connection.close()
      })

      test.each([
        [
          'at once',
          () => {
            throw new Error('not today')
          },
        ],
        ['later', () => Promise.reject(new Error('not today'))],
      ])('that fails %s closes the connection', async (_, fail) => {
        let seen: Connection | undefined
        const from = driver({
          onConnect: (connection) => {
            seen = connection
            return fail()
          },
        })
        const error = await (async () => from.connect('write'))().catch((error) => error)
        expect(error).toMatchObject({ code: 'connection', message: expect.stringContaining('not today') })
        expect(error.cause).toEqual(new Error('not today'))
        expect(explained(from, () => seen!.all('select 1', []))).toMatchObject({ code: 'closed' })
      })
    })
  })

  fileSuite(name, make)
}

/** What only files have: several connections, presets, and failures of the file itself. */
function fileSuite(name: string, make: (options: MakeOptions) => Driver): void {
  describe(`${name} (several connections)`, () => {
    const folder = temporaryFolder()
    const opened: Connection[] = []
    afterEach(() => {
      for (const connection of opened.splice(0)) connection.close()
    })
    const connect = (driver: Driver, role: Role = 'write'): Connection => {
      const connection = driver.connect(role) as Connection
      opened.push(connection)
      return connection
    }
    const value = (on: Connection, sql: string): unknown => Object.values(on.first(sql, []) as object)[0]
    const explained = (driver: Driver, act: () => unknown) => {
      try {
        act()
      } catch (error) {
        return driver.explainError(error)
      }
      throw new Error('It did not fail.')
    }

    test('a reader neither waits for an open write nor sees it', () => {
      const driver = make({ path: folder.path('readers.db'), busyTimeout: 0 })
      const reader = connect(driver, 'read')
      const writer = connect(driver)
      writer.script('create table t (a); insert into t values (1)')
      writer.run('begin immediate', [])
      writer.run('insert into t values (2)', [])
      expect(value(reader, 'select count(*) from t')).toBe(1)
      const stream = reader.stream('select a from t', [], 1)
      stream.next()
      writer.run('commit', [])
      stream.return!()
      expect(value(reader, 'select count(*) from t')).toBe(2)
    })

    test('a reader cannot write', () => {
      const driver = make({ path: folder.path('readers.db') })
      const reader = connect(driver, 'read')
      connect(driver).script('create table t (a)')
      expect(explained(driver, () => reader.run('insert into t values (1)', []))).toMatchObject({ code: 'read_only' })
      expect(explained(driver, () => reader.script('create table u (a)'))).toMatchObject({ code: 'read_only' })
    })

    test('locks of others are busy', () => {
      const path = folder.path('busy.db')
      const driver = make({ path, busyTimeout: 0 })
      const [one, two] = [connect(driver), connect(make({ path, busyTimeout: 0 }))]
      one.script('create table t (a)')
      one.run('begin immediate', [])
      expect(explained(driver, () => two.run('begin immediate', []))).toMatchObject({
        code: 'busy',
        message: expect.stringContaining('busyTimeout'),
      })
      one.run('commit', [])
      two.run('begin', [])
      two.all('select * from t', [])
      one.run('insert into t values (1)', [])
      expect(explained(driver, () => two.run('insert into t values (2)', []))).toMatchObject({
        code: 'busy',
        message: expect.stringContaining('whole transaction again'),
      })
    })

    test('the presets', () => {
      const pragmas = ['journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout', 'query_only']
      const of = (connection: Connection) => pragmas.map((pragma) => value(connection, `pragma ${pragma}`))
      const path = folder.path('presets.db')
      const production = make({ path })
      expect(production.limits).toEqual({ write: 1, read: 4 })
      expect(of(connect(production))).toEqual(['wal', 1, 1, 5000, 0])
      expect(of(connect(production, 'read'))).toEqual(['wal', 1, 1, 5000, 0])
      const readOnly = make({ path, preset: 'read-only', busyTimeout: 7 })
      expect(of(connect(readOnly))).toEqual(['wal', expect.any(Number), 1, 7, 1])
      const test = make({ path: folder.path('test.db'), preset: 'test' })
      expect(test.limits).toEqual({ write: 1, read: 0 })
      expect(of(connect(test))).toEqual(['memory', 0, 1, 5000, 0])
      expect(make({ path: ':memory:' }).limits).toEqual({ write: 1, read: 0 })
      expect(of(connect(make({ path: ':memory:' })))).toEqual(['memory', 1, 1, 5000, 0])
    })

    test('a read-only database needs the access mode read only', () => {
      const path = folder.path('read-only.db')
      connect(make({ path })).script('create table t (a)')
      const driver = make({ path, preset: 'read-only' })
      const connection = connect(driver)
      expect(explained(driver, () => connection.run('insert into t values (1)', []))).toMatchObject({
        code: 'read_only',
      })
      expect(explained(driver, () => connection.run('begin immediate', []))).toMatchObject({
        code: 'read_only',
        message: expect.stringContaining('access mode read only'),
      })
    })

    test('files that cannot be opened', () => {
      const failing = (options: MakeOptions, role: Role = 'write') => {
        const driver = make(options)
        return explained(driver, () => driver.connect(role))
      }
      const nowhere = `${folder.path('no')}/folder/x.db`
      expect(failing({ path: nowhere })).toMatchObject({
        code: 'connection',
        message: expect.stringMatching(/^The database '.*x\.db' cannot be opened\. .*folder/),
      })
      expect(failing({ path: nowhere }, 'read')).toMatchObject({ code: 'connection' })
      expect(failing({ path: folder.path('missing.db'), preset: 'read-only' })).toMatchObject({ code: 'connection' })
      expect(failing({ path: new URL(import.meta.url).pathname })).toMatchObject({
        code: 'connection',
        message: expect.stringContaining('not a SQLite database'),
      })
    })

    test('the first reader of a new file finds an empty database', () => {
      const driver = make({ path: folder.path('new.db') })
      const reader = connect(driver, 'read')
      expect(value(reader, 'select count(*) from sqlite_schema')).toBe(0)
      connect(driver).script('create table t (a)')
      expect(value(reader, 'select count(*) from sqlite_schema')).toBe(1)
    })
  })
}
