import { describe, expect, test } from 'vitest'
import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import type { Driver } from '../../src/driver/index.ts'
import { libsql } from '../../src/driver/libsql/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { jsonArrayFrom, jsonObjectFrom, kanta, sql, table } from '../../src/index.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { pglite } from '../engine/pglite.ts'
import { postgres } from '../engine/postgres.ts'

const cell = table('cell', (c) => ({
  id: c.integer().primaryKey(),
  share: c.real().nullable(),
  bytes: c.bytes().nullable(),
  at: c.timestamp().nullable(),
  count: c.bigint().nullable(),
  price: c.decimal(10, 2).nullable(),
}))

const ROW = {
  id: 1,
  share: 0.5,
  bytes: new Uint8Array([0, 255, 1]),
  at: new Date('2024-01-02T03:04:05.678Z'),
  count: 12n,
  price: '1.50',
}

const memory = (name: string, driver: () => Driver) => ({
  name,
  missing: undefined,
  create: async () => ({ driver, drop: async () => {} }),
})

const engines = [
  memory('node:sqlite', () => sqlite(':memory:')),
  memory('better-sqlite3', () => betterSqlite3(':memory:')),
  memory('libsql', () => libsql({ url: ':memory:' })),
  pglite,
  postgres,
  mariadbEngine,
]

describe.each(engines.filter(({ missing }) => missing === undefined))('on $name', ({ name, create }) => {
  const withCell = async (work: (db: any) => Promise<void>): Promise<void> => {
    const place = await create()
    const db = kanta({ driver: place.driver(), schema: { cell } })
    try {
      await db.schema.createTable(cell).execute()
      await db.insertInto('cell').values(ROW).execute()
      await work(db)
    } finally {
      await db.destroy()
      await place.drop()
    }
  }

  test('bytes are Uint8Arrays, in a row and in a document', () =>
    withCell(async (db) => {
      const nested = (helper: any) => (eb: any) => helper(eb.selectFrom('cell').selectAll()).as('nested')
      const { bytes } = await db.selectFrom('cell').select('bytes').executeTakeFirstOrThrow()
      const most = await db
        .selectFrom('cell')
        .select((eb: any) => eb.fn.coalesce('bytes', eb.val(new Uint8Array([7]))).as('bytes'))
        .executeTakeFirstOrThrow()
      const many = await db.selectFrom('cell').select(nested(jsonArrayFrom)).executeTakeFirstOrThrow()
      const one = await db.selectFrom('cell').select(nested(jsonObjectFrom)).executeTakeFirstOrThrow()
      for (const found of [bytes, most.bytes, many.nested[0].bytes, one.nested.bytes]) {
        expect(found).toEqual(ROW.bytes)
        expect(found.constructor).toBe(Uint8Array)
      }
      expect([many.nested[0], one.nested]).toEqual([ROW, ROW])
    }))

  test.runIf(['postgres', 'pglite'].includes(name))('NaN and infinities are numbers in a document', () =>
    withCell(async (db) => {
      await sql`insert into cell (id, share) values (2, 'NaN'), (3, 'Infinity'), (4, '-Infinity')`.execute(db)
      const shares = (rows: readonly any[]) => rows.map(({ share }) => share)
      const cells = db.selectFrom('cell').select('share').where('id', '>', 1).orderBy('id')
      const wanted = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
      expect(shares(await cells.execute())).toEqual(wanted)
      const { nested, doubled } = await db
        .selectNoFrom((eb: any) => [
          jsonArrayFrom(cells).as('nested'),
          jsonArrayFrom(
            eb
              .selectFrom('cell')
              .select((e: any) => e('share', '*', 2).as('share'))
              .where('id', '>', 1)
              .orderBy('id'),
          ).as('doubled'),
        ])
        .executeTakeFirstOrThrow()
      expect([shares(nested), shares(doubled)]).toEqual([wanted, wanted])
      const { all, rows } = await db
        .selectFrom('cell')
        .select((eb: any) => [eb.fn.jsonAgg(eb.ref('share')).as('all'), eb.fn.jsonAgg('cell').as('rows')])
        .executeTakeFirstOrThrow()
      expect([all.slice(1), shares(rows).slice(1)]).toEqual([wanted, wanted])
    }),
  )

  test.runIf(['postgres', 'pglite'].includes(name))('jsonAgg() gives what the columns hold, or refuses', () =>
    withCell(async (db) => {
      const found = await db
        .selectFrom('cell')
        .select((eb: any) => [
          eb.fn.jsonAgg('cell').as('rows'),
          eb.fn.toJson('cell').as('row'),
          ...(['bytes', 'at', 'count', 'price'] as const).map((each) => eb.fn.jsonAgg(eb.ref(each)).as(each)),
        ])
        .groupBy('id')
        .executeTakeFirstOrThrow()
      const { id, share, ...rest } = ROW
      const lists = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, [value]]))
      expect(found).toEqual({ rows: [ROW], row: ROW, ...lists })
      await db.updateTable('cell').set({ count: 9007199254740993n }).execute()
      await expect(
        db
          .selectFrom('cell')
          .select((eb: any) => eb.fn.jsonAgg(eb.ref('count')).as('all'))
          .execute(),
      ).rejects.toThrow("The column 'all' could not be read")
    }),
  )
})
