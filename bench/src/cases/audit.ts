import { type Contestant, measure, type Report } from '../harness.ts'

export const about =
  'audit: update of one row, and insert of 1,000 rows, with a trail, against triggers that write the same'

const ROWS = 1_000

/** What keeps a trail by hand: images as JSON, by triggers. */
const triggers = [
  `create table trail (
     seq integer primary key autoincrement, at text not null, table_name text not null, row_key integer not null,
     operation text not null, before_image text, after_image text
   )`,
  'create index trail_row on trail (table_name, row_key, seq)',
  ...['insert', 'update', 'delete'].map((operation) => {
    const image = (row: string): string =>
      `json_object('id', ${row}."id", 'name', ${row}."name", 'country', ${row}."country", 'population', ${row}."population")`
    const key = operation === 'delete' ? 'old' : 'new'
    return `create trigger trail_${operation} after ${operation} on place begin
      insert into trail (at, table_name, row_key, operation, before_image, after_image)
      values (strftime('%Y-%m-%dT%H:%M:%fZ'), 'place', ${key}.id, '${operation}',
        ${operation === 'insert' ? 'null' : image('old')}, ${operation === 'delete' ? 'null' : image('new')});
    end`
  }),
]

async function open(trail: 'none' | 'triggers' | 'audit' | 'audit with a chain') {
  const { kanta, sql, table } = await import('kanta')
  const { audit } = await import('kanta/audit')
  const { betterSqlite3 } = await import('kanta/better-sqlite3')
  const place = table('place', (c) => ({
    id: c.integer().primaryKey(),
    name: c.text(),
    country: c.text(),
    population: c.integer(),
  }))
  const plain = kanta({ driver: betterSqlite3(':memory:'), schema: { place } })
  await plain.schema.createTable(place).execute()
  if (trail === 'triggers') for (const text of triggers) await sql.raw(text).execute(plain)
  const plugins = trail.startsWith('audit') ? [audit({ hashChain: trail === 'audit with a chain' })] : []
  const db = plain.withPlugins(plugins) as typeof plain
  const rows = Array.from({ length: ROWS }, (_, id) => ({ id, name: `place ${id}`, country: 'FI', population: id }))
  const entries = trail === 'triggers' ? 'trail' : trail === 'none' ? undefined : 'kanta_audit'
  return {
    clear: async () => {
      await sql`delete from place`.execute(plain)
      if (entries !== undefined) await sql`delete from ${sql.table(entries)} where seq > 1`.execute(plain)
    },
    fill: async () => {
      await plain
        .insertInto('place')
        .values(rows)
        .onConflict((c) => c.doNothing())
        .execute()
    },
    update: (i: number) =>
      db
        .updateTable('place')
        .set({ population: i + ROWS, name: `renamed ${i}` })
        .where('id', '=', i % ROWS)
        .execute(),
    insert: () => db.insertInto('place').values(rows).execute(),
    places: () => plain.selectFrom('place').selectAll().orderBy('id').execute(),
    close: () => plain.destroy(),
  }
}

type Store = Awaited<ReturnType<typeof open>>

export async function* run(rounds: number): AsyncIterable<Report> {
  const names = ['none', 'triggers', 'audit', 'audit with a chain'] as const
  const stores = new Map<string, Store>()
  for (const name of names) stores.set(name, await open(name))
  const contestants = (before: (store: Store) => unknown, work: (store: Store, i: number) => unknown): Contestant[] =>
    names.map((name) => {
      const store = stores.get(name)!
      return { name, run: (i) => work(store, i), before: () => before(store), seen: () => store.places() }
    })
  const targets = [
    { of: 'audit', to: 'triggers' },
    { of: 'audit', to: 'none' },
    { of: 'audit with a chain', to: 'triggers' },
  ]
  yield await measure(
    'update of one row with a trail, better-sqlite3',
    contestants(
      (store) => store.fill(),
      (store, i) => store.update(i),
    ),
    { rounds, targets },
  )
  yield await measure(
    `insert of ${ROWS} rows with a trail, better-sqlite3`,
    contestants(
      () => undefined,
      async (store) => {
        await store.clear()
        return store.insert()
      },
    ),
    { rounds, targets, notes: ['the removal of the rows before is part of it'] },
  )
  for (const store of stores.values()) await store.close()
}
