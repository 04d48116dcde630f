import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { KantaError, kanta, sql, table, values } from '../../src/index.ts'
import { type CursorOptions, type CursorPage, paginateCursor, relayConnection } from '../../src/page/index.ts'
import { createExecutor, softDelete } from '../../src/plugins/index.ts'
import { problemOf } from '../../src/problem.ts'
import type { Place } from '../engine/engine.ts'
import { pglite } from '../engine/pglite.ts'
import { places } from '../ttl/places.ts'

const event = table('event', (c) => ({
  id: c.integer().primaryKey(),
  kind: c.text().nullable(),
  score: c.integer().nullable(),
  price: c.decimal(10, 2).nullable(),
  big: c.bigint(),
  ratio: c.real(),
  at: c.timestamp(),
  seen: c.timestamp({ mode: 'unix' }).nullable(),
  deleted_at: c.timestamp().nullable(),
}))
const rowOf = (id: number) => ({
  id,
  kind: [null, 'a', 'B', 'é', null, 'b'][id % 6]!,
  score: id % 3 === 0 ? null : id % 5,
  price: id % 4 === 0 ? null : `${(id * 7) % 11}.${id % 2}5`,
  big: 9_007_199_254_740_992n + BigInt(id % 4),
  ratio: (id % 7) / 10,
  at: new Date(Date.UTC(2024, 0, 1, 0, 0, 0, id % 3)),
  seen: id % 2 === 0 ? null : new Date(1_700_000_000_000 + (id % 5) * 1_000),
  deleted_at: null as Date | null,
})
const COUNT = 25
const SECRET = 'a secret of more than thirty-two characters'

describe.each([...places, pglite])('pages by cursor on $name', (ground) => {
  if (ground.missing !== undefined) {
    test.skip(`${ground.name}: ${ground.missing}`, () => {})
    return
  }
  let place: Place
  const open = () => kanta({ driver: place.driver(), schema: { event } })
  let db: ReturnType<typeof open>
  beforeAll(async () => {
    place = await ground.create()
    db = open()
    await db.schema.createTable(event).execute()
    await db
      .insertInto('event')
      .values(Array.from({ length: COUNT }, (_, i) => rowOf(i + 1)))
      .execute()
    // H49: microseconds, of which a Date knows nothing, made a walk go round without end.
    if (ground.dialect !== 'sqlite')
      for (let id = 1; id <= COUNT; id++)
        await db
          .updateTable('event')
          .set({ at: sql<Date>`${sql.lit(`2024-01-01 00:00:00.00000${id % 5}`)}` as never })
          .where('id', '=', id)
          .execute()
  })
  afterAll(async () => {
    await db?.destroy()
    await place?.drop()
  })

  type Query = { execute(): Promise<object[]> }
  const walk = async (query: Query, options: CursorOptions<never>) => {
    const rows: object[] = []
    let [after, steps]: [string | undefined, number] = [undefined, 0]
    for (;;) {
      const page: CursorPage<object> = await paginateCursor(query as never, { ...options, after })
      rows.push(...page.data)
      expect(page.hasPrev).toBe(after !== undefined)
      if (page.next === null) return { rows, last: page }
      expect(++steps).toBeLessThan(200)
      after = page.next
    }
  }
  const back = async (
    query: Query,
    options: CursorOptions<never>,
    from: { data: object[]; previous: string | null },
  ) => {
    const rows = [...from.data]
    for (let { previous } = from; previous !== null; ) {
      const page: CursorPage<object> = await paginateCursor(query as never, { ...options, before: previous })
      rows.unshift(...page.data)
      expect(page.hasNext).toBe(true)
      expect(rows.length).toBeLessThan(500)
      previous = page.previous
    }
    return rows
  }

  const all = () => db.selectFrom('event').selectAll()
  const orders: readonly (readonly [string, () => Query, string[]?])[] = [
    ['no order', all],
    ['a text with nulls', () => all().orderBy('kind')],
    ['a text down, and a number up', () => all().orderBy('kind', 'desc').orderBy('score')],
    ['a number with nulls down, a decimal with nulls up', () => all().orderBy('score', 'desc').orderBy('price')],
    ['bigints and moments', () => all().orderBy('big', 'desc').orderBy('at')],
    ['moments down', () => all().orderBy('at', 'desc')],
    ['whole seconds with nulls, floating-point numbers', () => all().orderBy('seen').orderBy('ratio', 'desc')],
    ['an alias', () => db.selectFrom('event as e').select(['e.id', 'e.score as points']).orderBy('points', 'desc')],
    ['conditions', () => all().where('score', 'in', [1, 2]).where('id', '>', 2).orderBy('score')],
    ['distinct rows', () => db.selectFrom('event').select(['kind', 'score']).distinct().orderBy('score', 'desc')],
    [
      'groups',
      () =>
        db
          .selectFrom('event')
          .select((eb) => ['kind', 'score', eb.fn.countAll<number>().as('rows')])
          .groupBy(['kind', 'score'])
          .orderBy('rows', 'desc'),
    ],
    [
      'averages, which have more digits than numbers',
      () =>
        db
          .selectFrom('event')
          .select((eb) => ['score', eb.fn.avg('price').as('mean')])
          .groupBy('score')
          .orderBy('mean'),
    ],
    [
      'a key under another name',
      () => db.selectFrom('event').select(['id as key', 'score as id', 'kind as score']).orderBy('score'),
    ],
    [
      'a common table expression with the name of a table',
      () =>
        db
          .with('event', (d) =>
            d
              .selectFrom(
                values([
                  { id: 1, price: 2 },
                  { id: 2, price: 1 },
                ]).as('v'),
              )
              .select(['v.id', 'v.price']),
          )
          .selectFrom('event')
          .select(['id', 'price'])
          .orderBy('price', 'desc'),
      ['id'],
    ],
    [
      'a union',
      () =>
        db
          .selectFrom('event')
          .select(['id', 'kind'])
          .where('id', '<', 12)
          .union(db.selectFrom('event').select(['id', 'kind']).where('id', '>', 8))
          .orderBy('kind', 'desc'),
    ],
    [
      'a join with a key that is named',
      () =>
        db
          .selectFrom('event as a')
          .leftJoin('event as b', (join) => join.onRef('b.score', '=', 'a.id'))
          .select(['a.id', 'b.id as other', 'b.at'])
          .orderBy('b.at')
          .orderBy('a.id', 'desc'),
      ['id', 'other'],
    ],
  ]
  test.for(orders)('walks of every page size, both ways: %s', async ([, make, key]) => {
    const query = make()
    const whole = await query.execute()
    const options = key === undefined ? {} : { key: key as never }
    // The order of the query is kept; rows that are equal in it come in the order of their key.
    const reference = (await walk(query, { ...options, limit: 1_000 })).rows
    expect(new Set(reference.map((row) => JSON.stringify(row, show)))).toEqual(
      new Set(whole.map((row) => JSON.stringify(row, show))),
    )
    expect(reference.length).toBe(whole.length)
    for (const limit of [1, 2, 3, 7, whole.length - 1, whole.length, whole.length + 1]) {
      const { rows, last } = await walk(query, { ...options, limit })
      expect(rows).toEqual(reference)
      expect(await back(query, { ...options, limit }, last)).toEqual(reference)
    }
  })
  const show = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)

  test('the order is that of the query, nulls included', async () => {
    const query = all().orderBy('score', 'desc').orderBy('id', 'desc')
    const { rows } = await walk(query, { limit: 4 })
    expect(rows).toEqual(await query.execute())
  })

  test('rows that are inserted and deleted meanwhile: none twice, none lost of those that stay', async () => {
    await db.transaction().execute(async (tx) => {
      const query = tx.selectFrom('event').select(['id', 'score']).orderBy('score', 'desc')
      const stay = (await query.execute()).map(({ id }) => id).filter((id) => id % 4 !== 0)
      const seen: number[] = []
      let [after, step]: [string | undefined, number] = [undefined, 0]
      for (;;) {
        const page: Awaited<ReturnType<typeof paginateCursor<typeof query>>> = await paginateCursor(query, {
          limit: 3,
          after,
        })
        seen.push(...page.data.map(({ id }) => id))
        if (page.next === null) break
        after = page.next
        step++
        // The row of the cursor itself goes, too.
        await tx
          .deleteFrom('event')
          .where('id', '=', page.data.at(-1)!.id % 4 === 0 ? page.data.at(-1)!.id : step * 4)
          .execute()
        if (step < 5)
          await tx
            .insertInto('event')
            .values(rowOf(1_000 + step))
            .execute()
      }
      expect(new Set(seen).size).toBe(seen.length)
      expect(stay.filter((id) => !seen.includes(id))).toEqual([])
      await tx.deleteFrom('event').execute()
      await tx
        .insertInto('event')
        .values(Array.from({ length: COUNT }, (_, i) => rowOf(i + 1)))
        .execute()
    })
  })

  test('keys that do not tell rows apart are refused: rows between two pages were lost', async () => {
    const joined = db
      .selectFrom('event as a')
      .innerJoin('event as b', 'b.score', 'a.score')
      .select(['a.id', 'b.id as other', 'a.score', 'a.at', 'a.kind'])
    for (const key of [['id'], ['score'], ['at'], ['kind', 'score'], ['id', 'at']])
      for (const limit of [1, 3, 1_000])
        await expect(walk(joined, { key: key as never, limit })).rejects.toMatchObject({
          code: 'invalid_input',
          message: expect.stringContaining('two rows have one key'),
        })
    for (const key of [
      ['id', 'other'],
      ['score', 'other', 'id'],
    ])
      expect((await walk(joined, { key: key as never, limit: 4 })).rows.length).toBe((await joined.execute()).length)
    await expect(walk(all(), { key: ['score'] as never, limit: 2 })).rejects.toThrow(/two rows have one key/)
    await expect(relayConnection(joined, { first: 2, key: ['score'] })).rejects.toThrow(/two rows have one key/)
  })

  test('under a policy', async () => {
    await db
      .updateTable('event')
      .set({ deleted_at: new Date(0) })
      .where('id', 'in', [2, 3])
      .execute()
    const live = await createExecutor(db, [softDelete({ tables: ['event'] })])
    const { rows } = await walk(live.selectFrom('event').select('id').orderBy('id'), { limit: 2 })
    expect(rows.map((row) => (row as { id: number }).id)).toEqual([
      1,
      ...Array.from({ length: COUNT - 3 }, (_, i) => i + 4),
    ])
    await db.updateTable('event').set({ deleted_at: null }).execute()
  })

  test('a connection of Relay, forwards and from the end', async () => {
    const query = db.selectFrom('event').select('id').orderBy('id')
    const first = await relayConnection(query, { first: 2 })
    expect(first.edges.map(({ node }) => node.id)).toEqual([1, 2])
    expect(first.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false })
    const next = await relayConnection(query, { first: 2, after: first.edges[0]!.cursor })
    expect(next.edges.map(({ node }) => node.id)).toEqual([2, 3])
    const last = await relayConnection(query, { last: 2 })
    expect(last.edges.map(({ node }) => node.id)).toEqual([COUNT - 1, COUNT])
    expect(last.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true })
    const earlier = await relayConnection(query, { last: 2, before: last.pageInfo.startCursor! })
    expect(earlier.edges.map(({ node }) => node.id)).toEqual([COUNT - 3, COUNT - 2])
    await expect(relayConnection(query, { first: 1, last: 1 })).rejects.toThrow(/either 'first' and 'after'/)
  })

  // H50, P5, P6: a cursor was good for another query, order and user; a bad one was an error of the driver.
  test('forged, truncated and foreign cursors are refused', async () => {
    const query = db
      .selectFrom('event')
      .select(['id', 'score', 'kind', 'at', 'big', 'price'])
      .orderBy('score')
      .orderBy('at')
    const refused = async (run: Promise<unknown>): Promise<void> => {
      const error: unknown = await run.then(
        () => undefined,
        (caught) => caught,
      )
      expect(error).toBeInstanceOf(KantaError)
      expect((error as KantaError).message).toMatch(/^(?:after|before): this cursor is not one of this query/)
      expect(problemOf(error).status).toBe(422)
    }
    const plain = (await paginateCursor(query, { limit: 2 })).next!
    const forge = (change: (head: string, values: readonly string[]) => readonly string[]): string => {
      const [head, ...values] = plain.split('*') as [string, ...string[]]
      return change(head, values.slice(0, -1)).concat('').join('*')
    }
    const forged = [
      ...[
        '',
        'x',
        '!',
        'null',
        '{}',
        '__proto__',
        plain.slice(0, -1),
        `${plain}.${plain}`,
        `${plain}x`,
        'a'.repeat(100_000),
      ],
      ...[forge((head) => [head]), forge((_, values) => ['', ...values]), forge((_, values) => ['2x', ...values])],
      ...[forge((head, values) => [`1${head.slice(1)}`, ...values]), forge((head, values) => [head, ...values, 'z'])],
      ...['sx', 'f1.5', 'f1099511627776', 't', 'n1', 'nx', 'f', 'q', '', 'zx', 'dx', 'u.', 'u.ZZ', 'fNaN'].map(
        (value) => forge((head, [, at, id]) => [head, value, at!, id!]),
      ),
      ...['sx', 's9999-99-99', 'f5', 'z', 'u2024-01-01.27.3B--', 'm!'].map((at) =>
        forge((head, [score, , id]) => [head, score!, at, id!]),
      ),
    ]
    for (const cursor of forged) await refused(paginateCursor(query, { after: cursor }))
    await refused(paginateCursor(query, { before: 'x' }))
    await refused(paginateCursor(query.orderBy('id', 'desc'), { after: plain }))
    await refused(paginateCursor(query.where('id', '>', 0), { after: plain }))
    await refused(
      paginateCursor(db.selectFrom('event').select(['id', 'score', 'at']).orderBy('score').orderBy('at'), {
        after: plain,
      }),
    )
    await refused(paginateCursor(query, { after: plain, subject: 1 }))
    await refused(paginateCursor(query, { after: plain, secret: SECRET }))
    for (const protection of [{ secret: SECRET }, { secret: SECRET, encrypt: true }]) {
      const options = { limit: 2, subject: 'u1', ...protection }
      const own = (await paginateCursor(query, options)).next!
      expect((await paginateCursor(query, { ...options, after: own })).data.length).toBe(2)
      const other = own.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
      const changed = own.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))
      for (const cursor of [changed, own.slice(0, 20), other.slice(0, -4)])
        await refused(paginateCursor(query, { ...options, after: cursor }))
      await refused(paginateCursor(query, { ...options, subject: 'u2', after: own }))
      await refused(paginateCursor(query, { ...options, subject: undefined, after: own }))
      await refused(paginateCursor(query, { ...options, secret: `${SECRET}!`, after: own }))
      await refused(paginateCursor(query, { after: own }))
      if (protection.encrypt) expect(Buffer.from(own, 'base64url').toString()).not.toContain('2024')
    }
  })

  test('what has no page by cursor is refused before anything runs', async () => {
    const query = db.selectFrom('event').select('id').orderBy('id')
    for (const limit of [0, 1.5, Number.NaN, 1_001])
      await expect(paginateCursor(query, { limit })).rejects.toThrow(/'limit' is/)
    await expect(paginateCursor(query, { after: 'x', before: 'y' })).rejects.toThrow(/either 'after' or 'before'/)
    await expect(paginateCursor(query, { secret: 'short' })).rejects.toThrow(/at least 32/)
    await expect(paginateCursor(query, { encrypt: true })).rejects.toThrow(/needs a 'secret'/)
    await expect(paginateCursor(query.limit(1))).rejects.toThrow(/'limit' of its own/)
    await expect(paginateCursor(query.orderBy('score'))).rejects.toThrow(/ordered by 'score', which it does not select/)
    await expect(paginateCursor(db.selectFrom('event').select('kind'))).rejects.toThrow(
      /ordered by 'id', which it does not/,
    )
    await expect(paginateCursor(db.selectFrom('event').select('kind as id'))).rejects.toThrow(
      /ordered by 'id', which it does not/,
    )
    const hidden = db.selectFrom('event').select((eb) => eb.fn.max('kind').as('score'))
    await expect(paginateCursor(hidden.groupBy('score'))).rejects.toThrow(/ordered by 'score', which it does not/)
    await expect(paginateCursor(query, { key: [] })).rejects.toThrow(/'key' is empty/)
    const joined = db.selectFrom('event as a').innerJoin('event as b', 'b.id', 'a.id').select('a.id').orderBy('a.id')
    await expect(paginateCursor(joined)).rejects.toThrow(/Name them: \{ key: \['id'\] \}/)
    await expect(paginateCursor(query.orderBy(sql`random()`) as never)).rejects.toThrow(/an expression/)
  })
})

test('what is kept of a shape is kept for its database, key, subject, limit, direction and list', async () => {
  const spot = table('spot', (c) => ({ id: c.integer().primaryKey(), n: c.integer() }))
  const nullable = table('spot', (c) => ({ id: c.integer().primaryKey(), n: c.integer().nullable() }))
  const one = kanta({ driver: sqlite(':memory:'), schema: { spot } })
  const other = kanta({ driver: sqlite(':memory:'), schema: { spot: nullable } })
  await one.schema.createTable(spot).execute()
  await other.schema.createTable(nullable).execute()
  const rows = [1, 2, 3, 4, 5].map((id) => ({ id, n: 9 - id }))
  await one.insertInto('spot').values(rows).execute()
  await other
    .insertInto('spot')
    .values(rows.map(({ id, n }) => ({ id, n: id % 2 === 0 ? null : n })))
    .execute()
  const idsOf = async (
    db: typeof other,
    options: CursorOptions<{ id: number; n: number | null }>,
    in_ = [1, 2, 3, 4, 5],
  ) => {
    const query = db.selectFrom('spot').select(['id', 'n']).where('id', 'in', in_).orderBy('n')
    const { data, next, previous } = await paginateCursor(query, options)
    return { ids: data.map(({ id }) => id).join(), next, previous }
  }
  for (let round = 0; round < 2; round++) {
    const first = await idsOf(one as never, { limit: 2 })
    expect(first.ids).toBe('5,4')
    expect((await idsOf(one as never, { limit: 3, after: first.next! })).ids).toBe('3,2,1')
    // A list of another length, as long as it is one.
    const later = await idsOf(one as never, { limit: 2, after: first.next! }, [2, 3, 4, 5])
    expect(later.ids).toBe('3,2')
    expect((await idsOf(one as never, { limit: 1, before: later.previous! })).ids).toBe('4')
    expect((await idsOf(one as never, { limit: 2, key: ['n'] })).ids).toBe('5,4')
    const mine = await idsOf(one as never, { limit: 2, subject: 1 })
    expect((await idsOf(one as never, { limit: 2, subject: 1, after: mine.next! })).ids).toBe('3,2')
    for (const subject of [2, '1', undefined])
      await expect(idsOf(one as never, { limit: 2, subject, after: mine.next! })).rejects.toThrow(/is not one of this/)
    // The same shape in a database where the column holds null: those rows come first.
    const nulls = await idsOf(other, { limit: 1 })
    expect(nulls.ids).toBe('2')
    const second = await idsOf(other, { limit: 2, after: nulls.next! })
    expect(second.ids).toBe('4,5')
    expect((await idsOf(other, { limit: 2, after: second.next! })).ids).toBe('3,1')
  }
  await one.destroy()
  await other.destroy()
})
