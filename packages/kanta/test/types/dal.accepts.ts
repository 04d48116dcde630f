// Functions over queries infer exactly, also those that are generic; none gives never or any.
import {
  batch,
  batched,
  chain,
  compose,
  conditional,
  createQuery,
  createTransactionalQuery,
  mapResult,
  parallel,
  withTransaction,
} from '../../src/dal/index.ts'
import type { Database, Transaction } from '../../src/index.ts'
import { db, equal, type Tables } from './world.ts'

type Db = Database<Tables>
interface Name {
  name: string
}

const cityById = createQuery((db: Db, id: number) =>
  db.selectFrom('city').select(['name', 'country']).where('id', '=', id).executeTakeFirst(),
)
const named = createQuery(
  <T extends Name>(db: Db, value: T): Promise<T> => Promise.resolve(db.isTransaction ? value : value),
)
const rename = createTransactionalQuery(async (db: Db, id: number, name?: string) => {
  await db
    .updateTable('city')
    .set({ name: name ?? 'x' })
    .where('id', '=', id)
    .execute()
  return id
})

// H22: what is inferred of a query is never `never`.
export async function inferred(trx: Transaction<Tables>) {
  equal<Parameters<typeof cityById>, [db: Db, id: number]>(true)
  equal<Awaited<ReturnType<typeof cityById>>, { name: string; country: string } | undefined>(true)
  equal<Awaited<ReturnType<typeof rename>>, number>(true)
  const own = await named(db, { name: 'x', size: 1 })
  equal<typeof own, { name: string; size: number }>(true)
  return [await cityById(trx, 1), await cityById(batched(db), 1), await rename(db, 1), await rename(trx, 1, 'y')]
}

export async function composed() {
  const land = compose(cityById, (db, city) =>
    db
      .selectFrom('country')
      .select('area')
      .where('cca2', '=', city?.country ?? '')
      .execute(),
  )
  equal<typeof land, (db: Db, id: number) => Promise<{ area: number }[]>>(true)
  const size = chain(
    land,
    async (_, rows) => rows[0]?.area,
    async (db, area) => ({ area, inside: db.isTransaction }),
  )
  equal<Awaited<ReturnType<typeof size>>, { area: number | undefined; inside: boolean }>(true)
  const title = mapResult(cityById, (city) => city?.name)
  equal<typeof title, (db: Db, id: number) => Promise<string | undefined>>(true)
  const some = conditional((_, id) => id > 0, rename)
  equal<Awaited<ReturnType<typeof some>>, number | undefined>(true)
  const other = conditional(
    () => true,
    cityById,
    async () => 'none',
  )
  equal<Awaited<ReturnType<typeof other>>, { name: string; country: string } | undefined | string>(true)
  return [land, size, title, some, other]
}

export async function together() {
  const { city, n } = await parallel(db, { city: (db) => cityById(db, 1), n: async () => 1 })
  equal<typeof city, { name: string; country: string } | undefined>(true)
  equal<typeof n, number>(true)
  const screen = await parallel(db)
    .run('city', (db) => cityById(db, 1))
    .run('n', async (db) => db.isTransaction)
    .run('text', async (_, { city }) => city?.name ?? '', ['city'])
    .execute()
  equal<
    typeof screen,
    { readonly city: { name: string; country: string } | undefined; readonly n: boolean; readonly text: string }
  >(true)
  const [cities, updated] = await batch(db, [
    db.selectFrom('city').select('name'),
    db.updateTable('city').set({ name: 'x' }),
  ])
  equal<typeof cities, { name: string }[]>(true)
  const count: bigint = updated[0]!.numUpdatedRows
  const kept = await withTransaction(db, async (trx) => {
    trx.afterCommit(() => {})
    return cityById(trx, 1)
  })
  equal<typeof kept, { name: string; country: string } | undefined>(true)
  return [screen, count, kept]
}
