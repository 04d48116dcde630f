// The database itself: transactions, prepared and stored queries, tables as values, generic helpers.

import type {
  ColumnOf,
  ControlledTransaction,
  Database,
  DatabaseOf,
  DeleteQueryBuilder,
  Executable,
  InferRow,
  Insertable,
  InsertQueryBuilder,
  InsertResult,
  NotNull,
  PreparedQuery,
  Rowed,
  Selectable,
  SelectQueryBuilder,
  SelectType,
  Slots,
  Table,
  TablesOf,
  Updateable,
  UpdateQueryBuilder,
  ValueOf,
} from '../../src/index.ts'
import { check, fromJSON, kanta, prepare, primaryKey, sql, table, toJSON, unique } from '../../src/index.ts'
import * as schema from './world.ts'
import { type City, db, type Equal, equal, type PetId, person, pet, type Rows, type Tables } from './world.ts'

export async function transactions(signal: AbortSignal) {
  const given = await db
    .transaction()
    .setIsolationLevel('serializable')
    .setAccessMode('read write')
    .execute(
      async (trx) => {
        equal<typeof trx.isTransaction, true>(true)
        const whole: Database<Tables> = trx
        trx.afterCommit(() => {})
        trx.afterRollback(async () => {})
        await trx.transaction().execute((inner) => inner.deleteFrom('visit').execute())
        await whole.selectFrom('city').selectAll().execute()
        return trx
          .insertInto('country')
          .values({ cca2: 'FI', name: 'Finland', area: 1, kind: 'republic' })
          .executeTakeFirst()
      },
      { signal },
    )
  equal<typeof given, InsertResult>(true)

  await using trx = await db.startTransaction().setIsolationLevel('snapshot').execute({ signal })
  equal<typeof trx.isCommitted, boolean>(true)
  const one = await trx.savepoint('a').execute()
  const two = await one.savepoint('b').execute()
  equal<typeof two, ControlledTransaction<Tables, ['a', 'b']>>(true)
  const back = await two.rollbackToSavepoint('a').execute()
  equal<typeof back, ControlledTransaction<Tables, ['a']>>(true)
  const released = await two.releaseSavepoint('a').execute()
  equal<typeof released, ControlledTransaction<Tables, []>>(true)
  await back.selectFrom('city').selectAll().execute()
  await trx.rollback().execute()
  await trx.commit().execute()

  const n: number = await db
    .connection()
    .execute(async (connection) => (await connection.selectFrom('city').select('id').execute()).length, { signal })
  void n
  const inSchema: Database<Tables> = db.withSchema('geo')
  const plugged: Database<Tables> = db.withPlugins([{ name: 'x' }])
  await inSchema.destroy()
  void plugged
  await db.schema.createTable(person).ifNotExists().execute()
  equal<ReturnType<ReturnType<typeof db.schema.createTable>['compile']>['sql'], string>(true)
  await db.schema.dropTable('city').ifExists().execute({ signal })
  await db.schema.dropTable(pet).execute()
}

export async function prepared() {
  const query = prepare(db, (slot: Slots<{ id: number; names: string[]; most: number; name: string }>) =>
    db
      .selectFrom('city')
      .where('id', '=', slot('id'))
      .where('name', 'in', slot('names'))
      .where('name', 'not in', [slot('name'), 'x'])
      .where((eb) => eb('population', '>', slot('id')))
      .limit(slot('most'))
      .select(['id', 'name', slot('id') && sql<number>`${slot('id')}`.as('given')]),
  )
  equal<
    typeof query,
    PreparedQuery<
      { id: number; names: string[]; most: number; name: string },
      { id: number; name: string; given: number }
    >
  >(true)
  const rows = await query.execute({ id: 1, names: ['a'], most: 3, name: 'x' })
  equal<typeof rows, { id: number; name: string; given: number }[]>(true)
  const first = await query.executeTakeFirst({ id: 1, names: ['a'], most: 3, name: 'x' })
  equal<typeof first, { id: number; name: string; given: number } | undefined>(true)
  for await (const row of query.stream({ id: 1, names: [], most: 3, name: 'x' }))
    equal<typeof row, { id: number; name: string; given: number }>(true)

  const insert = prepare(db, (slot: Slots<{ id: number; note: string | null }>) =>
    db
      .insertInto('visit')
      .values({ city_id: slot('id'), at: new Date(), note: slot('note'), rating: 1 })
      .returning('id'),
  )
  const made = await insert.executeTakeFirstOrThrow({ id: 1, note: null })
  equal<typeof made, { id: number }>(true)
  prepare(db, (slot: Slots<{ name: string }>) => db.updateTable('city').set({ name: slot('name') }))
}

export async function stored() {
  const query = db.selectFrom('city').select('id')
  const rows = await fromJSON(db, toJSON(query)).execute()
  equal<typeof rows, { id: number }[]>(true)
}

export async function tablesAsValues(db: DatabaseOf<typeof schema>) {
  equal<Selectable<typeof person>, Selectable<InferRow<typeof person>>>(true)
  equal<
    Selectable<InferRow<typeof person>>,
    {
      id: number
      name: string
      email: string | null
      admin: boolean
      balance: string
      total: bigint
      born: string | null
      created: Date
      settings: { theme: 'dark' | 'light' }
      photo: Uint8Array | null
      key: string
      color: 'red' | 'green'
      boss: number | null
      label: string
    }
  >(true)
  equal<keyof TablesOf<typeof schema>, 'person' | 'pet' | 'geo.region'>(true)

  const rows = await db
    .selectFrom(person)
    .innerJoin(pet, pet.owner_id, person.id)
    .leftJoin(person.as('boss'), (join) => join.onRef('boss.id', '=', person.boss).on(person.admin, '=', true))
    .select([
      person.id,
      person.name.as('owner'),
      pet.name,
      'boss.created',
      (eb) => eb.fn.count(pet.id).as('pets'),
      sql<1>`1`.as('one'),
    ])
    .where(person.born, '>', '2000-01-01')
    .where('pet.weight', '<', 3)
    .where((eb) => eb.and([eb(person.color, '=', 'red'), eb(pet.id, 'in', [1 as PetId])]))
    .whereRef(person.name, '!=', 'pet.name')
    .groupBy([person.id, 'pet.name'])
    .orderBy(person.name, 'desc')
    .orderBy('owner')
    .execute()
  equal<typeof rows, { id: number; owner: string; name: string; created: Date | null; pets: number; one: 1 }[]>(true)

  const strings = await db.selectFrom('person').select(['id', 'person.settings', 'total']).executeTakeFirstOrThrow()
  equal<typeof strings, { id: number; settings: { theme: 'dark' | 'light' }; total: bigint }>(true)
  const alias = person.as('p')
  const aliased = await db.selectFrom(alias).select([alias.id, 'p.name']).selectAll(alias).execute()
  equal<keyof (typeof aliased)[0], keyof Selectable<InferRow<typeof person>>>(true)
  const starred = await db
    .selectFrom(person)
    .innerJoin(pet, 'owner_id', 'person.id')
    .selectAll(pet)
    .forUpdate(pet)
    .execute()
  equal<typeof starred, { id: PetId; name: string; owner_id: number; weight: number }[]>(true)
  const inSchema = await db.selectFrom(schema.region).select([schema.region.code, 'pet_id']).execute()
  equal<typeof inSchema, { code: string; pet_id: number }[]>(true)

  const made = await db
    .insertInto(person)
    .values({ name: 'x', balance: '1.50', total: 1n, settings: { theme: 'dark' }, key: 'k', color: 'green' })
    .returning([person.id, person.admin])
    .executeTakeFirstOrThrow()
  equal<typeof made, { id: number; admin: boolean }>(true)
  await db
    .insertInto('pet')
    .columns([pet.name, 'owner_id', pet.weight])
    .expression(db.selectFrom(pet).select([pet.name, pet.owner_id, pet.weight]))
    .execute()
  await db
    .updateTable(pet)
    .set({ weight: 2 })
    .set(pet.name, 'y')
    .where(pet.id, '=', 1 as PetId)
    .execute()
  await db.deleteFrom(pet).using(person).whereRef(pet.owner_id, '=', person.id).returning(pet.id).execute()
  await db.mergeInto(pet).using(person, pet.owner_id, person.id).whenMatched().thenUpdateSet(pet.weight, 1).execute()
  const cte = await db
    .with('heavy', (q) => q.selectFrom(pet).select([pet.id, pet.name.as('n')]))
    .selectFrom('heavy')
    .selectAll()
    .execute()
  equal<typeof cte, { id: PetId; n: string }[]>(true)
  await db.transaction().execute(async (trx) => takes(trx))
  async function takes(_: Database<TablesOf<typeof schema>>) {}
  await takes(db)

  const seat = table(
    'seat',
    (c) => ({ row: c.integer(), place: c.integer() }),
    (t) => [primaryKey([t.row, t.place]), unique([t.place]), check('positive', sql<boolean>`${t.row} > 0`)],
  )
  equal<Equal<Insertable<InferRow<typeof seat>>, { row: number; place: number }>, true>(true)
  const opened = kanta({ driver: {} as never, schema: { seat } })
  equal<Rows<ReturnType<typeof seats>>, { row: number; place: number }[]>(true)
  function seats() {
    return opened.selectFrom('seat').selectAll()
  }
}

// Helpers over any table that has what they need, without casts.

async function getById<DB extends Record<T, { id: ColumnOf<number> }>, T extends keyof DB & string>(
  db: Database<DB>,
  table: T,
  id: number,
) {
  return db.selectFrom(table).selectAll().where('id', '=', id).executeTakeFirst()
}

/** By any column. */
async function findBy<DB, T extends keyof DB & string, C extends keyof DB[T] & string>(
  db: Database<DB>,
  table: T,
  column: C,
  value: ValueOf<DB[T][C]>,
) {
  return db.selectFrom(table).selectAll().where(db.dynamic.ref(column), '=', value).execute()
}

/** By the key, whatever its type is. */
async function getByCode<DB extends Record<T, { code: unknown }>, T extends keyof DB & string>(
  db: Database<DB>,
  table: T,
  code: ValueOf<DB[T]['code']>,
) {
  return db.selectFrom(table).selectAll().where('code', '=', code).executeTakeFirst()
}

async function exists<DB extends Record<T, { id: ColumnOf<number> }>, T extends keyof DB & string>(
  db: Database<DB>,
  table: T,
  id: number,
): Promise<boolean> {
  const row = await db.selectFrom(table).select('id').where('id', '=', id).limit(1).executeTakeFirst()
  return row !== undefined
}

async function page<DB extends Record<T, { id: ColumnOf<number> }>, T extends keyof DB & string>(
  db: Database<DB>,
  table: T,
  after: number,
  size: number,
) {
  const rows = await db.selectFrom(table).selectAll().where('id', '>', after).orderBy('id').limit(size).execute()
  return { rows, last: rows.at(-1)?.id }
}

async function add<DB, T extends keyof DB & string>(db: Database<DB>, table: T, row: Insertable<DB[T]>) {
  return db.insertInto(table).values(row).returningAll().executeTakeFirstOrThrow()
}

async function change<DB extends Record<T, { id: ColumnOf<number> }>, T extends keyof DB & string>(
  db: Database<DB>,
  table: T,
  ids: readonly number[],
  changes: Updateable<DB[T]>,
) {
  const { numUpdatedRows } = await db.updateTable(table).set(changes).where('id', 'in', ids).executeTakeFirst()
  return numUpdatedRows
}

async function remove<DB extends Record<T, { id: ColumnOf<number> }>, T extends keyof DB & string>(
  db: Database<DB>,
  table: T,
  id: number,
) {
  return db.deleteFrom(table).where('id', '=', id).executeTakeFirst()
}

/** By a table as a value. */
async function softFind<
  DB extends Record<B, R>,
  B extends keyof DB & string,
  R extends { id: ColumnOf<number>; deleted_at: ColumnOf<Date | null> },
>(db: Database<DB>, table: Table<B, R>, id: number) {
  return db.selectFrom(table).selectAll().where('id', '=', id).where('deleted_at', 'is', null).executeTakeFirst()
}

/** By a query: whatever it selects. */
function firstPage<Q extends Rowed & { limit(count: number): Q }>(query: Q): Q {
  return query.limit(10)
}

export async function generics(sdb: DatabaseOf<typeof schema>) {
  const city = await getById(db, 'city', 1)
  equal<typeof city, Selectable<City> | undefined>(true)
  const someone = await getById(sdb, 'person', 1)
  equal<NonNullable<typeof someone>['created'], Date>(true)
  const found = await findBy(db, 'country', 'cca2', 'FI')
  equal<(typeof found)[0]['area'], number>(true)
  const byCode = await getByCode(db, 'geo.region', 'x')
  equal<typeof byCode, { code: string; city_id: number } | undefined>(true)
  const there: boolean = await exists(sdb, 'person', 1)
  void there
  const { rows, last } = await page(db, 'visit', 0, 10)
  equal<(typeof rows)[0]['at'], Date>(true)
  equal<typeof last, number | undefined>(true)
  const made = await add(db, 'visit', { city_id: 1, at: new Date(), rating: 3 })
  equal<typeof made, { id: number; city_id: number; at: Date; note: string | null; rating: number }>(true)
  const numbers: bigint = await change(db, 'visit', [1], { rating: 3 })
  void numbers
  await remove(db, 'visit', 1)
  await db.transaction().execute((trx) => getById(trx, 'city', 1))

  const article = table('article', (c) => ({
    id: c.integer().primaryKey(),
    title: c.text(),
    deleted_at: c.timestamp().nullable(),
  }))
  const adb = {} as DatabaseOf<{ article: typeof article; pet: typeof pet }>
  const soft = await softFind(adb, article, 1)
  equal<typeof soft, { id: number; title: string; deleted_at: Date | null } | undefined>(true)
  const short = await firstPage(db.selectFrom('city').select('id')).execute()
  equal<typeof short, { id: number }[]>(true)

  // @ts-expect-error no such table
  await getById(db, 'town', 1)
  // @ts-expect-error a table without id
  await getById(db, 'country', 1)
  // @ts-expect-error the wrong type of id
  await getById(db, 'city', 'x')
  // @ts-expect-error the wrong type of value
  await findBy(db, 'country', 'cca2', 3)
  // @ts-expect-error no such column
  await findBy(db, 'country', 'cca3', 'FI')
  // @ts-expect-error a missing column
  await add(db, 'visit', { city_id: 1 })
  // @ts-expect-error an unknown column
  await change(db, 'visit', [1], { ratings: 3 })
  // @ts-expect-error a table without deleted_at
  await softFind(adb, pet, 1)
  equal<SelectType<ColumnOf<number>>, number>(false as never)
  equal<NotNull, NotNull>(true)
}

const large = <Q extends SelectQueryBuilder<Tables, 'city'>>(query: Q) =>
  query.where('city.population', '>', 1_000_000).where('capital', '=', true)
const byId = <Q extends UpdateQueryBuilder<Tables, 'city'> | DeleteQueryBuilder<Tables, 'city'>>(
  query: Q,
  id: number,
): Q => query.$call((q) => q as Q) && query && idOf(query, id)
declare function idOf<Q>(query: Q, id: number): Q
const ignoring = <Q extends InsertQueryBuilder<Tables, 'country'>>(query: Q) => query.orIgnore()
const rowsOf = <R>(query: Executable<R>): Promise<R[]> => query.execute()

export async function buildersAsParameters() {
  const rows = await large(db.selectFrom('city').select('id')).execute()
  equal<typeof rows, { id: number }[]>(true)
  const called = await db
    .selectFrom('city')
    .innerJoin('country', 'cca2', 'country')
    .select(['city.id', 'area'])
    .$call(large)
    .executeTakeFirst()
  equal<typeof called, { id: number; area: number } | undefined>(true)
  byId(db.deleteFrom('city'), 1)
  const inserted = await ignoring(
    db.insertInto('country').values({ cca2: 'FI', name: 'Finland', area: 1, kind: 'republic' }).returning('cca2'),
  ).execute()
  equal<typeof inserted, { cca2: string }[]>(true)
  const run = await rowsOf(db.selectFrom('city').select('kind'))
  equal<typeof run, { kind: 'town' | 'village' }[]>(true)
  // @ts-expect-error a query of another table
  large(db.selectFrom('country').select('area'))
}
