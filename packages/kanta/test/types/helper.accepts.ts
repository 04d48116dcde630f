// Helpers over builders keep rows and take values, whatever else the query knows.

import type { Kysely, SelectQueryBuilder as TheirSelect } from '../../src/compat/kysely.ts'
import type {
  Database,
  DatabaseOf,
  Executable,
  ExpressionBuilder,
  SelectQueryBuilder,
  TablesOf,
} from '../../src/index.ts'
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

// The row as a type parameter.
const rated = <O>(query: SelectQueryBuilder<Tables, 'visit', O>) =>
  query.where('visit.rating', '=', 3).where('id', '>', 1)
const lightOnes = <O>(query: SelectQueryBuilder<TablesOf<typeof schema>, 'pet', O>) => query.where('weight', '>', 3)
const withNote = <O>(query: SelectQueryBuilder<Tables, 'visit', O>) => query.select('note as text').limit(3)
const withCity = <O>(query: SelectQueryBuilder<Tables, 'visit', O>) =>
  query.innerJoin('city', 'city.id', 'visit.city_id').select(['city.name', 'kind'])
const maybeNote = <O>(query: SelectQueryBuilder<Tables, 'visit', O>) =>
  query.$if(condition, (inner) => inner.select('note'))
const replaced = <O>(query: SelectQueryBuilder<Tables, 'visit', O>) => query.clearSelect().select('note')
const run = async <O>(query: SelectQueryBuilder<any, any, O>): Promise<{ items: O[]; first: O | undefined }> => ({
  items: await query.execute(),
  first: await query.limit(1).executeTakeFirst(),
})
const wrongRow = <O>(query: SelectQueryBuilder<Tables, 'visit', O>) => [
  // @ts-expect-error no such column
  query.where('name', '=', 'x'),
  // @ts-expect-error the wrong type
  query.where('rating', '=', 'x'),
  // @ts-expect-error no such column
  query.select('name'),
]
const ids = (query: Executable<{ id: number }>) => query.execute()
const theirs = <O>(query: TheirSelect<Tables, 'visit', O>) => query.where('rating', '=', 3).select('visit.note')

export async function rows(kysely: Kysely<Tables>) {
  const visits = db.selectFrom('visit').select(['id', 'at'])
  const same = await rated(visits).execute()
  equal<typeof same, { id: number; at: Date }[]>(true)
  const values = await lightOnes(sdb.selectFrom('pet').select('name')).execute()
  equal<typeof values, { name: string }[]>(true)
  const more = await withNote(rated(visits)).execute()
  equal<typeof more, { id: number; at: Date; text: string | null }[]>(true)
  const joined = await withCity(visits).execute()
  equal<typeof joined, { id: number; at: Date; name: string; kind: 'town' | 'village' }[]>(true)
  const maybe = await maybeNote(visits).execute()
  equal<typeof maybe, { id: number; at: Date; note?: string | null }[]>(true)
  const other = await replaced(visits).execute()
  equal<typeof other, { note: string | null }[]>(true)
  const page = await run(visits)
  equal<typeof page, { items: { id: number; at: Date }[]; first: { id: number; at: Date } | undefined }>(true)
  const left = db.selectFrom('city').leftJoin('visit', 'visit.city_id', 'city.id').select(['visit.id', 'name'])
  const outer = await left.$call(rated).execute()
  equal<typeof outer, { id: number | null; name: string }[]>(true)
  const all = await withNote(db.selectFrom('visit').selectAll()).executeTakeFirstOrThrow()
  equal<(typeof all)['text'], string | null>(true)
  equal<(typeof all)['rating'], number>(true)
  const kept = await theirs(kysely.selectFrom('visit').select('id')).execute()
  equal<typeof kept, { id: number; note: string | null }[]>(true)
  ids(visits)
  // @ts-expect-error the rows have no id
  ids(db.selectFrom('visit').select('note'))
  // @ts-expect-error another table
  rated(db.selectFrom('country').select('name'))
  return wrongRow
}
