
import type { SelectQueryBuilder, TablesOf, ExpressionBuilder, Generated, DatabaseOf, Database } from '../../src/index.ts'
import { db, person, pet, type Tables, equal, type Rows } from './world.ts'
import type * as schema from './world.ts'
declare const sdb: DatabaseOf<typeof schema>
declare const cond: boolean
export const after = <Q extends SelectQueryBuilder<Tables, 'visit'>>(q: Q, id: number) => q.where('visit.id', '>', id).where('rating', '=', 3).where('id', '>', id)
export const good = <Q extends SelectQueryBuilder<TablesOf<typeof schema>, 'pet'>>(q: Q) => q.where('pet.weight', '>', 3).where('name', '=', 'x').where('owner_id','in',[1])
// @ts-expect-error wrong type
export const bad = <Q extends SelectQueryBuilder<Tables, 'visit'>>(q: Q) => q.where('visit.rating', '>', 'x')
const a = await after(db.selectFrom('visit').select(['id', 'note']), 3).execute()
equal<typeof a, { id: number; note: string | null }[]>(true)
const b = await good(sdb.selectFrom('pet').select(['weight', 'name'])).execute()
equal<typeof b, { weight: number; name: string }[]>(true)
const c = await after(db.selectFrom('city').leftJoin('visit', 'visit.city_id', 'city.id').select(['visit.id', 'note']), 3).execute()
equal<typeof c, { id: number | null; note: string | null }[]>(true)
const page = <Q extends SelectQueryBuilder<any, any>>(q: Q): Q => q.limit(20)
const d = await page(db.selectFrom('visit').select(['id', 'note'])).execute()
equal<typeof d, { id: number; note: string | null }[]>(true)
export const titled = <Q extends SelectQueryBuilder<Tables, 'visit'>>(q: Q) => q.select('visit.note as t')
const e = await titled(db.selectFrom('visit').select('id')).execute()
equal<typeof e, { id: number; t: string | null }[]>(true)
const f = await db.selectFrom('city').select('city.id').$if(cond, (q) => q.leftJoin('visit', 'visit.city_id', 'city.id').select('note')).executeTakeFirstOrThrow()
equal<typeof f, { id: number; note?: string | null }>(true)
const big = (eb: ExpressionBuilder<Tables, 'visit'>) => eb('visit.rating', '>', 3)
db.selectFrom('city').leftJoin('visit', 'visit.city_id', 'city.id').select('city.id').where(big)
db.selectFrom('visit').select('id').where(big)
const mails = (x: Database<Pick<Tables, 'visit'>>) => x.selectFrom('visit').select('note').execute()
export const r = mails(db)
