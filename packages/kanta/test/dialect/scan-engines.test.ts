import { describe, expect, inject, test } from 'vitest'
import { tokens } from '../../src/dialect/index.ts'
import type { Connection, Driver } from '../../src/driver/index.ts'
import { mariadb } from '../../src/driver/mysql2/index.ts'
import { pg } from '../../src/driver/pg/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'

const { postgres, mariadb: maria } = inject('servers')

/** Texts of one value on which readers of SQL disagree; the database is asked what they are. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  sqlite: ["'a\\'", "'a''b'", "'--'", "'/*' /* ' */", "'a' -- \r ' \n", "\ufeff'a'", "'a' /* /* */", "'a' /* '"],
  postgres: [
    ...[
      "'a\\'",
      "E'a\\'b'",
      "e'\\x41\\u0042\\103\\n'",
      "U&'\\0041\\+000042\\\\'",
      "$$a';b$$",
      '$é$ $$ $é$',
      '$😀$a$😀$',
    ],
    ...["'a'\n'b'", "'a' -- it's\n 'b''c'", "E'a'\n'\\'b'", "'a' /* /* ' */ ' */", "'a' -- \r", "N'a'"],
  ],
  mariadb: [
    ...["'a\\'b'", '"a\\"b"', "'a''b'", "'\\n\\Z\\%\\_\\0\\q'", "'a' # '\n", "'a' -- '\n", "'a' /* /* */", "N'a\\'b'"],
    ...["/*! 'a' */", "/*!50000 'a' */ /* ' */", "/*M!100000 'a' */", "'a' --\x01 '"],
  ],
}

const drivers: Readonly<Record<string, Driver | undefined>> = {
  sqlite: sqlite(':memory:'),
  postgres: 'missing' in postgres ? undefined : pg(postgres),
  mariadb: 'missing' in maria ? undefined : mariadb(maria),
}

describe.each(Object.entries(drivers))('%s', (name, driver) => {
  const ask = async (sql: string): Promise<unknown> => {
    const connection = (await driver!.connect('write')) as Connection
    try {
      return Object.values((await connection.first(sql, [])) as object)[0]
    } finally {
      await connection.close()
    }
  }

  test.skipIf(driver === undefined).each(VALUES[name]!)('%j is what the database reads', async (text) => {
    const sql = `select ${text}`
    const [, literal, ...more] = tokens(sql, driver!.dialect.lexis)
    expect(more).toEqual([])
    expect(literal).toMatchObject({ kind: 'string', value: await ask(sql) })
  })
})

test.skipIf(drivers.mariadb === undefined)('mariadb: what is no comment, a number or a name is none', async () => {
  const connection = (await drivers.mariadb!.connect('write')) as Connection
  try {
    const first = async (sql: string) => Object.values((await connection.first(sql, [])) as object)[0]
    // Without space behind them two signs are a double negation.
    expect(Number(await first('select 5--1'))).toBe(6)
    expect(Number(await first('select 5 --\u00a01\n from (select 1 as `\u00a01`) as t'))).toBe(6)
    expect(await first('select t.1a from (select 7 as 1a) as t')).toBe(7)
    await connection.script('create temporary table scanned (id int primary key auto_increment, a int)')
    expect(await connection.run('/* a comment */ insert into scanned (a) values (?)', [1])).toMatchObject({
      insertId: 1,
    })
  } finally {
    await connection.close()
  }
})

test.skipIf(drivers.postgres === undefined)(
  'postgres: a commit behind a comment that rolled back is an error',
  async () => {
    const connection = (await drivers.postgres!.connect('write')) as Connection
    try {
      await connection.run('begin', [])
      await expect(async () => connection.run('select 1 / 0', [])).rejects.toThrow()
      await expect(async () => connection.run('/* a comment */ commit', [])).rejects.toThrow(
        'not committed but rolled back',
      )
    } finally {
      await connection.close()
    }
  },
)
