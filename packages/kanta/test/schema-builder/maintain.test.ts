import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import { libsql } from '../../src/driver/libsql/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta, sql, table } from '../../src/index.ts'
import { tenant } from '../../src/plugins/index.ts'
import { createBackup, incrementalVacuum, reindex, vacuum } from '../../src/schema/index.ts'
import type { Place } from '../engine/engine.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { postgres } from '../engine/postgres.ts'

const item = table('item', (c) => ({ id: c.integer().primaryKey(), text: c.varchar(2_000).nullable() }))
const refused = (code: string, message = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(message) })
const rowsTo = (n: number) => Array.from({ length: n }, (_, i) => ({ id: i + 1, text: 'x'.repeat(1_500) }))

describe.each([
  ['node:sqlite', sqlite],
  ['better-sqlite3', betterSqlite3],
  ['libSQL', libsql],
] as const)('the upkeep of files with %s', (_, driver) => {
  const folder = mkdtempSync(join(tmpdir(), 'kanta-upkeep-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const open = (name: string) => kanta({ driver: driver(join(folder, name)), schema: { item } })

  test('a backup is a whole database of one moment, made while others write', async () => {
    await using db = open('live.db')
    await db.schema.createTable(item).execute()
    await db.insertInto('item').values(rowsTo(500)).execute()
    const path = join(folder, 'copy.db')
    const [copied] = await Promise.all([createBackup(db, path), db.insertInto('item').values({ id: 900 }).execute()])
    expect(copied).toMatchObject({ destPath: path, durationMs: expect.any(Number) })
    expect(copied.pagesCopied).toBeGreaterThan(100)
    await using copy = open('copy.db')
    expect((await copy.selectFrom('item').select('id').execute()).length).toBeGreaterThanOrEqual(500)
    expect(await sql`pragma integrity_check`.execute(copy)).toMatchObject({ rows: [{ integrity_check: 'ok' }] })
    await expect(createBackup(db, path)).rejects.toEqual(refused('invalid_input', 'exists'))
    for (const wrong of ['', ':memory:', 'a\0b', undefined] as never[])
      await expect(createBackup(db, wrong)).rejects.toEqual(refused('invalid_input', 'the path of a new file'))
    await expect(createBackup(db, join(folder, 'no/such/folder.db'))).rejects.toThrow(/opened|unable/i)
    await db.transaction().execute(async (trx) => {
      await expect(createBackup(trx, join(folder, 'x.db'))).rejects.toEqual(refused('transaction'))
      await expect(vacuum(trx)).rejects.toEqual(refused('transaction'))
    })
    const guarded = db.withPlugins([tenant({ column: 'id' })]).as({ tenant: 1 })
    await expect(createBackup(guarded, join(folder, 'y.db'))).rejects.toEqual(refused('policy'))
  })

  test('L7: vacuum gives space back; the incremental one says how many pages it gave, or that it cannot', async () => {
    await using db = open('space.db')
    await db.schema.createTable(item).execute()
    await db.insertInto('item').values(rowsTo(1_000)).execute()
    await expect(incrementalVacuum(db)).rejects.toEqual(refused('unsupported', 'auto_vacuum = incremental'))
    await expect(incrementalVacuum(db, -1)).rejects.toEqual(refused('invalid_input'))
    await sql`pragma auto_vacuum = incremental`.execute(db)
    await vacuum(db)
    await sql`pragma wal_checkpoint(truncate)`.execute(db)
    const full = statSync(join(folder, 'space.db')).size
    await db.deleteFrom('item').where('id', '>', 10).execute()
    expect(await incrementalVacuum(db, 5)).toBe(5)
    expect(await incrementalVacuum(db)).toBeGreaterThan(100)
    expect(await incrementalVacuum(db, 5)).toBe(0)
    await vacuum(db)
    await sql`pragma wal_checkpoint(truncate)`.execute(db)
    expect(statSync(join(folder, 'space.db')).size).toBeLessThan(full / 10)
    await expect(vacuum(db, { table: 'item' })).rejects.toEqual(refused('unsupported', 'Leave the table out'))
  })

  test('indexes are made again: all, of a table, one, of a collation', async () => {
    await using db = open('index.db')
    await db.schema.createTable(item).execute()
    await sql`create index "item text" on item (text)`.execute(db)
    for (const options of [{}, { table: item }, { table: 'item' }, { index: 'item text' }, { collation: 'nocase' }])
      await reindex(db, options)
    await expect(reindex(db, { table: 'item', index: 'item text' })).rejects.toEqual(
      refused('invalid_input', 'at most one of table, index and collation'),
    )
    await expect(reindex(db, { index: 'item"; drop table item; --' })).rejects.toEqual(refused('query'))
    await expect(reindex(db, { tabel: 'item' } as never)).rejects.toEqual(refused('invalid_input', "'table'"))
    await expect(reindex({} as never)).rejects.toEqual(refused('invalid_input', 'takes a database'))
    expect(await db.selectFrom('item').selectAll().execute()).toEqual([])
  })
})

describe.each([postgres, mariadbEngine])('the upkeep of $name', (engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Place
  const open = () => kanta({ driver: place.driver({ max: 1 }), schema: { item } })
  beforeAll(async () => {
    place = await engine.create()
  })
  afterAll(() => place?.drop())

  test('what the server can do, and the way where it cannot', async () => {
    await using db = open()
    await db.schema.createTable(item).execute()
    await reindex(db, { table: item })
    await vacuum(db, { table: item })
    const isWhole = engine.dialect === 'postgres'
    if (isWhole) {
      await vacuum(db)
      await reindex(db, { index: 'item_pkey' })
    } else {
      await expect(vacuum(db)).rejects.toEqual(refused('unsupported', 'Name a table'))
      await expect(reindex(db, { index: 'x' })).rejects.toEqual(refused('unsupported', 'Name a table'))
    }
    await expect(reindex(db)).rejects.toEqual(refused('unsupported', 'Name a table'))
    await expect(reindex(db, { table: 'nobody' })).rejects.toThrow(/nobody/)
    await expect(createBackup(db, 'x.db')).rejects.toEqual(refused('unsupported', 'pg_dump'))
    await expect(incrementalVacuum(db)).rejects.toEqual(refused('unsupported'))
    await db.transaction().execute(async (trx) => {
      await expect(vacuum(trx, { table: item })).rejects.toEqual(refused('transaction'))
    })
  })
})
