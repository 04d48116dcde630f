import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { expressionBuilder, KantaError, sql, values } from '../../src/index.ts'
import { forget, internStats } from '../../src/ir/index.ts'
import { type Any, everything, ground, undone } from './ground.ts'

const eb: Any = (expressionBuilder as Any)()

describe('what is kept', () => {
  let db: Any
  beforeAll(async () => {
    db = await ground('node:sqlite', true)
  })
  afterAll(() => db.destroy())
  beforeEach(forget)

  const endless: Readonly<Record<string, (i: number) => Any>> = {
    'names of columns': (i) => db.selectFrom('sentinel').select(`c${i}`),
    'names of tables': (i) => db.selectFrom(`t${i}`).select('id'),
    aliases: (i) => db.selectFrom('item').select(`id as c${i}`),
    literals: (i) => db.selectFrom('item').select(eb.lit(i).as('x')),
    'long literals': (i) => db.selectFrom('item').select(eb.lit(`${i}${'x'.repeat(5_000)}`).as('x')),
    'raw text': (i) => db.selectFrom('item').select(sql.raw(`${i}`).as('x')),
    'long raw text': (i) =>
      db
        .selectFrom('item')
        .select(sql.raw(`${i} /* ${'x'.repeat(5_000)} */`).as('x'))
        .where(sql.raw(`${i} > ${'1'.repeat(3_000)}`)),
    'keys of rows': (i) => db.insertInto('sentinel').values({ [`c${i}`]: 1 }),
    'columns of values()': (i) => db.selectFrom(values([{ [`c${i}`]: 1 }]).as('v')).selectAll(),
    'long lists': (i) =>
      db
        .selectFrom('item')
        .select('id')
        .where(
          'id',
          'in',
          Array.from({ length: 200 }, (_, j) => (j === i ? 1 : eb.val(j))),
        ),
    'names that are refused': (i) => db.selectFrom('item').select([`a.b.c.d${i}`]),
    'keys that are refused': (i) => db.insertInto('sentinel').values({ [`\0${i}`]: 1 }),
    conditions: (i) => db.selectFrom('sentinel').select('secret').where(`c${i}`, '=', 'x'),
  }

  it.each(Object.entries(endless))('is bounded: %s', (_, make) => {
    let most = 0
    for (let i = 0; i < 15_000; i++) {
      try {
        make(i)
      } catch (error) {
        if (!(error instanceof KantaError)) throw error
      }
      most = Math.max(most, internStats().kept)
    }
    expect(most).toBeLessThanOrEqual(internStats().capacity)
  })

  it('is not more memory for endless texts', () => {
    const script = `
      const { kanta, sql, expressionBuilder } = await import(process.argv[1] + '/src/index.ts')
      const { sqlite } = await import(process.argv[1] + '/src/driver/sqlite/index.ts')
      const db = kanta({ driver: sqlite(':memory:') })
      const eb = expressionBuilder()
      const long = (i) => i + 'x'.repeat(20000)
      const round = (from) => {
        for (let i = from; i < from + 3000; i++) {
          db.selectFrom('t').select(sql.raw(long(i)).as('a')).where(eb('b', '=', sql.raw(long(i))))
          db.selectFrom('t').select(eb.lit(long(i)).as('a'))
          try { db.selectFrom('t').select(long(i)) } catch {}
          try { db.insertInto('t').values({ [long(i)]: 1 }) } catch {}
        }
        for (let i = 0; i < 3; i++) globalThis.gc()
        return process.memoryUsage().heapUsed
      }
      // What is made once is there after the first round.
      round(0)
      const first = round(3000)
      const second = round(6000)
      console.log(Math.round((second - first) / 1e6))`
    const grown = execFileSync(
      process.execPath,
      ['--expose-gc', '--input-type=module', '--eval', script, new URL('../..', import.meta.url).pathname],
      { encoding: 'utf8' },
    )
    expect(Number(grown)).toBeLessThan(20)
  })
})

describe.each(['node:sqlite', 'better-sqlite3'] as const)('what others have done to objects (%s)', (library) => {
  let db: Any
  let before = ''
  beforeAll(async () => {
    db = await ground(library, true)
    before = await everything(db)
  })
  afterAll(() => db.destroy())

  it('adds no column to a row', async () => {
    const polluted = Object.prototype as Any
    polluted.n = 666
    polluted.secret = 'evil'
    try {
      await undone(db, async (trx) => {
        await trx.insertInto('item').values({ id: 3, s: 'three' }).execute()
        await trx
          .insertInto('item')
          .values([{ id: 4, s: 'four' }, { id: 5 }])
          .execute()
        await trx
          .insertInto('item')
          .values([{ id: 6, s: eb.val('six') }])
          .execute()
        await trx.updateTable('item').set({ s: 'new' }).where('id', '=', 3).execute()
        const rows = await trx.selectFrom('item').select(['id', 'n', 's']).where('id', '>', 2).orderBy('id').execute()
        expect(rows.map((row: object) => Object.entries(row))).toEqual([
          [
            ['id', 3],
            ['n', null],
            ['s', 'new'],
          ],
          [
            ['id', 4],
            ['n', null],
            ['s', 'four'],
          ],
          [
            ['id', 5],
            ['n', null],
            ['s', null],
          ],
          [
            ['id', 6],
            ['n', null],
            ['s', 'six'],
          ],
        ])
        const found = await trx
          .selectFrom('item')
          .select('id')
          .where(eb.and({ id: 3 }))
          .execute()
        expect(found.map((row: Any) => row.id)).toEqual([3])
      })
    } finally {
      delete polluted.n
      delete polluted.secret
    }
    expect(await everything(db)).toBe(before)
  })

  it('leaves out what a row inherits, each time', async () => {
    const inherits = Object.assign(Object.create({ s: 'inherited' }), { id: 3 })
    class Row {
      id = 4
      s = 'own'
      get n(): number {
        return 666
      }
    }
    await undone(db, async (trx) => {
      await trx.insertInto('item').values(inherits).execute()
      await trx.insertInto('item').values(new Row()).execute()
      await trx.insertInto('item').values({ id: 5, s: 'plain' }).execute()
      await trx
        .insertInto('item')
        .values(
          [{ id: 6, s: 'plain' }, inherits, { id: 7, s: 'x' }].map((row, i) =>
            Object.assign(Object.create(row === inherits ? { s: 'inherited' } : null), row, { id: 6 + i }),
          ),
        )
        .execute()
      expect(await trx.selectFrom('item').select(['id', 's', 'n']).where('id', '>', 2).orderBy('id').execute()).toEqual(
        [
          { id: 3, s: null, n: null },
          { id: 4, s: 'own', n: null },
          { id: 5, s: 'plain', n: null },
          { id: 6, s: 'plain', n: null },
          { id: 7, s: null, n: null },
          { id: 8, s: 'x', n: null },
        ],
      )
    })
  })

  it('keeps to what was given when lists change afterwards', async () => {
    await undone(db, async (trx) => {
      const ids: unknown[] = [1]
      const rows: Any[] = [{ id: 20 }]
      const more: Any[] = [{ a: 1 }]
      const find = trx.selectFrom('item').select('id').where('id', 'in', ids)
      const insert = trx.insertInto('item').values(rows).returning('id')
      const from = trx.selectFrom(values(more).as('v')).selectAll()
      ids.push(2, null, undefined)
      rows.length = 0
      more.push({ a: undefined })
      expect(await find.execute()).toEqual([{ id: 1 }])
      expect(await insert.execute()).toEqual([{ id: 20 }])
      expect(await from.execute()).toEqual([{ a: 1 }])
      const query = trx.selectFrom('item').select('id').where('id', '=', 1)
      query.compile().parameters[0] = 2
      expect(await query.execute()).toEqual([{ id: 1 }])
    })
  })
})

// The library of better-sqlite3 makes code from text itself, to read rows as objects.
describe('where code may not be made from text', () => {
  it('reads rows all the same', () => {
    const script = `
      const root = process.argv[1]
      const { kanta, table, jsonArrayFrom } = await import(root + '/src/index.ts')
      const t = table('t', (c) => ({ id: c.integer(), b: c.boolean(), g: c.bigint(), at: c.timestamp(), j: c.json() }))
      {
        const { sqlite } = await import(root + '/src/driver/sqlite/index.ts')
        const db = kanta({ driver: sqlite(':memory:'), schema: { t } })
        await db.schema.createTable(t).execute()
        await db.insertInto('t').values({ id: 1, b: true, g: 5n, at: new Date(0), j: { a: [1] } }).execute()
        const [row] = await db.selectFrom('t').selectAll().execute()
        const [odd] = await db.selectFrom('t').select(['id as constructor', 'b as to"x', 'g as a\\u2028b']).execute()
        console.log(JSON.stringify([row, Object.entries(odd)], (_, value) => (typeof value === 'bigint' ? value + 'n' : value)))
      }`
    const flags = ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', script]
    const out = execFileSync(process.execPath, [...flags, new URL('../..', import.meta.url).pathname], {
      encoding: 'utf8',
    })
    const row = { id: 1, b: true, g: '5n', at: '1970-01-01T00:00:00.000Z', j: { a: [1] } }
    const line = JSON.stringify([
      row,
      [
        ['constructor', 1],
        ['to"x', true],
        ['a\u2028b', '5n'],
      ],
    ])
    expect(out.trim()).toBe(line)
  })
})
