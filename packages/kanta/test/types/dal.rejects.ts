// What must not compile. Each line marked is one mistake.
import { batch, compose, createQuery, parallel, withTransaction } from '../../src/dal/index.ts'
import type { Database } from '../../src/index.ts'
import { db, type Tables } from './world.ts'

type Db = Database<Tables>

const cityById = createQuery((db: Db, id: number) =>
  db.selectFrom('city').select('name').where('id', '=', id).executeTakeFirst(),
)

export function wrong() {
  // @ts-expect-error an argument of another type
  cityById(db, '1')
  // @ts-expect-error no handle
  cityById({}, 1)
  // @ts-expect-error a query that is not run
  createQuery((db: Db) => db.selectFrom('city').selectAll())
  // @ts-expect-error a column that the result lacks
  compose(cityById, async (_, city) => city?.nme)
  parallel(db)
    .run('city', (db) => cityById(db, 1))
    // @ts-expect-error a result that is not needed
    .run('n', async (_, { city }) => city)
  // @ts-expect-error a step that is not there
  parallel(db).run('n', async () => 1, ['city'])
  // @ts-expect-error a query that was run
  batch(db, [db.selectFrom('city').selectAll().execute()])
  // @ts-expect-error an unknown option
  withTransaction(db, async () => 1, { isolation: 'serializable' })
}
