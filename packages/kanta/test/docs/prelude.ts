/** What examples find that do not bring their own: a small world of cities. */
import { type ColumnFactory, expressionBuilder, kanta, primaryKey, type Selectable, type TablesOf, table } from 'kanta'
import { commit } from 'kanta/commit'
import { many, one, relations } from 'kanta/relations'
import { sqlite } from 'kanta/sqlite'
import { startHistory } from 'kanta/time-travel'
import { Pool } from '../../src/connect/pool.ts'
import { PoolSession, type Session } from '../../src/connect/session.ts'

export * from 'kanta'
export * from 'kanta/ambient'
export * from 'kanta/cache'
export * from 'kanta/commit'
export * from 'kanta/dal'
export * from 'kanta/debug'
// Not and, or, not, which kanta/rls has, too.
export {
  anyOf,
  between,
  contains,
  count,
  eq,
  gt,
  gte,
  iContains,
  isNotNull,
  isNull,
  keepsAll,
  like,
  lt,
  ne,
  parseFilter,
  parseUrl,
  percentile,
  raw,
  startsWith,
  sum,
  whereOf,
} from 'kanta/filter'
export * from 'kanta/infra'
export { docsPage } from 'kanta/page'
export * from 'kanta/plugins'
export * from 'kanta/problem'
export * from 'kanta/relations'
export * from 'kanta/repository'
export * from 'kanta/rls'
export * from 'kanta/schema'
export * from 'kanta/search'
export * from 'kanta/sqlite'
export * from 'kanta/time-travel'

export const country = table('country', (c) => ({
  cca2: c.text().primaryKey(),
  name: c.text(),
  area: c.real(),
}))

export const city = table('city', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text(),
  country: c.text().references(() => country.cca2),
  population: c.integer().nullable(),
  capital: c.boolean().default(false),
  area: c.real().nullable(),
  profile: c.json<{ address: { street: string } }>().nullable(),
  created_at: c.timestamp().default(new Date(0)),
  updated_at: c.timestamp().default(new Date(0)),
  deleted_at: c.timestamp().nullable(),
}))

export const oldCity = table('old_city', (c) => ({ id: c.integer().primaryKey(), name: c.text() }))

export const sale = table('sale', (c) => ({
  region: c.text(),
  product: c.text(),
  price: c.real(),
  day: c.date(),
}))

export const seat = table(
  'seat',
  (c) => ({ row: c.integer(), place: c.integer() }),
  (t) => [primaryKey([t.row, t.place])],
)

/** A text that is deleted softly, and whose changes are counted. */
export const draft = table('draft', (c) => ({
  id: c.integer().primaryKey(),
  title: c.text(),
  version: c.integer().default(1),
  deleted_at: c.timestamp().nullable(),
}))

/** Cities on their way into the table of cities. */
export const arrival = table('arrival', (c) => ({ id: c.integer(), name: c.text(), country: c.text() }))

/** Who reports to whom. */
export const employee = table('employee', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text().default('nobody'),
  manager_id: c.integer().nullable(),
}))

const tables = { country, city, oldCity, sale, seat, arrival, draft, employee }
export const related = relations({
  country: { cities: many(city, city.country) },
  city: { country: one(country, city.country) },
})
export const schema = { ...tables, related }
export type Tables = TablesOf<typeof schema>
export type City = Selectable<Tables['city']>
export type Country = Selectable<Tables['country']>
export const newCity = { name: 'Turku', country: 'FI' }
export const notify = (_city: object): void => {}
export const driver = sqlite(':memory:')
export const db = kanta({ driver, schema })
export const eb = expressionBuilder<Tables, 'city' | 'sale'>()

/** Two databases, and commits over both. */
const order = table('order', (c) => ({ id: c.integer().primaryKey(), item: c.text(), count: c.integer() }))
const stock = table('stock', (c) => ({ item: c.varchar(50).primaryKey(), count: c.integer() }))
export const orders = kanta({ driver: sqlite(':memory:'), schema: { order } })
export const warehouse = kanta({ driver: sqlite(':memory:'), schema: { stock } })
export const shop = commit({ home: 'orders', layers: { orders, warehouse } })

/** What the callbacks of `table()` are given, taken out of them. */
export let c!: ColumnFactory
export const t = table('t', (columns) => {
  c = columns
  return {
    ...{ country: c.text(), population: c.integer() },
    ...{ row: c.integer(), place: c.integer() },
  }
})

export const id = 1
export const n = 100_000
export const page = 2
export const detailed = true
export const request = { sortBy: 'name' } as const
export class CityNotFound extends Error {}
export const paginate = <Q extends { limit(n: number): Q; offset(n: number): Q }>(query: Q, page: number): Q =>
  query.limit(10).offset(10 * page)

// For those who read the inside of the package.
export { beginTransaction } from '../../src/run/transact.ts'
export const session = new PoolSession(new Pool(driver))
export const insertCity = (_session: Session): Promise<void> => Promise.resolve()

/** Makes the tables, with a row for examples that look for one. */
export async function create(): Promise<void> {
  await fill(db)
  await startHistory(db, ['seat', 'country'])
  await orders.schema.createTable(order).execute()
  await warehouse.schema.createTable(stock).execute()
}

/** The same in a database that is given. */
export async function fill(into: typeof db): Promise<void> {
  for (const each of Object.values(tables)) await into.schema.createTable(each).execute()
  await into.insertInto('country').values({ cca2: 'FI', name: 'Finland', area: 338_455 }).execute()
  await into.insertInto('city').values({ name: 'Helsinki', country: 'FI', population: 684_018 }).execute()
}

export async function destroy(): Promise<void> {
  await session.pool.destroy()
  await shop.close()
  for (const each of [db, orders, warehouse]) await each.destroy()
}
