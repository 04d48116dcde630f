import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { batch, batched } from '../../src/dal/index.ts'
import { gt, parseFilter, whereOf } from '../../src/filter/index.ts'
import { paginate, paginateCursor } from '../../src/page/index.ts'
import { from, orderBy, pipe, select, where } from '../../src/pipe/index.ts'
import { repository } from '../../src/repository/index.ts'
import { type Any, engines, type Place } from './ground.ts'
import {
  book,
  everything,
  guardedBy,
  label,
  openPast,
  openSchemas,
  openWorld,
  type Row,
  type Rows,
  refill,
  rowsOf,
  rules,
  seenOf,
  twinOf,
  type World,
  ways,
  writer,
} from './related-ground.ts'

/** `KANTA_ESCAPE=200000` for a long run; one of 500 of its queries is one of relations, for each rule and engine. */
const long = Number(process.env.KANTA_ESCAPE ?? 0)
const seed = Number(process.env.KANTA_ESCAPE_SEED ?? 20261201)
const runs = long > 0 ? Math.ceil(long / 500) : 6

type Read = (db: Any) => Promise<unknown>

/** Returns a random query with relations of relations, the same for the same number. */
function randomRead(number: number): Read {
  let start = number * 31 + 7
  const seeded = () => {
    let state = start
    return (most: number): number => {
      state = (Math.imul(state ^ (state >>> 13), 0x5bd1e995) + 0x9e3779b9) | 0
      return ((state ^ (state >>> 15)) >>> 0) % most
    }
  }
  start ^= 0x2545f491
  return async (db) => {
    const below = seeded()
    const table = ['writer', 'book', 'label', 'card'][below(4)]!
    const split = below(3) === 0
    const grow = (query: Any, at: string, depth: number): Any => {
      let grown = query.select(at === 'book' ? ['book.id', 'book.title', 'book.price', 'book.sold'] : [`${at}.id`])
      grown = grown.orderBy(`${at}.id`, below(2) === 0 ? 'asc' : 'desc')
      if (below(3) === 0) grown = grown.where(`${at}.id`, '>', below(5))
      const relations = ways[at]!
      if (below(3) === 0) {
        const [name, , isMany] = relations[below(relations.length)]!
        if (isMany) grown = grown.select((eb: Any) => eb.related(name).count().as('number'))
        if (below(2) === 0) grown = grown.where((eb: Any) => eb.exists(eb.related(name)))
        if (isMany && below(2) === 0)
          grown = grown.select((eb: Any) =>
            eb
              .related(name)
              .select((b: Any) => b.fn.max('id').as('top'))
              .$asScalar()
              .as('top'),
          )
      }
      if (depth === 0) return grown
      for (const [name, to, isMany] of relations) {
        if (below(2) === 0) continue
        const cut = isMany && below(3) === 0 ? below(3) + 1 : undefined
        const deeper = (rows: Any): Any => {
          const built = grow(rows, to, depth - 1)
          return cut === undefined ? built : built.limit(cut)
        }
        grown = grown.include(name, deeper, {
          ...(isMany ? {} : { optional: true }),
          ...(split ? { load: 'split' } : {}),
        })
      }
      return grown
    }
    return grow(db.selectFrom(table), table, 1 + below(2)).execute()
  }
}

const ordered = (query: Any): Any => query.orderBy('id')
const SORT = { sort: [{ column: 'id' }] }

/** Ways to read that reach other tables, or are no calls of the builder. */
const reads: Readonly<Record<string, Read>> = {
  'an order by related rows': (db) =>
    db
      .selectFrom('writer')
      .select('id')
      .orderBy((eb: Any) => eb.related('books').count(), 'desc')
      .orderBy('id')
      .execute(),
  'a row that has to be there': (db) =>
    db.selectFrom('book').select('id').include('writer').where('writer_id', 'is not', null).execute(),
  'the same, split': (db) =>
    db
      .selectFrom('book')
      .select('id')
      .include('writer', { load: 'split' })
      .where('writer_id', 'is not', null)
      .execute(),
  'an update by related rows': async (db) =>
    String(
      (
        await db
          .updateTable('writer')
          .set({ name: 'same' })
          .where((eb: Any) => eb.exists(eb.related('books').where('title', '=', 'b1')))
          .where('id', '<', 0)
          .executeTakeFirst()
      ).numUpdatedRows,
    ),
  'a page with relations': (db) =>
    paginate(
      ordered(db.selectFrom('writer').select('id')).include('books', (b: Any) => ordered(b.select('title'))),
      { page: 2, limit: 2 },
    ),
  'all pages by cursor': async (db) => {
    const rows: unknown[] = []
    let after: string | undefined
    do {
      const page: Any = await paginateCursor(
        db
          .selectFrom('book')
          .select(['id', 'sold', 'price'])
          .orderBy('sold', 'desc')
          .include('labels', (l: Any) => ordered(l.select('name'))),
        { limit: 3, after },
      )
      rows.push(...page.data)
      after = page.next ?? undefined
    } while (after !== undefined)
    return rows
  },
  'a filter from outside': (db) =>
    ordered(db.selectFrom('book').select('id'))
      .where(whereOf(db, parseFilter({ or: [{ id: { gt: 2 } }, { title: { contains: 'b' } }] }, PARSED) as Any, 'book'))
      .execute(),
  'a repository': async (db) => {
    const books = repository(db, book) as Any
    return [
      await books.findAll(gt('id', 2), { ...SORT, include: { writer: { optional: true } } }).catch(codeOf),
      await books.findAll(undefined, { ...SORT, include: { labels: (l: Any) => ordered(l.select('name')) } }),
      await books.count(),
      (await books.distinct('title')).sort(),
      await books.getAll({ limit: 5, page: 1, ...SORT }),
      [...(await books.getByIds(Array.from({ length: 24 }, (_, i) => i + 1))).keys()].sort(),
      await Promise.all(Array.from({ length: 24 }, (_, i) => books.getById(i + 1))),
      await books.lookupPopulate({
        ...SORT,
        limit: 50,
        lookups: [
          { from: 'writer', localField: 'writer_id', foreignField: 'id', as: 'of', single: true, select: ['name'] },
        ],
      }),
    ]
  },
  batched: async (db) => {
    const one = batched(db) as Any
    return Promise.all(
      Array.from({ length: 24 }, (_, i) =>
        one
          .selectFrom('book')
          .select(['id', 'title'])
          .where('id', '=', i + 1)
          .executeTakeFirst(),
      ),
    ).then((rows) => rows.map((row) => row ?? null))
  },
  batch: (db) =>
    batch(db, [
      ordered(db.selectFrom('writer').select('id')).include('books', (b: Any) => ordered(b.select('title'))),
      ordered(db.selectFrom('label').select(['id', 'name'])),
    ] as Any),
  pipe: (db) =>
    (pipe as Any)(
      from(db, 'book'),
      (where as Any)('id', '>', 1),
      (select as Any)((eb: Any) => ['id', eb.related('labels').count().as('labels')]),
      (orderBy as Any)('id'),
    ).execute(),
}
const PARSED: Any = { table: book, filter: { id: ['gt'], title: ['contains'] } }
const codeOf = (error: Any): string => `refused: ${error.code ?? String(error)}`

/** Writes through relations that name hidden rows: `hidden` and `seen` give keys. */
type Key = (table: string) => number
const writes: Readonly<Record<string, (db: Any, hidden: Key, seen: Key) => Promise<unknown>>> = {
  'connect, one': (db, hidden, seen) => books(db).update(seen('book'), { writer: { connect: hidden('writer') } }),
  'update, one': (db, _, seen) => books(db).update(seen('book'), { writer: { update: { name: 'x' } } }),
  'upsert, one': (db, _, seen) =>
    books(db).update(seen('book'), { editor: { upsert: { create: own('e'), update: { name: 'x' } } } }),
  'delete, one': (db, _, seen) => books(db).update(seen('book'), { editor: { delete: true } }),
  'set, one': (db, hidden, seen) => books(db).update(seen('book'), { editor: { set: hidden('writer') } }),
  'connect, many': (db, hidden, seen) => writers(db).update(seen('writer'), { books: { connect: hidden('book') } }),
  'disconnect, many': (db, hidden, seen) =>
    writers(db).update(seen('writer'), { books: { disconnect: hidden('book') } }),
  'update, many': (db, hidden, seen) =>
    writers(db).update(seen('writer'), { books: { update: { where: hidden('book'), data: { title: 'x' } } } }),
  'upsert, many': (db, hidden, seen) =>
    writers(db).update(seen('writer'), {
      books: {
        upsert: {
          where: hidden('book'),
          create: { id: hidden('book'), ...common, title: 'x', price: '1.00', sold: 1n },
          update: { title: 'x' },
        },
      },
    }),
  'delete, many': (db, hidden, seen) => writers(db).update(seen('writer'), { books: { delete: hidden('book') } }),
  'set, many': (db, hidden, seen) => writers(db).update(seen('writer'), { books: { set: [hidden('book')] } }),
  'set to nothing, many': (db, _, seen) => writers(db).update(seen('writer'), { books: { set: [] } }),
  'set to nothing, staff': (db, _, seen) => writers(db).update(seen('writer'), { staff: { set: [] } }),
  'delete, back': (db, _, seen) => writers(db).update(seen('writer'), { card: { delete: true } }),
  'update, back': (db, _, seen) => writers(db).update(seen('writer'), { card: { update: { text: 'x' } } }),
  'disconnect, back': (db, _, seen) => writers(db).update(seen('writer'), { card: { disconnect: true } }),
  'connect, back': (db, hidden, seen) => writers(db).update(seen('writer'), { card: { connect: hidden('card') } }),
  'connect, through': (db, hidden, seen) => books(db).update(seen('book'), { labels: { connect: hidden('label') } }),
  'disconnect, through': (db, hidden, seen) =>
    books(db).update(seen('book'), { labels: { disconnect: hidden('label') } }),
  'update, through': (db, hidden, seen) =>
    books(db).update(seen('book'), { labels: { update: { where: hidden('label'), data: { name: 'x' } } } }),
  'delete, through': (db, hidden, seen) => books(db).update(seen('book'), { labels: { delete: hidden('label') } }),
  'set to nothing, through': (db, _, seen) => books(db).update(seen('book'), { labels: { set: [] } }),
  'set, through': (db, hidden, seen) => books(db).update(seen('book'), { labels: { set: [hidden('label')] } }),
  'connectOrCreate, through': (db, hidden, seen) =>
    books(db).update(seen('book'), {
      labels: { connectOrCreate: { id: hidden('label'), ...common, name: 'x' } },
    }),
  'of a hidden row': (db, hidden) =>
    writers(db).update(hidden('writer'), { books: { set: [] }, card: { delete: true } }),
  'delete of a hidden row': (db, hidden) => writers(db).delete(hidden('writer')),
  'many of a filter': (db) => books(db).updateMany(gt('id', 0), { title: 'x' }),
  'many deleted': (db) => (repository(db, label) as Any).deleteMany(gt('id', 0)),
  purge: (db) => books(db).purgeByFilter(gt('id', 0)),
  'all at once': (db, hidden) =>
    books(db).bulkWrite([
      { update: { key: hidden('book'), data: { title: 'x' } } },
      { delete: hidden('book') },
      { deleteMany: gt('id', 0) },
    ]),
  'a delete by related rows': (db) =>
    db
      .deleteFrom('book')
      .where((eb: Any) => eb.not(eb.exists(eb.related('writer').where('id', '<', 0))))
      .execute(),
}
const common = { tenant: 1, deleted_at: null }
const own = (name: string): object => ({ ...common, name })
const books = (db: Any): Any => repository(db, book)
const writers = (db: Any): Any => repository(db, writer)
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each)) ?? 'null')

describe.each(engines)('relations under policies on $name', (engine: Place) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  const content = rowsOf(seed)
  let world: World
  beforeAll(async () => {
    world = await openWorld(engine, content)
  })
  afterAll(async () => world?.close())

  /** Checks that every way to read gives what it gives where the hidden rows do not exist. */
  async function compare(db: Any, seen: Rows, without: readonly string[] = []): Promise<void> {
    const twin = await twinOf(seen)
    const all: readonly (readonly [string, Read])[] = [
      ...Object.entries(reads).filter(([name]) => !without.includes(name)),
      ...Array.from({ length: runs }, (_, i) => [`number ${seed + i}`, randomRead(seed + i)] as const),
    ]
    let compared = 0
    for (const [name, read] of all) {
      const given = plain(await read(db).catch(codeOf))
      const expected = plain(await read(twin).catch(codeOf))
      expect([name, given]).toEqual([name, expected])
      if (typeof given !== 'string') compared++
    }
    await twin.destroy()
    // Those of rows that have to be there, and the two that name a column that a twin has not.
    expect(compared).toBeGreaterThan(all.length * 0.8)
  }

  test.for(Object.keys(rules))(
    '%s: nothing of a hidden row is read',
    { timeout: 24 * 60 * 60 * 1_000 },
    async (name) => {
      await compare(await guardedBy(world, rules[name]!), seenOf(content, rules[name]!))
    },
  )

  test('asOf: nothing of a later row is read', { timeout: 24 * 60 * 60 * 1_000 }, async () => {
    const past = await openPast(engine, content, rules.all!)
    await compare(past.past, seenOf(content, rules.all!), ['an update by related rows']).finally(() => past.close())
  })

  test('schemaPerTenant: nothing of another schema is read', { timeout: 24 * 60 * 60 * 1_000 }, async () => {
    const schemas = await openSchemas(engine, content, rules.all!)
    await compare(schemas.own, seenOf(content, rules.all!)).finally(() => schemas.close())
  })

  test.for(Object.keys(rules))('%s: nothing of a hidden row is changed', async (name) => {
    const rule = rules[name]!
    const db = await guardedBy(world, rule)
    const hiddenRows = (rows: Rows): Row[] => Object.values(rows).flatMap((all) => all.filter((row) => !rule.sees(row)))
    await refill(world.base, content)
    const whole = await everything(world.base)
    const before = hiddenRows(whole)
    // Rows that lead to each other: a writer who is seen, with books that are hidden, and the other way round.
    const pick = (isHidden: boolean, at: number) => (table: string) => {
      const all = content[table]!.filter((row) => rule.sees(row) !== isHidden)
      return all[at % all.length]!.id as number
    }
    let done = 0
    for (const [verb, write] of Object.entries(writes))
      for (const at of long > 0 || engine.name === 'sqlite' ? [0, 1, 2] : [0]) {
        const failed = await write(db, pick(true, at), pick(false, at)).then(
          () => undefined,
          (error: Any) => error,
        )
        if (failed !== undefined)
          expect([verb, failed.code, failed.message]).toEqual([
            verb,
            expect.stringMatching(/^(?:not_found|policy|unique_violation|invalid_input|conflict)$/),
            failed.message,
          ])
        const after = await everything(world.base)
        for (const row of before)
          expect([verb, Object.values(after).flat()]).toEqual([verb, expect.arrayContaining([row])])
        if (failed === undefined) done++
        if (JSON.stringify(plain(after)) !== JSON.stringify(plain(whole))) await refill(world.base, content)
      }
    expect(done).toBeGreaterThan(5)
  })
})
