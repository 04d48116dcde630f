import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { Connection as Library } from 'tedious'
import { afterEach, describe, expect, test } from 'vitest'
import type { Connection, Driver } from '../../src/driver/index.ts'
import { tedious } from '../../src/driver/tedious/index.ts'
import { kanta, table } from '../../src/index.ts'
import { type Answer, TdsServer } from './tds-server.ts'
import * as tds from './tds-token.ts'

/**
 * The real library against a recorded wire: not run against a server. What is tested is how Kanta uses the library and
 * reads what it gives, not what SQL Server does.
 */

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const settings = (port: number) => ({
  server: '127.0.0.1',
  authentication: { type: 'default' as const, options: { userName: 'u', password: 'p' } },
  options: { port, encrypt: false, connectTimeout: 2_000, cancelTimeout: 2_000 },
})

async function serve(answer: Answer): Promise<{ readonly server: TdsServer; readonly driver: Driver }> {
  const server = await TdsServer.start(answer)
  closing.push(() => server.stop())
  return { server, driver: tedious(settings(server.port)) }
}

async function connect(answer: Answer): Promise<{
  readonly server: TdsServer
  readonly driver: Driver
  readonly db: Connection
}> {
  const { server, driver } = await serve(answer)
  const db = await driver.connect('write')
  closing.push(() => db.close())
  return { server, driver, db }
}

/** Rows as `sp_executesql` gives them, and as a batch does. */
function rows(types: Readonly<Record<string, tds.Type<never>>>, values: readonly (readonly unknown[])[]): Answer {
  const body = [tds.columns(types), ...values.map((row) => tds.row(types, row))]
  return ({ kind }) =>
    kind === 'batch'
      ? Buffer.concat([...body, tds.done({ rows: values.length })])
      : Buffer.concat([...body, tds.doneInProc({ rows: values.length }), tds.doneProc()])
}

async function explained(driver: Driver, run: () => unknown): Promise<ReturnType<Driver['explainError']>> {
  try {
    await run()
  } catch (cause) {
    return driver.explainError(cause)
  }
  return expect.fail('Nothing was thrown.')
}

const STOPPED = { code: 'cancelled' }

describe('requests', () => {
  test('without parameters are batches, with them they go by sp_executesql', async () => {
    const { db, server } = await connect(rows({ id: tds.int }, [[1], [2]]))
    expect(await db.all('select id from t', [])).toEqual([[1], [2]])
    expect(await db.all('select id from t where id < @1', [3])).toEqual([[1], [2]])
    expect(server.requests).toEqual([
      { kind: 'batch', sql: 'select id from t' },
      { kind: 'procedure', sql: 'select id from t where id < @1', declared: '@1 int', values: [3] },
    ])
  })

  test('send each value by its type, texts and bytes of all lengths by one', async () => {
    const { db, server } = await connect(rows({ id: tds.int }, []))
    const long = 'ä'.repeat(4_001)
    const values = [1, 2 ** 31, 1.5, 9007199254740993n, -(2n ** 63n), 'ä', long, true, null, new Uint8Array([1, 255])]
    await db.all('…', values)
    expect(server.requests[0]).toMatchObject({
      declared:
        '@1 int, @2 bigint, @3 float, @4 bigint, @5 bigint, @6 nvarchar(4000), @7 nvarchar(max), @8 bit, @9 nvarchar(4000), @10 varbinary(8000)',
      values: [1, 2n ** 31n, ...values.slice(2)],
    })
  })

  test.each([
    [undefined, /undefined/],
    [Number.NaN, /NaN/],
    [Number.POSITIVE_INFINITY, /Infinity/],
    [2n ** 63n, /64 bits/],
    ['\ud800', /surrogate/],
    [new Date(0), /a Date/],
    [[1], /an array/],
    [{ a: 1 }, /an object/],
    [() => 1, /Function/],
  ])('refuse %s', async (value, message) => {
    const { db, driver, server } = await connect(rows({ id: tds.int }, []))
    const error = await explained(driver, () => db.all('…', [1, value]))
    expect(error).toMatchObject({ code: 'invalid_input', message: expect.stringMatching(message) })
    expect(error.message).toMatch(/^Parameter 2 is/)
    expect(server.requests).toEqual([])
  })

  test('the columns are known without rows, and are those of the last text', async () => {
    const { db } = await connect(rows({ id: tds.int, name: tds.nvarchar }, []))
    expect(await db.all('select id, name from t', [])).toEqual([])
    expect(db.columns('select id, name from t')).toEqual(['id', 'name'])
    expect(db.columns('another')).toEqual([])
  })

  test('the first row, with the others unread', async () => {
    const types = { id: tds.int }
    const { db, server } = await connect(({ sql }) => {
      if (sql === 'none') return Buffer.concat([tds.columns(types), tds.done({ rows: 0 })])
      return sql === 'endless' ? endless(types, (i) => [i]) : Buffer.concat([...few(types), tds.done({ rows: 3 })])
    })
    expect(await db.first('none', [])).toBeUndefined()
    expect(await db.first('few', [])).toEqual([0])
    expect(await db.first('endless', [])).toEqual([0])
    expect(await db.all('few', [])).toEqual([[0], [1], [2]])
    expect(server.requests).toHaveLength(4)
  })

  test('a write tells of the rows that its own statement changed', async () => {
    const { db } = await connect(({ kind }) =>
      kind === 'batch'
        ? tds.done({ rows: 4 })
        : // A trigger has changed 7 rows before.
          Buffer.concat([tds.doneInProc({ rows: 7 }), tds.doneInProc({ rows: 3 }), tds.doneProc()]),
    )
    expect(await db.run('delete from t', [])).toEqual({ changes: 4, insertId: undefined })
    expect(await db.run('delete from t where id > @1', [1])).toEqual({ changes: 3, insertId: undefined })
  })

  test('text of the user: rows, or what it changed, or both', async () => {
    const { db } = await connect((request, socket) =>
      request.sql === 'update t' ? tds.done({ rows: 5 }) : rows({ id: tds.int }, [[1], [2]])(request, socket),
    )
    expect(await db.execute('select id from t', [])).toEqual({ rows: [[1], [2]], changes: 0, insertId: undefined })
    expect(await db.execute('update t', [])).toEqual({ rows: [], changes: 5, insertId: undefined })
    const output = 'update t set x = 1 output inserted.id'
    expect(await db.execute(output, [])).toEqual({ rows: [[1], [2]], changes: 2, insertId: undefined })
  })

  test('the rows of two queries in one text are refused, and not taken for those of one', async () => {
    const types = { id: tds.int }
    const result = Buffer.concat([tds.columns(types), tds.row(types, [1])])
    const { db, driver } = await connect(({ sql }) =>
      sql === 'two'
        ? Buffer.concat([result, tds.done({ rows: 1, more: true }), result, tds.done({ rows: 1 })])
        : Buffer.concat([result, tds.done({ rows: 1 })]),
    )
    expect(await explained(driver, () => db.all('two', []))).toMatchObject({ code: 'invalid_input' })
    expect(await db.all('one', [])).toEqual([[1]])
  })

  test('one at a time', async () => {
    const { db, driver } = await connect(rows({ id: tds.int }, [[1]]))
    const first = db.all('select 1', [])
    expect(await explained(driver, () => db.all('select 2', []))).toMatchObject({ code: 'busy' })
    expect(await first).toEqual([[1]])
  })
})

const few = (types: Readonly<Record<string, tds.Type<never>>>): Buffer[] => [
  tds.columns(types),
  ...[0, 1, 2].map((i) => tds.row(types, [i])),
]

function* endless(types: Readonly<Record<string, tds.Type<never>>>, cells: (i: number) => unknown[]): Iterable<Buffer> {
  yield tds.columns(types)
  for (let i = 0; ; i++) yield tds.row(types, cells(i))
}

describe('values', () => {
  async function read(types: Readonly<Record<string, tds.Type<never>>>, values: readonly unknown[], bigints = false) {
    const { db, driver } = await connect(rows(types, [values]))
    return { driver, row: () => db.all('select …', [], bigints) }
  }

  test.each([
    ['an int', tds.int, -7, -7],
    ['a bigint that a number can hold', tds.bigint, -9007199254740991n, -9007199254740991],
    ['a bit', tds.bit, true, true],
    ['a float', tds.float, 0.1, 0.1],
    ['a text', tds.nvarchar, 'ä\u{1f600}', 'ä\u{1f600}'],
    ['an empty text', tds.nvarchar, '', ''],
    ['a text of any length', tds.nvarcharMax, 'ä'.repeat(9_000), 'ä'.repeat(9_000)],
    ['bytes', tds.varbinary, new Uint8Array([0, 255]), new Uint8Array([0, 255])],
    ['a decimal', tds.decimal(8, 2), 1250n, '12.50'],
    ['a negative decimal', tds.decimal(38, 10), -1n, '-0.0000000001'],
    ['the longest decimal that is exact', tds.decimal(38, 2), 999999999999999n, '9999999999999.99'],
    ['a decimal without a fraction', tds.decimal(18, 0), 42n, '42'],
    ['a date', tds.date, '2024-02-29', '2024-02-29'],
    ['a date long ago', tds.date, '0001-01-01', '0001-01-01'],
    ['a time', tds.time, '23:59:59.9999999', '23:59:59.9999999'],
    ['a datetime2', tds.datetime2, '2024-02-29 12:30:00.1234567', '2024-02-29 12:30:00.1234567'],
    ['a datetimeoffset', tds.datetimeoffset(120), '2024-02-29 12:30:00.0000001', '2024-02-29 12:30:00.0000001 +00:00'],
    ['a datetime', tds.datetime, [45_349, 300], '2024-02-29 00:00:01.000'],
    ['a uniqueidentifier', tds.guid, Buffer.alloc(16, 0xab), 'ABABABAB-ABAB-ABAB-ABAB-ABABABABABAB'],
  ] as const)('%s', async (_, type, sent, expected) => {
    const { row } = await read({ v: type as tds.Type<never>, n: type as tds.Type<never> }, [sent, null])
    const [[found, none]] = (await row()) as [[unknown, unknown]]
    expect(found).toEqual(expected)
    expect(Buffer.isBuffer(found)).toBe(false)
    expect(none).toBeNull()
  })

  test('bigints where they are asked for', async () => {
    const { row } = await read({ big: tds.bigint, small: tds.int }, [9007199254740993n, 1], true)
    expect(await row()).toEqual([[9007199254740993n, 1]])
  })

  test('an integer that a number cannot hold is an error that names the way out', async () => {
    const { row, driver } = await read({ big: tds.bigint }, [9007199254740993n])
    expect(await explained(driver, row)).toMatchObject({
      code: 'query',
      message: expect.stringMatching(/c\.bigint\(\)/),
    })
  })

  test.each([10n ** 16n + 1n, -(10n ** 37n), 2n ** 52n])(
    'the decimal %s is an error, and not rounded',
    async (digits) => {
      const { row, driver } = await read({ v: tds.decimal(38, 4) }, [digits])
      expect(await explained(driver, row)).toMatchObject({
        code: 'query',
        message: expect.stringMatching(/more than 15 digits.*cast\(… as varchar\(40\)\)/),
      })
    },
  )
})

describe('streams', () => {
  const types = { id: tds.int, text: tds.nvarchar }
  const TEXT = 'x'.repeat(1_000)

  test('in chunks, and all of the rows', async () => {
    const { db } = await connect(rows({ id: tds.int }, [[1], [2], [3], [4], [5]]))
    const found: unknown[] = []
    for await (const chunk of db.stream('select id from t where id < @1', [9], 2) as AsyncIterable<unknown[]>)
      found.push(...chunk)
    expect(found).toEqual([[1], [2], [3], [4], [5]])
    expect(await db.all('select id from t', [])).toHaveLength(5)
  })

  test('of no rows', async () => {
    const { db } = await connect(rows({ id: tds.int }, []))
    const stream = db.stream('select id from t', [], 2) as AsyncIterableIterator<unknown[]>
    expect(await stream.next()).toEqual({ done: true, value: undefined })
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })

  test('that nobody reads hold the server back, and leave the connection usable', async () => {
    const { db, server } = await connect(({ sql }) =>
      sql === 'endless'
        ? endless(types, (i) => [i, TEXT])
        : rows({ id: tds.int }, [[1]])({ kind: 'batch', sql }, null!),
    )
    const stream = db.stream('endless', [], 10) as AsyncIterableIterator<unknown[]>
    const { value } = (await stream.next()) as { value: readonly [number, string][] }
    expect(value[0]).toEqual([0, TEXT])
    // Without back-pressure this never comes to an end.
    for (let sent = -1, quiet = 0; quiet < 500; quiet = sent === server.sent ? quiet + 1 : 0) {
      sent = server.sent
      await new Promise(setImmediate)
    }
    const next = (await stream.next()) as { value: readonly [number, string][] }
    expect(next.value[0]![0]).toBe(value.length)
    await stream.return!()
    await stream.return!()
    expect(await stream.next()).toEqual({ done: true, value: undefined })
    expect(await db.all('select 1', [])).toEqual([[1]])
  })

  test('left before their first chunk never begin', async () => {
    const { db, server } = await connect(rows({ id: tds.int }, [[1]]))
    const stream = db.stream('select 1', [], 1) as AsyncIterableIterator<unknown[]>
    await stream.return!()
    expect(await stream.next()).toEqual({ done: true, value: undefined })
    expect(server.requests).toEqual([])
  })

  test('that fail in their midst leave the connection usable', async () => {
    const only = { id: tds.int }
    const { db, driver } = await connect(({ sql }) =>
      sql === 'fails'
        ? Buffer.concat([...few(only), tds.error(8134, 'Divide by zero error encountered.'), tds.done({ error: true })])
        : Buffer.concat([...few(only), tds.done({ rows: 3 })]),
    )
    const stream = db.stream('fails', [], 2) as AsyncIterableIterator<unknown[]>
    expect((await stream.next()).value).toEqual([[0], [1]])
    expect(await explained(driver, () => stream.next())).toMatchObject({ code: 'query' })
    expect(await stream.next()).toEqual({ done: true, value: undefined })
    expect(await db.all('works', [])).toHaveLength(3)
  })

  test('while one is open other statements wait', async () => {
    const { db, driver } = await connect(() => endless({ id: tds.int }, (i) => [i]))
    const stream = db.stream('endless', [], 1) as AsyncIterableIterator<unknown[]>
    await stream.next()
    expect(await explained(driver, () => db.run('update t', []))).toMatchObject({
      code: 'busy',
      message: expect.stringContaining('open stream'),
    })
    await stream.return!()
  })

  test('need a chunk size of 1 or more', async () => {
    const { db, driver } = await connect(rows({ id: tds.int }, []))
    expect(await explained(driver, () => db.stream('select 1', [], 0))).toMatchObject({ code: 'invalid_input' })
  })
})

describe('cancellation', () => {
  test('reaches the server, and the connection can be used again', async () => {
    const { db, driver, server } = await connect((request, socket) =>
      request.sql === 'waitfor' ? undefined : rows({ id: tds.int }, [[1]])(request, socket),
    )
    const waiting = explained(driver, () => db.all('waitfor', []))
    while (server.requests.length === 0) await new Promise(setImmediate)
    await db.cancel!()
    expect(await waiting).toMatchObject(STOPPED)
    expect(db.isOpen).toBe(true)
    expect(await db.all('select 1', [])).toEqual([[1]])
    // Nothing runs, so nothing is cancelled.
    await db.cancel!()
    expect(await db.all('select 1', [])).toEqual([[1]])
  })

  test('by killing the connection', async () => {
    const { db, driver, server } = await connect(() => undefined)
    const waiting = explained(driver, () => db.all('waitfor', []))
    while (server.requests.length === 0) await new Promise(setImmediate)
    await db.kill!()
    expect(await waiting).toMatchObject({ code: 'connection' })
    await db.close()
    expect(db.isOpen).toBe(false)
    while (server.clients > 0) await new Promise(setImmediate)
  })

  test('a timeout of the library', async () => {
    const server = await TdsServer.start(() => undefined)
    closing.push(() => server.stop())
    const given = settings(server.port)
    const driver = tedious({ ...given, options: { ...given.options, requestTimeout: 20 } })
    const db = await driver.connect('write')
    closing.push(() => db.close())
    expect(await explained(driver, () => db.all('waitfor', []))).toMatchObject({ code: 'timeout' })
  })
})

describe('transactions', () => {
  test('are what the server says they are', async () => {
    const tokens = { begin: 'begin', commit: 'commit', rollback: 'rollback' } as const
    const { db, driver, server } = await connect(({ sql }) => {
      const [word] = sql.split(' ')
      if (word === 'deadlock')
        return Buffer.concat([
          tds.error(
            1205,
            'Transaction (Process ID 5) was deadlocked on lock resources and has been chosen as the victim.',
            13,
          ),
          tds.transaction('rollback'),
          tds.done({ error: true }),
        ])
      return word! in tokens ? Buffer.concat([tds.transaction(tokens[word as 'begin']), tds.done()]) : tds.done()
    })
    const { transaction } = driver.dialect
    expect(db.inTransaction).toBe(false)
    for (const sql of transaction.begin({ isolation: 'snapshot' })) await db.script(sql)
    expect(db.inTransaction).toBe(true)
    await db.script(transaction.commit)
    expect(db.inTransaction).toBe(false)
    for (const sql of transaction.after({ isolation: 'snapshot' })) await db.script(sql)
    await db.script('begin transaction')
    expect(await explained(driver, () => db.run('deadlock', []))).toMatchObject({ code: 'deadlock' })
    expect(db.inTransaction).toBe(false)
    expect(server.requests.map(({ kind, sql }) => `${kind}: ${sql}`)).toEqual([
      'batch: set transaction isolation level snapshot',
      'batch: begin transaction',
      'batch: commit transaction',
      'batch: set transaction isolation level read committed',
      'batch: begin transaction',
      'batch: deadlock',
    ])
  })
})

describe('errors', () => {
  // The texts are those of sys.messages, with names in their places.
  test.each([
    [
      2627,
      "Violation of PRIMARY KEY constraint 'PK_person'. Cannot insert duplicate key in object 'dbo.person'. The duplicate key value is (1).",
      { code: 'unique_violation', table: 'person', constraint: 'PK_person' },
    ],
    [
      2601,
      "Cannot insert duplicate key row in object 'dbo.person' with unique index 'person_name'. The duplicate key value is (Ada).",
      { code: 'unique_violation', table: 'person', constraint: 'person_name' },
    ],
    [
      547,
      'The INSERT statement conflicted with the FOREIGN KEY constraint "FK_pet_owner". The conflict occurred in database "db", table "dbo.person", column \'id\'.',
      { code: 'foreign_key_violation', table: 'person', constraint: 'FK_pet_owner', columns: ['id'] },
    ],
    [
      547,
      'The DELETE statement conflicted with the REFERENCE constraint "FK_pet_owner". The conflict occurred in database "db", table "dbo.pet", column \'owner_id\'.',
      { code: 'foreign_key_violation', table: 'pet', constraint: 'FK_pet_owner', columns: ['owner_id'] },
    ],
    [
      547,
      'The UPDATE statement conflicted with the CHECK constraint "CK_age". The conflict occurred in database "db", table "dbo.person", column \'age\'.',
      { code: 'check_violation', table: 'person', constraint: 'CK_age', columns: ['age'] },
    ],
    [
      515,
      "Cannot insert the value NULL into column 'name', table 'db.dbo.pet'; column does not allow nulls. INSERT fails.",
      { code: 'not_null_violation', table: 'pet', columns: ['name'] },
    ],
    [
      3960,
      "Snapshot isolation transaction aborted due to update conflict. You cannot use snapshot isolation to access table 'dbo.t' directly or indirectly in database 'db'.",
      { code: 'serialization_failure' },
    ],
    [1222, 'Lock request time out period exceeded.', { code: 'timeout' }],
    [3906, 'Failed to update database "db" because the database is read-only.', { code: 'read_only' }],
    [3903, 'The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION.', { code: 'transaction' }],
    [208, "Invalid object name 'nowhere'.", { code: 'query' }],
    [
      544,
      "Cannot insert explicit value for identity column in table 'pet' when IDENTITY_INSERT is set to OFF.",
      { code: 'query', message: expect.stringMatching(/identity_insert/) },
    ],
  ])('%i: %s', async (number, message, expected) => {
    const { db, driver } = await connect(() =>
      Buffer.concat([tds.error(number, message), tds.doneInProc({ error: true }), tds.doneProc({ error: true })]),
    )
    expect(await explained(driver, () => db.run('…', [1]))).toMatchObject(expected)
  })

  test('of several the one that tells most', async () => {
    const { db, driver } = await connect(() =>
      Buffer.concat([
        tds.error(3609, 'The transaction ended in the trigger. The batch has been aborted.'),
        tds.error(1205, 'Transaction (Process ID 5) was deadlocked on lock resources.'),
        tds.done({ error: true }),
      ]),
    )
    expect(await explained(driver, () => db.run('…', []))).toMatchObject({ code: 'deadlock' })
  })

  test('a connection that dies in a query, and its next use', async () => {
    const { db, driver } = await connect((_, socket) => {
      socket.destroy()
      return undefined
    })
    expect(await explained(driver, () => db.all('select 1', []))).toMatchObject({ code: 'connection' })
    while (db.isOpen) await new Promise(setImmediate)
    expect(await explained(driver, () => db.all('select 1', []))).toMatchObject({ code: 'connection' })
  })

  test('a connection that is closed', async () => {
    const { db, driver } = await connect(() => tds.done())
    await db.close()
    await db.close()
    expect(await explained(driver, () => db.all('select 1', []))).toMatchObject({ code: 'closed' })
  })

  test('a login that is refused', async () => {
    const refusal = Buffer.concat([tds.error(18456, "Login failed for user 'u'.", 14), tds.done({ error: true })])
    const server = await TdsServer.start(() => tds.done(), refusal)
    closing.push(() => server.stop())
    const driver = tedious(settings(server.port))
    expect(await explained(driver, () => driver.connect('write'))).toMatchObject({
      code: 'connection',
      message: expect.stringMatching(/Login failed/),
    })
  })

  test('a server that hangs up', async () => {
    const hangingUp = createServer((socket) => socket.destroy())
    hangingUp.listen(0, '127.0.0.1')
    await once(hangingUp, 'listening')
    closing.push(() => hangingUp.close())
    const driver = tedious(settings((hangingUp.address() as AddressInfo).port))
    expect(await explained(driver, () => driver.connect('write'))).toMatchObject({ code: 'connection' })
  })

  test('no server', async () => {
    const { server, driver } = await serve(() => tds.done())
    await server.stop()
    closing.length = 0
    expect(await explained(driver, () => driver.connect('write'))).toMatchObject({ code: 'connection' })
  })
})

describe('options', () => {
  test.each([
    ['no options', undefined, /settings of a connection/],
    ['no server', { options: {} }, /name of a server/],
    ['a wrong max', { server: 'x', max: 0 }, /max of tedious\(\) is a whole number, 1 or more/],
    ['a misspelt option', { server: 'x', userName: 'u' }, /no option 'userName'/],
    ['local times', { server: 'x', options: { useUTC: false } }, /useUTC/],
    ['rows by name', { server: 'x', options: { useColumnNames: true } }, /useColumnNames/],
    ['names without quotes', { server: 'x', options: { enableQuotedIdentifier: false } }, /enableQuotedIdentifier/],
    ['a connection that is none', { connection: 'x' }, /a function that makes a connection/],
  ])('%s', (_, options, message) => {
    expect(() => tedious(options as never)).toThrow(message)
  })

  test("connections of the user's own making", async () => {
    const { server } = await serve(rows({ id: tds.int }, [[1]]))
    const driver = tedious({ connection: () => new Library(settings(server.port)), max: 2 })
    const db = await driver.connect('write')
    closing.push(() => db.close())
    expect(await db.all('select 1', [])).toEqual([[1]])
    const given = settings(server.port)
    const local = new Library({ ...given, options: { ...given.options, useUTC: false } })
    const wrong = tedious({ connection: () => local })
    expect(await explained(wrong, () => wrong.connect('write'))).toMatchObject({ code: 'invalid_input' })
    local.close()
  })
})

describe('a database', () => {
  const person = table('person', (c) => ({
    id: c.integer().primaryKey(),
    active: c.boolean(),
    balance: c.bigint().nullable(),
    price: c.decimal(8, 2),
    born: c.date(),
    seen: c.timestamp(),
    meta: c.json(),
    key: c.uuid(),
  }))
  const types = {
    id: tds.int,
    active: tds.bit,
    balance: tds.bigint,
    price: tds.decimal(8, 2),
    born: tds.date,
    seen: tds.datetimeoffset(60),
    meta: tds.nvarcharMax,
    key: tds.guid,
  }
  const cells = [
    1,
    true,
    9007199254740993n,
    250n,
    '2024-02-29',
    '2024-02-29 12:30:00.5000000',
    '{"a":[1]}',
    Buffer.alloc(16, 0xab),
  ]
  const decoded = {
    id: 1,
    active: true,
    balance: 9007199254740993n,
    price: '2.50',
    born: '2024-02-29',
    seen: new Date('2024-02-29T12:30:00.500Z'),
    meta: { a: [1] },
    key: 'abababab-abab-abab-abab-abababababab',
  }

  async function open(answer: Answer) {
    const { driver, server } = await serve(answer)
    const db = kanta({ driver, schema: { person } })
    closing.push(() => db.destroy())
    return { db, server }
  }

  test('reads rows by their columns, at once, one by one, and those that a write gives back', async () => {
    const { db, server } = await open(rows(types, [cells]))
    expect(await db.selectFrom(person).selectAll().execute()).toEqual([decoded])
    expect(await db.selectFrom('person').selectAll().where('id', '=', 1).executeTakeFirst()).toEqual(decoded)
    for await (const row of db.selectFrom('person').selectAll().stream(1)) expect(row).toEqual(decoded)
    const { id: _, ...row } = decoded
    expect(await db.insertInto('person').values(row).outputAll('inserted').execute()).toEqual([decoded])
    expect(server.requests.at(-1)).toEqual({
      kind: 'procedure',
      sql: 'insert into "person" ("active", "balance", "price", "born", "seen", "meta", "key") output "inserted".* values (@1, @2, @3, @4, @5, @6, @7)',
      declared:
        '@1 int, @2 bigint, @3 nvarchar(4000), @4 nvarchar(4000), @5 nvarchar(4000), @6 nvarchar(4000), @7 nvarchar(4000)',
      values: [1, 9007199254740993n, '2.50', '2024-02-29', '2024-02-29T12:30:00.500Z', '{"a":[1]}', decoded.key],
    })
  })

  test('a transaction with its level and a savepoint', async () => {
    const { db, server } = await open(({ sql }) => {
      if (sql === 'begin transaction') return Buffer.concat([tds.transaction('begin'), tds.done()])
      if (sql === 'commit transaction') return Buffer.concat([tds.transaction('commit'), tds.done()])
      return sql.startsWith('delete') ? Buffer.concat([tds.doneInProc({ rows: 1 }), tds.doneProc()]) : tds.done()
    })
    await db
      .transaction()
      .setIsolationLevel('serializable')
      .execute(async (trx) => {
        await expect(
          trx.transaction().execute(async () => {
            throw new Error('undone')
          }),
        ).rejects.toThrow('undone')
        await trx.transaction().execute((inner) => inner.deleteFrom('person').where('id', '=', 1).execute())
      })
    expect(server.requests.map(({ sql }) => sql)).toEqual([
      'set transaction isolation level serializable',
      'begin transaction',
      'save transaction "kanta_1"',
      'rollback transaction "kanta_1"',
      'save transaction "kanta_1"',
      'delete from "person" where "id" = @1',
      'commit transaction',
      'set transaction isolation level read committed',
    ])
  })

  test('a commit whose connection dies has an unknown outcome, and the next query a new connection', async () => {
    const { db } = await open((request, socket) => {
      if (request.sql === 'begin transaction') return Buffer.concat([tds.transaction('begin'), tds.done()])
      if (request.sql !== 'commit transaction') return rows({ id: tds.int }, [[1]])(request, socket)
      socket.destroy()
      return undefined
    })
    const commit = db.transaction().execute((trx) => trx.selectFrom('person').select('id').execute())
    await expect(commit).rejects.toMatchObject({ code: 'unknown_outcome' })
    expect(await db.selectFrom('person').select('id').execute()).toEqual([{ id: 1 }])
  })

  test('an abort reaches the server', async () => {
    const { db, server } = await open((request, socket) =>
      request.sql.includes('where') ? undefined : rows({ id: tds.int }, [[1]])(request, socket),
    )
    const aborting = new AbortController()
    const slow = db.selectFrom('person').select('id').where('id', '=', 1)
    const query = slow.execute({ signal: aborting.signal })
    while (server.requests.length === 0) await new Promise(setImmediate)
    aborting.abort()
    await expect(query).rejects.toMatchObject({ code: 'cancelled' })
    expect(await db.selectFrom('person').select('id').execute()).toEqual([{ id: 1 }])
  })
})
