import { describe, expect, test } from 'vitest'
import { kanta, sql, table } from '../../src/index.ts'
import { pglite } from '../engine/pglite.ts'
import { postgres } from '../engine/postgres.ts'

/** Columns whose type in the database is another than the definition would make, and a value for each. */
const COLUMNS: readonly (readonly [type: string, kind: (c: never) => never, value: unknown])[] = (
  [
    ['timestamp', (c) => c.timestamp(), new Date('2024-01-01T00:00:00Z')],
    ['timestamp(0)', (c) => c.timestamp(), new Date('2024-01-01T00:00:00.700Z')],
    ['date', (c) => c.timestamp(), new Date('2024-01-01T23:30:00Z')],
    ['state', (c) => c.enum(['new', 'done']), 'done'],
    ['state', (c) => c.text(), 'done'],
    ['json', (c) => c.json(), { b: 1, a: [2, 'x'] }],
    ['json', (c) => c.json(), 'a text'],
    ['json', (c) => c.text(), '{"b": 1,  "a": 2}'],
    ['text', (c) => c.json(), 'a text'],
    ['text', (c) => c.json(), { b: 1, a: 2 }],
    ['text', (c) => c.uuid(), '0b9a7d38-5d5b-4d2a-9d2e-6f1f2c3d4e5f'],
    ['char(5)', (c) => c.text(), 'ab'],
    ['bpchar', (c) => c.text(), 'ab '],
    ['bit(3)', (c) => c.text(), '101'],
    ['real', (c) => c.real(), 0.1],
    ['numeric(12,2)', (c) => c.real(), 1.005],
    ['double precision', (c) => c.decimal(), '0.1'],
    ['interval', (c) => c.text(), '1 day 02:00:00'],
    ['time', (c) => c.text(), '12:30'],
    ['inet', (c) => c.text(), '10.0.0.1/8'],
    ['money', (c) => c.text(), '12.50'],
    ['positive', (c) => c.integer(), 3],
    ['word', (c) => c.text(), 'Word'],
    ['place', (c) => c.text(), '(1,"a b")'],
    ['integer[]', (c) => c.text(), '{1,NULL}'],
    ['text[]', (c) => c.json(), []],
    ['point', (c) => c.text(), '(1,2)'],
    ['"Odd ""type"', (c) => c.text(), 'one'],
    ['boolean', (c) => c.text(), 'yes'],
    ['text', (c) => c.boolean(), true],
    ['bytea', (c) => c.bytes(), new Uint8Array([0, 92, 255])],
    ['smallint', (c) => c.integer(), 7],
    ['bigint', (c) => c.bigint(), 2n ** 60n],
    ['varchar(3)', (c) => c.text(), 'abc'],
    ['"char"', (c) => c.text(), 'x'],
  ] as readonly (readonly [string, (c: any) => unknown, unknown])[]
).map(([type, kind, value]) => [type, kind as never, value] as const)

const TYPES = [
  "create type state as enum ('new', 'done')",
  'create domain positive as integer check (value > 0)',
  'create domain word as text',
  'create type place as (x integer, name text)',
  `create type "Odd ""type" as enum ('one')`,
]

const said = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'inserted',
    (error: Error) => error.message.split('\n')[0]!,
  )

for (const engine of [postgres, pglite]) {
  describe.skipIf(engine.missing !== undefined)(engine.name, () => {
    test('many rows store what one row stores, whatever types the columns have', async () => {
      const place = await engine.create()
      const text = kanta<any>({ driver: place.driver() })
      for (const type of TYPES) await sql.raw(type).execute(text)
      await sql`alter database ${sql.id(place.database)} set timezone to 'Asia/Kolkata'`.execute(text)
      await text.destroy()
      const items = COLUMNS.map(([type, kind, value], i) => {
        const name = `t${i}`
        return {
          name,
          type,
          value,
          definition: table(name, (c) => ({ id: c.integer().primaryKey(), x: kind(c as never) })),
        }
      })
      const schema = Object.fromEntries(items.map(({ name, definition }) => [name, definition]))
      const db = kanta({ driver: place.driver(), schema } as never) as unknown as ReturnType<typeof kanta<any>>
      try {
        for (const { name, type, value } of items) {
          await sql`create table ${sql.id(name)} (id integer primary key, x ${sql.raw(type)})`.execute(db)
          const row = (id: number) => ({ id, x: value })
          const one = await said(db.insertInto(name).values(row(1)).execute())
          const two = await said(
            db
              .insertInto(name)
              .values([row(2), row(3)])
              .execute(),
          )
          const many = await said(db.insertInto(name).values([4, 5, 6, 7, 8].map(row)).execute())
          expect([two, many], `${type} ${String(value)}`).toEqual([one, one])
          const { rows } = await sql<{ x: string }>`select distinct x::text from ${sql.id(name)}`.execute(db)
          expect(rows.length, `${type}: ${JSON.stringify(rows)}`).toBeLessThan(2)
        }
      } finally {
        await db.destroy()
        await place.drop()
      }
    })

    test('a column whose type changes is asked for again', async () => {
      const place = await engine.create()
      const note = table('note', (c) => ({ id: c.integer().primaryKey(), state: c.text() }))
      const db = kanta({ driver: place.driver(), schema: { note } })
      try {
        await db.schema.createTable(note).execute()
        const rows = (from: number) => [from, from + 1].map((id) => ({ id, state: 'new' }))
        await db.insertInto('note').values(rows(1)).execute()
        await sql`create type state as enum ('new', 'done')`.execute(db)
        await sql`alter table note alter column state type state using state::state`.execute(db)
        // Without plans that are kept, the types are asked for each time.
        if (process.env.PLAN_CACHE !== 'off')
          await expect(db.insertInto('note').values(rows(3)).execute()).rejects.toThrow('state')
        await db.insertInto('note').values(rows(3)).execute()
        expect(await db.selectFrom('note').select('id').execute()).toHaveLength(4)
      } finally {
        await db.destroy()
        await place.drop()
      }
    })
  })
}
