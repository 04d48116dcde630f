import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sql } from '../../src/index.ts'
import { forbiddenColumns } from '../../src/rls/index.ts'
import { engines, fill, rules, world } from './ground.ts'

describe.each(engines)('columns in $name', (engine) => {
  let ground: Awaited<ReturnType<typeof world>>
  beforeAll(async () => {
    ground = await world(engine)
    await fill(ground.base)
  })
  afterAll(() => ground.end())

  const user = () => ground.guarded.as({ user: 1, team: 1, roles: [] })
  const hr = () => ground.guarded.as({ user: 1, team: 1, roles: ['hr'] })
  type User = ReturnType<typeof user>

  /** Ways to a column that is forbidden. */
  const ways: Readonly<Record<string, (db: User) => { execute(): Promise<unknown> }>> = {
    'by name': (db) => db.selectFrom('person').select('salary'),
    'by its table': (db) => db.selectFrom('person').select('person.salary'),
    'by an alias': (db) => db.selectFrom('person as p').select('p.salary'),
    'under another name': (db) => db.selectFrom('person as p').select('p.salary as name'),
    'by a star': (db) => db.selectFrom('person').selectAll(),
    'by the star of an alias': (db) => db.selectFrom(['person as p', 'post']).selectAll('p'),
    'in a condition': (db) => db.selectFrom('person').select('id').where('salary', '>', 5),
    'in an order': (db) => db.selectFrom('person').select('id').orderBy('salary'),
    'in a group': (db) =>
      db
        .selectFrom('person')
        .select((eb) => eb.fn.countAll().as('n'))
        .groupBy('salary'),
    'in an aggregate': (db) => db.selectFrom('person').select((eb) => eb.fn.max('salary').as('most')),
    'in a join': (db) => db.selectFrom('post').innerJoin('person', 'person.salary', 'post.id').select('post.id'),
    'of a joined table': (db) =>
      db.selectFrom('post').leftJoin('person as p', 'p.id', 'post.author').select('p.salary'),
    'by the star of both': (db) => db.selectFrom('post').leftJoin('person as p', 'p.id', 'post.author').selectAll(),
    'in a subquery': (db) =>
      db.selectFrom('post').select((eb) => eb.selectFrom('person').select('salary').limit(1).as('s')),
    'in a query inside that sees it': (db) =>
      db
        .selectFrom('person as p')
        .select('p.id')
        .where((eb) => eb.exists(eb.selectFrom('post').select('post.id').whereRef('post.id', '<', 'p.salary'))),
    'unqualified in a query inside that sees it': (db) =>
      db
        .selectFrom('person as p')
        .select('p.id')
        .where((eb) => eb.exists(eb.selectFrom('post').select('post.id').where(sql.ref('salary'), '>', 3))),
    'in a common table expression': (db) =>
      db
        .with('x', (q) => q.selectFrom('person').selectAll())
        .selectFrom('x')
        .select('id'),
    'in a derived table': (db) =>
      db.selectFrom((eb) => eb.selectFrom('person').select('salary as s').as('x')).select('s'),
    'in a union': (db) =>
      db
        .selectFrom('post')
        .select('id')
        .unionAll(db.selectFrom('person').select('salary as id') as never),
    'in text': (db) => db.selectFrom('person').select(sql<number>`salary + 1`.as('s')),
    'in text with an alias': (db) => db.selectFrom('person as p').select(sql<number>`p.salary`.as('s')),
    'as a name of text': (db) => db.selectFrom('person').select(sql<number>`abs(${sql.ref('salary')})`.as('s')),
    'in other letters': (db) => db.selectFrom('person').select(sql<number>`SALARY`.as('s')),
    'written by an update': (db) => db.updateTable('person').set({ salary: 1 }),
    'read by an update': (db) => db.updateTable('person').set((eb) => ({ name: eb.cast('salary', 'text') }) as never),
    'in the condition of an update': (db) => db.updateTable('person').set({ name: 'x' }).where('salary', '=', 20),
    'in the condition of a delete': (db) => db.deleteFrom('person').where('salary', '=', 20),
    'written by an insert': (db) => db.insertInto('person').values({ id: 9, name: 'x', team: 1, salary: 2 }),
    'by an insert of a query': (db) =>
      db
        .insertInto('country')
        .columns(['code', 'salary'])
        .expression((eb) => eb.selectFrom('person').select(['name', 'salary'])),
    ...(engine.name === 'mariadb'
      ? {}
      : {
          'as what a conflict is about': (db) =>
            db
              .insertInto('person')
              .values({ id: 9, name: 'x', team: 1 } as never)
              .onConflict((on) => on.column('salary').doNothing()),
          'in the condition of a conflict': (db) =>
            db
              .insertInto('person')
              .values({ id: 9, name: 'x', team: 1 } as never)
              .onConflict((on) => on.column('id').doUpdateSet({ name: 'y' }).where('person.salary', '>', 3)),
          'given back': (db) => db.deleteFrom('person').returning('salary'),
          'given back by a star': (db) => db.updateTable('person').set({ name: 'x' }).returningAll(),
        }),
    ...(engine.name === 'postgres'
      ? {
          'in a lateral join': (db) =>
            db
              .selectFrom('person as p')
              .innerJoinLateral(
                (eb) =>
                  eb
                    .selectFrom('post')
                    .select((e) => e.ref('p.salary' as never).as('s'))
                    .as('x'),
                (join) => join.onTrue(),
              )
              .select('p.id'),
          'in its whole row, in text': (db) => db.selectFrom('person as p').select(sql`to_json(p)`.as('row')),
          'in its whole row, with a star': (db) => db.selectFrom('person as p').select(sql`row(p.*)`.as('row')),
          'as a function of its row': (db) => db.selectFrom('person as p').select(sql`salary(p)`.as('row')),
        }
      : {}),
  }

  test.each(Object.keys(ways))('a forbidden column is refused %s', async (name) => {
    await expect(ways[name]!(user()).execute()).rejects.toMatchObject({ code: 'policy', message: /person\.salary/ })
  })

  test('what only looks like it is let through', async () => {
    const db = user()
    expect(await db.selectFrom('country').selectAll().execute()).toEqual([{ code: 'FI', salary: 7 }])
    const joined = db.selectFrom('person').innerJoin('country', (join) => join.onTrue())
    expect(await joined.select(['person.id', 'country.salary']).execute()).toHaveLength(2)
    const inside = db
      .selectFrom('person as p')
      .select((eb) => ['p.id', eb.selectFrom('country').select('salary').as('s')])
    expect(await inside.orderBy('p.id').execute()).toEqual([
      { id: 1, s: 7 },
      { id: 2, s: 7 },
    ])
    const counted = db.selectFrom('person').select((eb) => eb.fn.countAll<number>().as('n'))
    expect(Number((await counted.executeTakeFirstOrThrow()).n)).toBe(2)
    const hidden = db
      .with('person', (q) => q.selectFrom('country').select('salary'))
      .selectFrom('person')
      .selectAll()
    expect(await hidden.execute()).toEqual([{ salary: 7 }])
    const text = db.selectFrom('person as p').select([sql<number>`p.id * 2`.as('twice'), sql`count(*) over ()`.as('n')])
    expect(await text.orderBy('twice').execute()).toMatchObject([{ twice: 2 }, { twice: 4 }])
  })

  test('who has the role reads and writes it', async () => {
    const db = hr()
    expect(await db.selectFrom('person').selectAll().execute()).toHaveLength(4)
    await db
      .transaction()
      .execute(async (trx) => {
        await trx.updateTable('person').set({ salary: 99 }).where('salary', '=', 10).execute()
        expect(await trx.selectFrom('person').select('id').where('salary', '=', 99).execute()).toEqual([{ id: 1 }])
        throw new Error('undone')
      })
      .catch((error) => expect(error.message).toBe('undone'))
  })

  test('forbiddenColumns() says the same', () => {
    expect(forbiddenColumns(rules, { roles: [] }, 'person')).toEqual({ read: ['salary'], write: ['salary'] })
    expect(forbiddenColumns(rules, { roles: ['hr'] }, 'person')).toEqual({ read: [], write: [] })
    expect(forbiddenColumns(rules, {}, 'country')).toEqual({ read: [], write: [] })
    expect(() => forbiddenColumns(rules, {}, 'person')).toThrow(/'roles'/)
  })
})
