import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Dice } from '../escape/mutate.ts'
import type { Ground } from '../tenant/ground.ts'
import { type Any, createTables, engines, open } from './ground.ts'

/** `RELATIONS_RUNS=2000` for a long run on each engine, `RELATIONS_SEED` for another one. */
const runs = Number(process.env.RELATIONS_RUNS ?? 40)
const seed = Number(process.env.RELATIONS_SEED ?? 20261130)

type Row = Record<string, Any>

/** A relation as the oracle knows it: how the rows of one parent are found by a query of their own. */
interface Way {
  readonly target: string
  readonly single: boolean
  find(db: Any, row: Row): Any
}
const by = (target: string, column: string, from: string, single: boolean): Way => ({
  target,
  single,
  find: (db, row) =>
    row[from] === null ? undefined : db.selectFrom(target).where(`${target}.${column}`, '=', row[from]),
})
const through = (target: string, own: string, other: string): Way => ({
  target,
  single: false,
  find: (db, row) =>
    db
      .selectFrom(target)
      .where(`${target}.id`, 'in', (eb: Any) => eb.selectFrom('book_tag').select(other).where(own, '=', row.id)),
})
const WAYS: Readonly<Record<string, Readonly<Record<string, Way>>>> = {
  author: {
    books: by('book', 'author_id', 'id', false),
    edited: by('book', 'editor_id', 'id', false),
    boss: by('author', 'id', 'boss_id', true),
    staff: by('author', 'boss_id', 'id', false),
    profile: by('profile', 'author_id', 'id', true),
  },
  book: {
    author: by('author', 'id', 'author_id', true),
    editor: by('author', 'id', 'editor_id', true),
    tags: through('tag', 'book_id', 'tag_id'),
  },
  tag: { books: through('book', 'tag_id', 'book_id') },
  profile: { author: by('author', 'id', 'author_id', true) },
}
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  author: ['id', 'name', 'rank', 'boss_id'],
  book: [
    ...['id', 'author_id', 'editor_id', 'title', 'rank', 'price', 'sold', 'weight', 'printed', 'day', 'published'],
    ...['extra', 'cover'],
  ],
  tag: ['id', 'name', 'rank'],
  profile: ['id', 'author_id', 'text', 'rank'],
}

/** What a query asks of a table: columns, conditions, order, limit, and relations in turn. */
interface Asked {
  readonly table: string
  readonly columns: readonly string[] | undefined
  readonly least: number | undefined
  readonly direction: 'asc' | 'desc'
  readonly limit: number | undefined
  readonly offset: number | undefined
  readonly counted: readonly string[]
  readonly included: readonly Inner[]
}

interface Inner {
  readonly name: string
  readonly alias: string
  /** Tells whether a statement of its own reads it. */
  readonly split: boolean
  readonly asked: Asked
}

/** `maySplit` where what is around is the statement itself, or read by one of its own. */
function ask(dice: Dice, table: string, depth: number, single = false, maySplit = true): Asked {
  const names = Object.keys(WAYS[table]!)
  const chosen = names.filter(() => depth > 0 && dice.below(3) === 0)
  const columns = COLUMNS[table]!.filter(() => dice.below(2) === 0)
  const limit = single || dice.below(2) === 0 ? undefined : dice.below(4)
  return {
    table,
    columns: dice.below(3) === 0 ? undefined : [...new Set(['id', ...columns])],
    least: dice.below(3) === 0 ? dice.below(5) : undefined,
    direction: dice.one(['asc', 'desc'] as const),
    limit,
    offset: limit === undefined || dice.below(3) > 0 ? undefined : dice.below(2),
    counted: names.filter((name) => !WAYS[table]![name]!.single && dice.below(4) === 0),
    included: chosen.map((name) => {
      const { target, single: one } = WAYS[table]![name]!
      const split = maySplit && dice.below(2) === 0
      return {
        ...{ name, split },
        alias: dice.below(4) === 0 ? `the_${name}` : name,
        asked: ask(dice, target, depth - 1, one, split),
      }
    }),
  }
}

/** The query of what is asked, without its relations. */
function plain(query: Any, asked: Asked, single: boolean): Any {
  const { table } = asked
  let made =
    asked.columns === undefined ? query.selectAll(table) : query.select(asked.columns.map((c) => `${table}.${c}`))
  if (asked.least !== undefined) made = made.where(`${table}.rank`, '>=', asked.least)
  if (single) return made
  made = made.orderBy(`${table}.rank`, asked.direction).orderBy(`${table}.id`)
  if (asked.limit !== undefined) made = made.limit(asked.limit)
  return asked.offset === undefined ? made : made.offset(asked.offset)
}

/** The query with everything that is asked. */
function whole(query: Any, asked: Asked, single: boolean): Any {
  let made = plain(query, asked, single)
  for (const name of asked.counted) made = made.select((eb: Any) => eb.related(name).count().as(`${name}_count`))
  for (const { name, alias, split, asked: inner } of asked.included) {
    const { single: one } = WAYS[asked.table]![name]!
    made = made.include(alias === name ? name : `${name} as ${alias}`, (q: Any) => whole(q, inner, one), {
      ...(one ? { optional: true } : {}),
      ...(split ? { load: 'split' } : {}),
    })
  }
  return made
}

/** The same by a query for each row and relation. */
async function separately(db: Any, query: Any, asked: Asked, single: boolean): Promise<Row[]> {
  const all = { ...asked, columns: undefined }
  const found: Row[] = await plain(query, all, single).execute()
  return Promise.all(
    found.map(async (full) => {
      const row: Row = {}
      for (const column of asked.columns ?? COLUMNS[asked.table]!) row[column] = full[column]
      for (const name of asked.counted) {
        const rows = await WAYS[asked.table]![name]!.find(db, full)?.select('id').execute()
        row[`${name}_count`] = rows?.length ?? 0
      }
      for (const { name, alias, asked: inner } of asked.included) {
        const way = WAYS[asked.table]![name]!
        const child = way.find(db, full)
        const rows = child === undefined ? [] : await separately(db, child, inner, way.single)
        row[alias] = way.single ? (rows[0] ?? null) : rows
      }
      return row
    }),
  )
}

const some = <T>(dice: Dice, value: () => T): T | null => (dice.below(4) === 0 ? null : value())

async function fill(db: Any, dice: Dice): Promise<void> {
  const authors = 6
  await db
    .insertInto('author')
    .values(
      Array.from({ length: authors }, (_, i) => ({
        id: i + 1,
        name: `Author "${i}" 'x' \\`,
        rank: dice.below(5),
        boss_id: i === 0 ? null : some(dice, () => dice.below(i) + 1),
      })),
    )
    .execute()
  await db
    .insertInto('book')
    .values(
      Array.from({ length: 14 }, (_, i) => ({
        id: i + 1,
        author_id: dice.below(authors) + 1,
        editor_id: some(dice, () => dice.below(authors) + 1),
        title: some(dice, () => dice.one(['', 'Kalevala', 'ä"\\\n', '漢字'])),
        rank: some(dice, () => dice.below(6)) ?? 0,
        price: some(dice, () => dice.one(['0.10', '-12.50', '9999999999.99'])),
        sold: some(dice, () => dice.one([2n ** 63n - 1n, -(2n ** 53n) - 1n, 0n])),
        weight: some(dice, () => dice.one([0.1, -1.5, 1e300, 3])),
        printed: some(dice, () => dice.below(2) === 0),
        day: some(dice, () => dice.one(['1970-01-01', '2024-02-29'])),
        published: some(dice, () => new Date(dice.one([0, 1_709_209_799_999]))),
        extra: some(dice, () => dice.one([{ a: [1, null, { b: 'x' }] }, [], 'text', 0, true])),
        cover: some(dice, () => Uint8Array.from([0, 255, dice.below(256)])),
      })),
    )
    .execute()
  await db
    .insertInto('tag')
    .values(Array.from({ length: 4 }, (_, i) => ({ id: i + 1, name: `tag ${i}`, rank: dice.below(5) })))
    .execute()
  const pairs = new Set(Array.from({ length: 16 }, () => `${dice.below(14) + 1} ${dice.below(4) + 1}`))
  await db
    .insertInto('book_tag')
    .values(
      [...pairs]
        .map((pair) => pair.split(' ').map(Number))
        .map(([book_id, tag_id]) => ({ book_id, tag_id, weight: 1 })),
    )
    .execute()
  await db
    .insertInto('profile')
    .values([1, 2, 4].map((id) => ({ id, author_id: id, text: `profile ${id}`, rank: dice.below(5) })))
    .execute()
}

/** Libraries give bytes as a `Buffer`, which is a `Uint8Array`. */
function comparable(value: Any): Any {
  if (value instanceof Uint8Array) return [...value]
  if (Array.isArray(value)) return value.map(comparable)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, comparable(item)]))
}

describe.each(engines)('relations on $name', (engine: Ground) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Awaited<ReturnType<Ground['create']>>
  let db: Any
  beforeAll(async () => {
    place = await engine.create()
    db = open(place.driver())
    await createTables(db)
    await fill(db, new Dice(seed))
  })
  afterAll(async () => {
    await db?.destroy()
    await place?.drop()
  })

  test(
    'give the rows that separate queries give',
    async () => {
      console.log(`relations on ${engine.name}: seed ${seed}, ${runs} runs`)
      const dice = new Dice(seed)
      for (let run = 0; run < runs; run++) {
        const asked = ask(dice, dice.one(Object.keys(WAYS)), 3)
        const rows = await whole(db.selectFrom(asked.table), asked, false).execute()
        const expected = await separately(db, db.selectFrom(asked.table), asked, false)
        expect(comparable(rows), `run ${run}: ${JSON.stringify(asked)}`).toEqual(comparable(expected))
      }
    },
    24 * 60 * 60 * 1000,
  )
})
