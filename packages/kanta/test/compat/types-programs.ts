// Programs whose types are looked at: they compile with npm's kysely and with kanta/kysely. What is marked must not.
import type {
  ColumnType,
  Compilable,
  ControlledTransaction,
  Equals,
  ExpressionBuilder,
  Generated,
  GeneratedAlways,
  InferResult,
  Insertable,
  JSONColumnType,
  Kysely,
  NotNull,
  Nullable,
  Selectable,
  SelectQueryBuilder,
  Simplify,
  Transaction,
  Updateable,
} from 'kysely'
import { expressionBuilder, sql } from 'kysely'
import type { Database } from './world.ts'

declare const db: Kysely<Database>
declare function same<A, B>(is: Equals<A, B>): void

interface Article {
  id: Generated<number>
  title: string
  created: ColumnType<Date, string | undefined, never>
  hash: GeneratedAlways<string>
  note: string | null
  meta: JSONColumnType<{ tags: string[] }>
}

export function columns() {
  same<
    Selectable<Article>,
    { id: number; title: string; created: Date; hash: string; note: string | null; meta: { tags: string[] } }
  >(true)
  const least: Insertable<Article> = { title: 'x', meta: '{}' }
  const most: Insertable<Article> = { id: 1, title: 'x', created: 'now', note: null, meta: '{}' }
  const change: Updateable<Article> = { title: 'y', note: null }
  // @ts-expect-error a column is missing
  const missing: Insertable<Article> = { meta: '{}' }
  // @ts-expect-error may not be inserted
  const written: Insertable<Article> = { title: 'x', meta: '{}', hash: 'h' }
  // @ts-expect-error may not be updated
  const updated: Updateable<Article> = { created: 'now' }
  same<Nullable<{ a: number }>, { a: number | null }>(true)
  same<Simplify<{ a: 1 } & { b: 2 }>, { a: 1; b: 2 }>(true)
  return [least, most, change, missing, written, updated]
}

export async function rows() {
  const some = await db.selectFrom('person').select(['id', 'first_name as name', 'person.last_name']).execute()
  same<typeof some, { id: number; name: string; last_name: string | null }[]>(true)
  const joined = await db
    .selectFrom('person as p')
    .leftJoin('pet', 'pet.owner_id', 'p.id')
    .select(['p.id', 'pet.name', 'pet.species as kind'])
    .executeTakeFirst()
  same<typeof joined, { id: number; name: string | null; kind: 'cat' | 'dog' | null } | undefined>(true)
  const one = await db.selectFrom('toy').selectAll().executeTakeFirstOrThrow()
  same<typeof one, { id: number; name: string | null; pet_id: number | null }>(true)
  const built = await db
    .selectFrom('person')
    .select((eb) => ['id', eb.fn.max('age').as('oldest'), sql<string>`x`.as('x'), eb.ref('last_name').as('l')])
    .execute()
  same<typeof built, { id: number; oldest: number; x: string; l: string | null }[]>(true as never)
  const filled = await db.selectFrom('person').select('last_name').$narrowType<{ last_name: NotNull }>().execute()
  same<typeof filled, { last_name: string }[]>(true)
  const optional = await db
    .selectFrom('person')
    .select('id')
    .$if(true, (q) => q.select('age'))
    .execute()
  same<typeof optional, { id: number; age?: number }[]>(true as never)
  const returned = await db.insertInto('toy').values({ name: 'x' }).returning('id').execute()
  same<typeof returned, { id: number }[]>(true)
  const common = await db
    .with('c', (q) => q.selectFrom('pet').select('name as n'))
    .selectFrom('c')
    .select('c.n')
    .execute()
  same<typeof common, { n: string }[]>(true)
  const query = db.selectFrom('person').select('id')
  same<InferResult<typeof query>, { id: number }[]>(true)
  const insert = await db.insertInto('toy').values({ name: 'x' }).executeTakeFirst()
  const id: bigint | undefined = insert.insertId
  return id
}

const isAdult = (eb: ExpressionBuilder<Database, 'person'>) => eb('age', '>=', 18).and('first_name', '!=', 'x')
const adults = <Q extends SelectQueryBuilder<Database, 'person', any>>(query: Q) => query.where('person.age', '>=', 18)
const sqlOf = (query: Compilable) => query.compile().sql
const within = (trx: Transaction<Database>) => trx.selectFrom('person').selectAll().execute()
const either = (one: Kysely<Database> | Transaction<Database>) => one.deleteFrom('toy').execute()

export async function helpers(trx: ControlledTransaction<Database, ['a']>) {
  await db.selectFrom('person').selectAll().where(isAdult).execute()
  await adults(db.selectFrom('person').select('id')).execute()
  sqlOf(db.updateTable('person').set({ age: 3 }))
  await db.transaction().execute(within)
  await either(trx)
  await trx.rollbackToSavepoint('a').execute()
  const eb = expressionBuilder<Database, 'person'>()
  db.selectFrom('person')
    .select('id')
    .where(eb.or([eb('age', '>', 3), eb.exists(eb.selectFrom('pet').selectAll())]))
  db.updateTable('person').set({ age: (e) => e('age', '+', 1) })
  db.updateTable('person').set((e) => ({ age: e('age', '+', 1), last_name: null }))
  db.insertInto('toy')
    .values({ id: 1, name: 'x' })
    .onConflict((oc) => oc.column('id').doUpdateSet({ name: (e) => e.ref('excluded.name') }))
}

export function wrong() {
  // @ts-expect-error no such table
  db.selectFrom('persons')
  // @ts-expect-error no such column
  db.selectFrom('person').select('firstname')
  // @ts-expect-error no such column in a list
  db.selectFrom('person').select(['id', 'firstname'])
  // @ts-expect-error the alias hides the name
  db.selectFrom('person as p').select('person.id')
  // @ts-expect-error no such column to compare
  db.selectFrom('person').selectAll().where('firstname', '=', 'x')
  // @ts-expect-error the wrong type
  db.selectFrom('person').selectAll().where('age', '=', 'x')
  // @ts-expect-error the wrong operator
  db.selectFrom('person').selectAll().where('age', '=>', 1)
  // @ts-expect-error no such join column
  db.selectFrom('person').innerJoin('pet', 'pet.owner', 'person.id')
  // @ts-expect-error no such value of the enum
  db.selectFrom('pet').selectAll().where('species', '=', 'fish')
  // @ts-expect-error a missing column
  db.insertInto('pet').values({ name: 'x', species: 'cat' })
  // @ts-expect-error the wrong type in a row
  db.insertInto('pet').values({ name: 'x', species: 'fish', owner_id: 1 })
  // @ts-expect-error no such column to set
  db.updateTable('pet').set({ nam: 'x' })
  // @ts-expect-error the wrong type to set
  db.updateTable('pet').set({ name: 1 })
  // @ts-expect-error no such column to order by
  db.selectFrom('person').select('id').orderBy('ages')
  // @ts-expect-error no such column to return
  db.deleteFrom('pet').returning('nam')
  // @ts-expect-error not a query of the same columns
  db.selectFrom('person').select('id').union(db.selectFrom('pet').select('name'))
}
