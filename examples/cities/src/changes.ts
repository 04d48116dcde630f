import type { Db } from './database.ts'
import { compare } from './measure.ts'
import { bindable, type Question } from './question.ts'

/** The largest cities once more, as a later import brings them. */
export const upsert: Question = {
  name: 'upsert',
  asks: 'What happens when the 32 largest cities are imported again?',
  async answer({ db, hand, signal }) {
    const largest = await db.selectFrom('city').selectAll().orderBy('population', 'desc').limit(32).execute()
    const imported_at = new Date()
    const build = () =>
      db
        .insertInto('city')
        .values(largest.map((city) => ({ ...city, imported_at })))
        .onConflict((oc) =>
          oc.column('id').doUpdateSet((eb) => ({
            name: eb.ref('excluded.name'),
            population: eb.ref('excluded.population'),
            imported_at: eb.ref('excluded.imported_at'),
          })),
        )
    const cities = () =>
      db
        .selectFrom('city')
        .select((eb) => [eb.fn.countAll().as('cities'), eb.fn.max('imported_at').as('last_import')])
        .executeTakeFirstOrThrow()

    const before = await cities()
    const { numInsertedOrUpdatedRows } = await build().executeTakeFirstOrThrow()
    const after = await cities()
    const { sql, parameters } = build().compile()
    const statement = hand.prepare(sql)
    const values = bindable(parameters)
    return {
      sql: [sql],
      parameters,
      rows: [
        { when: 'before', ...before },
        { when: 'after', ...after },
      ],
      says: `${numInsertedOrUpdatedRows} cities got new values; no city was added.`,
      timing: await compare(
        () => build().execute(),
        () => statement.run(...values),
        signal,
      ),
    }
  },
}

const COUNTRY = 'BR'

/** A transaction that is given up. */
export const rollback: Question = {
  name: 'rollback',
  asks: 'What is left of the deletion of all cities of Brazil when its transaction is rolled back?',
  async answer({ db, hand, signal }) {
    const counting = (db: Db) =>
      db
        .selectFrom('city')
        .select((eb) => eb.fn.countAll().as('cities'))
        .where('country', '=', COUNTRY)
    const deleting = (db: Db) => db.deleteFrom('city').where('country', '=', COUNTRY)
    const count = async (db: Db) => (await counting(db).executeTakeFirstOrThrow()).cities

    const attempt = async () => {
      let within = 0
      try {
        await db.transaction().execute(async (trx) => {
          await deleting(trx).execute()
          within = await count(trx)
          throw new ChangeOfMind()
        })
      } catch (error) {
        if (!(error instanceof ChangeOfMind)) throw error
      }
      return within
    }
    const before = await count(db)
    const within = await attempt()
    const after = await count(db)

    const statements = { delete: deleting(db).compile(), count: counting(db).compile() }
    const deletion = hand.prepare(statements.delete.sql)
    const counted = hand.prepare(statements.count.sql)
    const byHand = () => {
      hand.exec('begin immediate')
      deletion.run(COUNTRY)
      counted.get(COUNTRY)
      hand.exec('rollback')
    }
    return {
      sql: ['begin immediate', statements.delete.sql, statements.count.sql, 'rollback'],
      parameters: statements.delete.parameters,
      rows: [
        { when: 'before', cities: before },
        { when: 'after the deletion, within the transaction', cities: within },
        { when: 'after the rollback', cities: after },
      ],
      timing: await compare(attempt, byHand, signal),
    }
  },
}

class ChangeOfMind extends Error {}
