import mysql2 from 'mysql2'
import { describe, expect, inject, test } from 'vitest'
import type { Driver } from '../../src/driver/index.ts'
import { mariadb } from '../../src/driver/mysql2/index.ts'
import { kanta, sql, table } from '../../src/index.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { pglite } from '../engine/pglite.ts'
import { postgres } from '../engine/postgres.ts'

const sample = table('sample', (c) => ({
  id: c.integer().primaryKey(),
  at: c.timestamp(),
  day: c.date(),
  x: c.real(),
  bytes: c.bytes(),
  text: c.text(),
}))
const ROW = {
  id: 1,
  at: new Date('2024-02-03T04:05:06.789Z'),
  day: '2024-02-03',
  x: 0.1 + 0.2,
  bytes: new Uint8Array([0, 92, 255]),
  text: '',
}

/** Writes a row and reads it back, by one statement and by several. */
async function writeAndRead(driver: Driver): Promise<unknown[]> {
  const db = kanta({ driver, schema: { sample } })
  try {
    await db.schema.createTable(sample).execute()
    await db.insertInto('sample').values(ROW).execute()
    await db
      .insertInto('sample')
      .values([
        { ...ROW, id: 2 },
        { ...ROW, id: 3 },
      ])
      .execute()
    return await db.selectFrom('sample').selectAll().orderBy('id').execute()
  } finally {
    await db.destroy()
  }
}

const ROWS = [ROW, { ...ROW, id: 2 }, { ...ROW, id: 3 }]

const POSTGRES = [
  ['DateStyle', 'SQL, DMY'],
  ['extra_float_digits', '0'],
  ['extra_float_digits', '-5'],
  ['TimeZone', 'Asia/Kolkata'],
  ['bytea_output', 'escape'],
  ['IntervalStyle', 'iso_8601'],
  ['quote_all_identifiers', 'on'],
  ['array_nulls', 'off'],
  ['transform_null_equals', 'on'],
] as const

describe.each([postgres, pglite])('settings of $name', (engine) => {
  test.skipIf(engine.missing !== undefined)('of a database change no value', async () => {
    const place = await engine.create()
    const admin = kanta<any>({ driver: place.driver() })
    for (const [name, value] of POSTGRES)
      await sql`alter database ${sql.id(place.database)} set ${sql.id(name)} to ${sql.lit(value)}`.execute(admin)
    if (engine === pglite)
      await sql
        .raw(POSTGRES.map(([name, value]) => `set ${name} to '${value}'`).join(';'))
        .execute(admin)
        .catch(() => {})
    await admin.destroy()
    try {
      expect(await writeAndRead(place.driver())).toEqual(ROWS)
    } finally {
      await place.drop()
    }
  })
})

test.skipIf(postgres.missing !== undefined)('intervals and nulls in arrays have one form', async () => {
  const place = await postgres.create()
  const admin = kanta<any>({ driver: place.driver() })
  for (const [name, value] of POSTGRES)
    await sql`alter database ${sql.id(place.database)} set ${sql.id(name)} to ${sql.lit(value)}`.execute(admin)
  await admin.destroy()
  const db = kanta<any>({ driver: place.driver() })
  try {
    const { rows } =
      await sql`select '1 day 02:00'::interval as span, '{NULL}'::text[] as list, null = 1 as no`.execute(db)
    expect(rows).toEqual([{ span: '1 day 02:00:00', list: [null], no: null }])
  } finally {
    await db.destroy()
    await place.drop()
  }
})

const MARIADB = [
  'autocommit = 0',
  "sql_mode = 'ORACLE,EMPTY_STRING_IS_NULL,PAD_CHAR_TO_FULL_LENGTH,ANSI_QUOTES,PIPES_AS_CONCAT'",
  "time_zone = '+05:30'",
  "character_set_results = 'latin1'",
  'completion_type = 1',
  'sql_select_limit = 1',
  'foreign_key_checks = 0',
]

describe.skipIf(mariadbEngine.missing !== undefined)('settings of MariaDB', () => {
  const server = inject('servers').mariadb

  test('of a connection change no value and lose no write', async () => {
    const place = await mariadbEngine.create()
    const pool = mysql2.createPool({ ...(server as object), database: place.database, connectionLimit: 1 })
    pool.on('connection', (connection) => connection.query(`set ${MARIADB.join(', ')}`))
    try {
      expect(await writeAndRead(mariadb({ pool }))).toEqual(ROWS)
      // It was committed.
      const later = kanta({ driver: place.driver(), schema: { sample } })
      expect(await later.selectFrom('sample').select('id').execute()).toHaveLength(3)
      await later.destroy()
    } finally {
      await new Promise((done) => pool.end(done))
      await place.drop()
    }
  })
})
