// Helpers over builders keep rows and take values, whatever else the query knows.

import type { Database, DatabaseOf, ExpressionBuilder, SelectQueryBuilder, TablesOf } from '../../src/index.ts'
import type * as schema from './world.ts'
import { db, equal, type Tables } from './world.ts'

declare const sdb: DatabaseOf<typeof schema>
declare const condition: boolean

const after = <Q extends SelectQueryBuilder<Tables, 'visit'>>(query: Q, id: number) =>
  query.where('visit.id', '>', id).where('rating', '=', 3).where('id', '>', id)
const light = <Q extends SelectQueryBuilder<TablesOf<typeof schema>, 'pet'>>(query: Q) =>
  query.where('pet.weight', '>', 3).where('name', '=', 'x').where('owner_id', 'in', [1])
const page = <Q extends SelectQueryBuilder<any, any>>(query: Q): Q => query.limit(20)
const noted = <Q extends SelectQueryBuilder<Tables, 'visit'>>(query: Q) => query.select('visit.note as text')
const wrong = <Q extends SelectQueryBuilder<Tables, 'visit'>>(query: Q) =>
  // @ts-expect-error the wrong type
  query.where('visit.rating', '>', 'x')
const good = (eb: ExpressionBuilder<Tables, 'visit'>) => eb('visit.rating', '>', 3)
const notes = (database: Database<Pick<Tables, 'visit'>>) => database.selectFrom('visit').select('note').execute()

export async function helpers() {
  const called = await after(db.selectFrom('visit').select(['id', 'note']), 3).execute()
  equal<typeof called, { id: number; note: string | null }[]>(true)
  const values = await light(sdb.selectFrom('pet').select(['weight', 'name'])).execute()
  equal<typeof values, { weight: number; name: string }[]>(true)
  const left = db.selectFrom('city').leftJoin('visit', 'visit.city_id', 'city.id')
  const joined = await after(left.select(['visit.id', 'note']), 3).execute()
  equal<typeof joined, { id: number | null; note: string | null }[]>(true)
  const any = await page(db.selectFrom('visit').select(['id', 'note'])).execute()
  equal<typeof any, { id: number; note: string | null }[]>(true)
  const added = await noted(db.selectFrom('visit').select('id')).execute()
  equal<typeof added, { id: number; text: string | null }[]>(true)
  left.select('city.id').where(good)
  db.selectFrom('visit').select('id').where(good)
  const fewer = await notes(db)
  equal<typeof fewer, { note: string | null }[]>(true)
  const changed = await db
    .selectFrom('city')
    .select('city.id')
    .$if(condition, (query) => query.leftJoin('visit', 'visit.city_id', 'city.id').select('note'))
    .executeTakeFirstOrThrow()
  equal<typeof changed, { id: number; note?: string | null }>(true)
  return wrong
}
