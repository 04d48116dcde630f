import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { check, KantaError, kanta, sql, table, unique } from '../../src/index.ts'
import { problemOf } from '../../src/problem.ts'
import { sandbox } from '../../src/testing/index.ts'
import { engines } from '../relations/ground.ts'
import type { Any, Ground } from '../tenant/ground.ts'

const city = table(
  'city',
  (c) => ({ id: c.integer().primaryKey(), name: c.varchar(40), country: c.varchar(2), people: c.integer().default(1) }),
  (t) => [unique([t.name, t.country]), check('city_people', sql`people > 0`)],
)

describe.each(engines)('errors, $name', (engine: Ground) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Awaited<ReturnType<Ground['create']>>
  let db: Any
  beforeAll(async () => {
    place = await engine.create()
    db = kanta({ driver: place.driver(), schema: { city } })
    await db.schema.createTable(city).execute()
    await db.insertInto('city').values({ id: 1, name: 'Turku', country: 'FI' }).execute()
  })
  afterAll(async () => {
    await db?.destroy()
    await place?.drop()
  })
  const errorOf = (values: object): Promise<KantaError> =>
    db
      .insertInto('city')
      .values(values)
      .execute()
      .catch((cause: unknown) => cause)

  test('H57, semantic 25: a key of several columns names all of them, and the cause is kept', async () => {
    const error = await errorOf({ id: 2, name: 'Turku', country: 'FI' })
    expect(error).toBeInstanceOf(KantaError)
    expect(error).toMatchObject({ code: 'unique_violation', table: 'city', columns: ['name', 'country'] })
    expect(error.cause).toBeInstanceOf(Error)
  })

  test('H57, semantic 25: a broken check has a code and a name, and an answer', async () => {
    const error = await errorOf({ id: 3, name: 'Oulu', country: 'FI', people: 0 })
    expect(error).toMatchObject({ code: 'check_violation' })
    expect(error.message).toContain('city_people')
    expect(problemOf(error).status).toBe(422)
    expect(error.cause).toBeInstanceOf(Error)
  })

  test('H57, semantic 24: code that opens transactions of its own runs in a sandbox', async () => {
    await using box: Any = await sandbox(db)
    await box.db.transaction().execute(async (tx: Any) => {
      await tx.insertInto('city').values({ id: 4, name: 'Kemi', country: 'FI' }).execute()
      await tx
        .transaction()
        .execute(async (inner: Any) => {
          await inner.insertInto('city').values({ id: 5, name: 'Pori', country: 'FI' }).execute()
          throw new Error('on purpose')
        })
        .catch(() => {})
    })
    expect(await box.db.selectFrom('city').select('id').orderBy('id').execute()).toEqual([{ id: 1 }, { id: 4 }])
    await box.reset()
    expect(await box.db.selectFrom('city').select('id').execute()).toEqual([{ id: 1 }])
  })

  test.runIf(['postgres', 'mariadb'].includes(engine.name))('H57: a deadlock has the code of a deadlock', async () => {
    await db
      .insertInto('city')
      .values([
        { id: 6, name: 'a', country: 'a' },
        { id: 7, name: 'b', country: 'b' },
      ])
      .execute()
    const turn = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
    const both = [0, 1].map((i) =>
      db.transaction().execute(async (tx: Any) => {
        await tx
          .updateTable('city')
          .set({ people: 2 })
          .where('id', '=', 6 + i)
          .execute()
        turn[i]!.resolve()
        await turn[1 - i]!.promise
        await tx
          .updateTable('city')
          .set({ people: 3 })
          .where('id', '=', 7 - i)
          .execute()
      }),
    )
    const failed = (await Promise.allSettled(both)).filter((each) => each.status === 'rejected')
    expect(failed.map(({ reason }) => reason.code)).toEqual(['deadlock'])
  })
})
