import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { schemaBuilder } from '../../src/define/index.ts'
import { jsonArrayFrom, sql } from '../../src/index.ts'
import { type Any, engines, type Ground, gone, ground, type Place, tenant } from './ground.ts'

interface Form {
  readonly name: string
  /** Where it can be written; everywhere unless given. */
  readonly on?: readonly Place['name'][]
  read(db: Any): Any
  /** Of the first column, sorted; or that the policies refuse it. */
  readonly gives: readonly unknown[] | 'policy'
}

const pg = ['postgres']
const lite = ['sqlite']
const notMaria = ['sqlite', 'postgres']
const maria = ['mariadb']

/** Tenant 1 sees users 1 and 4, and posts 1, 3, 5 and 6 (of the owners 1, 2, 4 and none). */
const reads: readonly Form[] = [
  { name: 'a table', read: (db) => db.selectFrom('users').select('id'), gives: [1, 4] },
  { name: 'an alias', read: (db) => db.selectFrom('users as u').select('u.id'), gives: [1, 4] },
  {
    name: 'a list',
    read: (db) => db.selectFrom(['users as u', 'open']).select('u.id').where('open.id', '=', 1),
    gives: [1, 4],
  },
  {
    name: 'a qualified name',
    on: lite,
    read: (db) => db.selectFrom('main.users').select('main.users.id'),
    gives: [1, 4],
  },
  {
    name: 'a qualified name',
    on: pg,
    read: (db) => db.selectFrom('public.users').select('public.users.id'),
    gives: [1, 4],
  },
  {
    name: 'a qualified name in a full join',
    on: lite,
    read: (db) =>
      db
        .selectFrom('main.users')
        .fullJoin('open', 'open.id', 'main.users.id')
        .select('main.users.id')
        .where('main.users.id', 'is not', null),
    gives: [1, 4],
  },
  {
    name: 'a qualified name in a full join',
    on: pg,
    read: (db) =>
      db
        .selectFrom('public.users')
        .fullJoin('open', 'open.id', 'public.users.id')
        .select('public.users.id')
        .where('public.users.id', 'is not', null),
    gives: [1, 4],
  },
  { name: 'letters of another case', on: lite, read: (db) => db.selectFrom('UsErS').select('id'), gives: [1, 4] },
  {
    name: 'in the schema',
    on: lite,
    read: (db) => db.withSchema('main').selectFrom('users').select('id'),
    gives: [1, 4],
  },
  {
    name: 'a left join',
    read: (db) => db.selectFrom('posts').leftJoin('users', 'users.id', 'posts.owner').select('users.id'),
    gives: [1, 4, null, null],
  },
  {
    name: 'a right join',
    read: (db) => db.selectFrom('posts').rightJoin('users', 'users.id', 'posts.owner').select('posts.id'),
    gives: [1, 5],
  },
  {
    name: 'a left and a right join',
    read: (db) =>
      db
        .selectFrom('users')
        .leftJoin('posts', 'posts.owner', 'users.id')
        .rightJoin('open', 'open.id', 'users.id')
        .select('users.id'),
    gives: [1, null, null],
  },
  {
    name: 'a cross join before a full one',
    on: notMaria,
    read: (db) =>
      db
        .selectFrom('users')
        .crossJoin('posts')
        .fullJoin('open', (j: Any) => j.onRef('open.id', '=', 'posts.id').onRef('open.id', '=', 'users.id'))
        .select('open.id')
        .where('users.id', 'is', null),
    gives: [2, 3],
  },
  {
    name: 'a lateral join',
    on: pg,
    read: (db) =>
      db
        .selectFrom('open')
        .innerJoinLateral(
          (eb: Any) => eb.selectFrom('users').select('users.id').whereRef('users.id', '>=', 'open.id').as('u'),
          (j: Any) => j.onTrue(),
        )
        .select('u.id'),
    gives: [1, 4, 4, 4],
  },
  {
    name: 'select list',
    read: (db) =>
      db.selectFrom('open').select((eb: Any) => eb.selectFrom('users').select(eb.fn.countAll().as('n')).as('n')),
    gives: [2, 2, 2],
  },
  {
    name: 'in',
    read: (db) =>
      db
        .selectFrom('open')
        .select('id')
        .where('id', 'in', (eb: Any) => eb.selectFrom('users').select('id')),
    gives: [1],
  },
  {
    name: 'not exists',
    read: (db) =>
      db
        .selectFrom('open')
        .select('open.id')
        .where((eb: Any) =>
          eb.not(eb.exists(eb.selectFrom('users').select('users.id').whereRef('users.id', '=', 'open.id'))),
        ),
    gives: [2, 3],
  },
  {
    name: 'on',
    read: (db) =>
      db
        .selectFrom('open')
        .leftJoin('open as o', (j: Any) =>
          j.on((eb: Any) => eb('o.id', 'in', eb.selectFrom('users').select('users.id'))),
        )
        .select('o.id')
        .where('open.id', '=', 1),
    gives: [1],
  },
  {
    name: 'group by, having and a filter',
    read: (db) =>
      db
        .selectFrom('users')
        .select((eb: Any) => eb.fn.countAll().as('n'))
        .groupBy('tenant')
        .having((eb: Any) => eb(eb.fn.countAll(), '>', 0)),
    gives: [2],
  },
  {
    name: 'order by',
    read: (db) =>
      db
        .selectFrom('open')
        .select('id')
        .orderBy((eb: Any) => eb.selectFrom('users').select('users.id').whereRef('users.id', '=', 'open.id'))
        .limit(9),
    gives: [1, 2, 3],
  },
  {
    name: 'a limit',
    on: pg,
    read: (db) =>
      db
        .selectFrom('open')
        .select('id')
        .orderBy('id')
        .limit((eb: Any) => eb.selectFrom('users').select(eb.fn.countAll().as('n'))),
    gives: [1, 2],
  },
  {
    name: 'a case',
    read: (db) =>
      db
        .selectFrom('open')
        .select((eb: Any) =>
          eb
            .case()
            .when(eb.exists(eb.selectFrom('users').select('id').where('users.id', '=', 2)))
            .then('seen')
            .else('hidden')
            .end()
            .as('x'),
        )
        .limit(1),
    gives: ['hidden'],
  },
  {
    name: 'a CTE',
    read: (db) =>
      db
        .with('u', (q: Any) => q.selectFrom('users').select('id'))
        .selectFrom('u')
        .select('id'),
    gives: [1, 4],
  },
  {
    name: 'a CTE of the name of a table',
    read: (db) =>
      db
        .with('users', (q: Any) => q.selectFrom('open').select('id'))
        .selectFrom('users')
        .select('id'),
    gives: [1, 2, 3],
  },
  {
    name: 'a CTE of the name of the table that it reads',
    on: ['postgres'],
    read: (db) =>
      db
        .with('users', (q: Any) => q.selectFrom('users').select('id'))
        .selectFrom('users')
        .select('id'),
    gives: [1, 4],
  },
  {
    name: 'a CTE of the name in other letters',
    on: lite,
    read: (db) =>
      db
        .with('Users', (q: Any) => q.selectFrom('open').select('id'))
        .selectFrom('users')
        .select('id'),
    gives: [1, 2, 3],
  },
  {
    name: 'a later CTE of the name',
    on: lite,
    read: (db) =>
      db
        .with('a', (q: Any) => q.selectFrom('users').select('id'))
        .with('users', (q: Any) => q.selectFrom('open').select('id'))
        .selectFrom('a')
        .select('id'),
    gives: [1, 2, 3],
  },
  {
    name: 'a later CTE of the name',
    on: ['postgres', 'mariadb'],
    read: (db) =>
      db
        .with('a', (q: Any) => q.selectFrom('users').select('id'))
        .with('users', (q: Any) => q.selectFrom('open').select('id'))
        .selectFrom('a')
        .select('id'),
    gives: [1, 4],
  },
  {
    name: 'a qualified name beside a CTE of the name',
    on: lite,
    read: (db) =>
      db
        .with('users', (q: Any) => q.selectFrom('open').select('id'))
        .selectFrom('main.users')
        .select('id'),
    gives: [1, 4],
  },
  {
    name: 'a CTE of the name in a query within',
    read: (db) =>
      db
        .selectFrom('users')
        .select('id')
        .where(
          'id',
          'in',
          db
            .with('users', (q: Any) => q.selectFrom('open').select('id'))
            .selectFrom('users')
            .select('id'),
        ),
    gives: [1],
  },
  {
    name: 'a recursive CTE',
    read: (db) =>
      db
        .withRecursive('r(id)', (q: Any) =>
          q
            .selectFrom('users')
            .select('id')
            .unionAll((u: Any) =>
              u
                .selectFrom('r')
                .innerJoin('users', (j: Any) => j.on(sql`users.id = r.id + 1`))
                .select('users.id'),
            ),
        )
        .selectFrom('r')
        .select('id'),
    gives: [1, 4],
  },
  {
    name: 'set operations',
    read: (db) =>
      db
        .selectFrom('users')
        .select('id')
        .union((eb: Any) => eb.selectFrom('posts').select('id')),
    gives: [1, 3, 4, 5, 6],
  },
  {
    name: 'except',
    read: (db) =>
      db
        .selectFrom('open')
        .select('id')
        .except((eb: Any) => eb.selectFrom('users').select('id')),
    gives: [2, 3],
  },
  {
    name: 'JSON',
    read: (db) =>
      db
        .selectFrom('open')
        .select((eb: Any) => jsonArrayFrom(eb.selectFrom('users').select('users.id').orderBy('users.id')).as('x'))
        .limit(1),
    gives: [[{ id: 1 }, { id: 4 }]],
  },
  {
    name: 'a window',
    read: (db) => db.selectFrom('users').select((eb: Any) => eb.fn.countAll().over().as('n')),
    gives: [2, 2],
  },
  {
    name: 'a lock',
    on: ['postgres', 'mariadb'],
    read: (db) => db.selectFrom('users').select('id').forUpdate(),
    gives: [1, 4],
  },
  {
    name: 'a lock of a table',
    on: pg,
    read: (db) => db.selectFrom('users').innerJoin('open', 'open.id', 'users.id').select('users.id').forUpdate('users'),
    gives: [1],
  },
  {
    name: 'distinct on',
    on: pg,
    read: (db) => db.selectFrom('users').select('id').distinctOn('tenant').orderBy('tenant').orderBy('id'),
    gives: [1],
  },
  {
    name: 'what another database built',
    read: (db) => db.selectFrom(db.selectFrom('users').select('id').as('u')).select('u.id'),
    gives: [1, 4],
  },
  {
    name: 'after clearWhere',
    read: (db) => db.selectFrom('users').select('id').where('id', '=', 1).clearWhere(),
    gives: [1, 4],
  },
  {
    name: 'or',
    read: (db) =>
      db
        .selectFrom('users')
        .select('id')
        .where((eb: Any) => eb.or([eb('id', '=', 2), eb('id', '=', 1)])),
    gives: [1],
  },
  { name: 'text with or', read: (db) => db.selectFrom('users').select('id').where(sql`id = 1 or id = 2`), gives: [1] },
  {
    name: 'an operator of text',
    read: (db) => db.selectFrom('users').select('id').where('id', sql`= 1 or 1 =`, 1),
    gives: [1, 4],
  },
  {
    name: 'an operator that closes',
    read: (db) => db.selectFrom('users').select('id').where('id', sql`= 1) or (1 =`, 1),
    gives: 'policy',
  },
  {
    name: 'text in order by',
    read: (db) => db.selectFrom('users').select('id').orderBy(sql`lower(name) desc`),
    gives: [1, 4],
  },
  { name: 'text in group by', read: (db) => db.selectFrom('users').select('tenant').groupBy(sql`tenant`), gives: [1] },
  {
    name: 'a union in order by',
    read: (db) => db.selectFrom('users').select('id').orderBy(sql`id limit 1) union (select id from users`),
    gives: 'policy',
  },
  {
    name: 'a union after limit',
    read: (db) => db.selectFrom('users').select('id').orderBy(sql`1 union select id from users`),
    gives: 'policy',
  },
  { name: 'a comment', read: (db) => db.selectFrom('users').select('id').where(sql`1 = 1 -- `), gives: 'policy' },
  {
    name: 'a comment that runs',
    on: maria,
    read: (db) => db.selectFrom('users').select('id').where(sql`1 = 1 /*! or 1 = 1 */`),
    gives: 'policy',
  },
  {
    name: 'a query in text',
    read: (db) => db.selectFrom('users').select('id').where(sql`id in (select id from users)`),
    gives: 'policy',
  },
  { name: 'text as a table', read: (db) => db.selectFrom(sql`users`.as('u')).select('u.id'), gives: 'policy' },
  {
    name: 'text as a statement',
    read: (db) => ({ execute: async () => (await sql`select id from users`.execute(db)).rows }),
    gives: 'policy',
  },
  {
    name: 'text that is trusted',
    read: (db) => ({
      execute: async () =>
        (await (sql`select id from open` as Any).trusted('open', { reads: ['open'] }).execute(db)).rows,
    }),
    gives: [1, 2, 3],
  },
  {
    name: 'a function that runs text',
    on: pg,
    read: (db) =>
      db
        .selectFrom('open')
        .select((eb: Any) =>
          eb.fn('query_to_xml', [sql.lit('select * from users'), sql.lit(true), sql.lit(true), sql.lit('')]).as('x'),
        ),
    gives: 'policy',
  },
  {
    name: 'a function that runs text, in text',
    on: pg,
    read: (db) => db.selectFrom('open').select(sql`"query_to_xml"('table users', true, true, '')`.as('x')),
    gives: 'policy',
  },
  {
    name: 'Unicode escapes',
    on: pg,
    read: (db) => db.selectFrom('users').select(sql`U&"\\0069d"`.as('x')),
    gives: 'policy',
  },
  {
    name: 'dollar quotes',
    on: pg,
    read: (db) => db.selectFrom('users').select('id').where(sql`$x$ $x$ = ''`),
    gives: 'policy',
  },
  {
    name: 'a dollar before a value',
    on: pg,
    read: (db) => db.selectFrom('users').select('id').where(sql`1 = $${1}`),
    gives: 'error' as never,
  },
  {
    name: 'honest text',
    read: (db) =>
      db
        .selectFrom('users')
        .select('id')
        .where(sql`coalesce(${sql.ref('id')}, 0) between ${1} and (2 + ${2})`),
    gives: [1, 4],
  },
  {
    name: 'honest joined text',
    read: (db) =>
      db
        .selectFrom('users')
        .select('id')
        .where(sql`id in (${sql.join([1, 2, 4])})`),
    gives: [1, 4],
  },
  {
    name: 'honest quoted text',
    read: (db) => db.selectFrom('users').select('id').where(sql`name <> 'it''s (not) -- a comment'`),
    gives: [1, 4],
  },
  {
    name: 'an honest cast',
    on: pg,
    read: (db) => db.selectFrom('users').select(sql`id::text`.as('x')).where(sql`now() > now() - interval '1 day'`),
    gives: ['1', '4'],
  },
]

const rowsOf = (db: Any, table: string) => db.selectFrom(table).selectAll().orderBy('id').execute()

describe.each(engines)('forms on $name', (engine: Place) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let at: Ground
  let db: Any
  beforeAll(async () => {
    at = await ground(engine)
    db = await at.guarded([gone, tenant])
  })
  afterAll(async () => at?.close())
  beforeEach(async () => at.refill())

  const forms = reads.filter(({ on }) => on === undefined || on.includes(engine.name))
  test.each(forms)('$name', async ({ read, gives }) => {
    const found = await (async () => read(db).execute())().then(
      (rows: Any[]) => rows.map((row) => Object.values(row)[0]),
      (error: Any) => error,
    )
    if ((gives as unknown) === 'error') return void expect(found).toBeInstanceOf(Error)
    if (gives === 'policy') return void expect(found).toMatchObject({ code: 'policy' })
    if (found instanceof Error) throw found
    const plain = found.map((value: Any) => (typeof value === 'bigint' ? Number(value) : value))
    expect(plain.map(Number.isNaN).some(Boolean)).toBe(false)
    expect(plain.sort(byText).map(numeric)).toEqual([...gives].sort(byText))
  })

  const byText = (a: unknown, b: unknown): number => String(a).localeCompare(String(b))
  const numeric = (value: unknown): unknown => value

  describe('writes', () => {
    const changed = async (run: (db: Any) => Any): Promise<unknown> => {
      const before = { users: await rowsOf(at.base, 'users'), posts: await rowsOf(at.base, 'posts') }
      const error = await (async () => run(db).execute())().then(
        () => undefined,
        (cause: Any) => cause,
      )
      const after: Any = { users: await rowsOf(at.base, 'users'), posts: await rowsOf(at.base, 'posts') }
      const ids = ['users', 'posts'].flatMap((table) =>
        after[table]
          .filter((row: Any) => !(before as Any)[table].some((old: Any) => JSON.stringify(old) === JSON.stringify(row)))
          .map((row: Any) => `${table} ${row.id}`),
      )
      if (error !== undefined && ids.length > 0) throw new Error('It failed, and changed rows all the same.')
      if (error !== undefined && error.code !== 'policy') throw error
      return error === undefined ? ids : 'policy'
    }
    const writes: readonly [string, readonly string[] | undefined, (db: Any) => Any, unknown][] = [
      ['an update', undefined, (q) => q.updateTable('users').set({ name: null }), ['users 1', 'users 4']],
      [
        'an update of an alias',
        ['postgres', 'sqlite'],
        (q) => q.updateTable('users as u').set({ name: null }).where('u.id', '<', 9),
        ['users 1', 'users 4'],
      ],
      [
        'an update from another',
        ['postgres', 'sqlite'],
        (q) =>
          q
            .updateTable('open')
            .from('users')
            .set({ title: 'x' })
            .whereRef('users.id', '=', 'open.id')
            .where('users.id', '=', 2),
        [],
      ],
      [
        'an update from a left join',
        ['postgres', 'sqlite'],
        (q) =>
          q
            .updateTable('users')
            .from('open')
            .leftJoin('posts', 'posts.id', 'open.id')
            .set({ name: 'x' })
            .whereRef('open.id', '=', 'users.id'),
        ['users 1'],
      ],
      [
        'an update that moves',
        undefined,
        (q) => q.updateTable('users').set({ tenant: 2 }).where('id', '=', 1),
        'policy',
      ],
      [
        'an update that moves in other letters',
        ['sqlite'],
        (q) => q.updateTable('users').set({ tenant: 1, TENANT: 2 }).where('id', '=', 1),
        'policy',
      ],
      [
        'an update that moves by a left join',
        ['mariadb'],
        (q) =>
          q
            .updateTable('users')
            .leftJoin('open', 'open.id', 'users.owner')
            .set({ tenant: 2 })
            .where('users.id', '=', 1),
        'error',
      ],
      [
        'an update of a joined table',
        ['mariadb'],
        (q) => q.updateTable('open').innerJoin('users', 'users.id', 'open.id').set({ 'users.tenant': 2 }),
        'error',
      ],
      [
        'an update by a left join',
        ['mariadb'],
        (q) =>
          q
            .updateTable('users')
            .leftJoin('open', 'open.owner', 'users.id')
            .set({ tenant: 2 })
            .where('users.id', '=', 4),
        'policy',
      ],
      [
        'an update of two tables',
        ['mariadb'],
        (q) => q.updateTable(['users', 'posts']).set({ 'users.name': 'x' }),
        'policy',
      ],
      [
        'an update in order',
        ['mariadb'],
        (q) => q.updateTable('users').set({ name: null }).orderBy('id').limit(1),
        ['users 1'],
      ],
      ['a delete', undefined, (q) => q.deleteFrom('posts').where('owner', '=', 2), ['posts 3']],
      [
        'a delete using',
        ['postgres', 'mariadb'],
        (q) =>
          q
            .deleteFrom('posts')
            .using(engine.name === 'mariadb' ? ['posts', 'users'] : 'users')
            .whereRef('users.id', '=', 'posts.owner'),
        ['posts 1', 'posts 5'],
      ],
      [
        'a delete of an alias of using',
        ['mariadb'],
        (q) => q.deleteFrom('p').using('posts as p').where('p.id', '>', 0),
        ['posts 1', 'posts 3', 'posts 5', 'posts 6'],
      ],
      [
        'a delete by a query',
        undefined,
        (q) => q.deleteFrom('posts').where('owner', 'in', (eb: Any) => eb.selectFrom('users').select('id')),
        ['posts 1', 'posts 5'],
      ],
      ['a truncate', undefined, (q) => schemaBuilder(q).truncate('users'), 'policy'],
      ['an insert', undefined, (q) => q.insertInto('users').values({ id: 9, name: 'n' }), ['users 9']],
      ['an insert for another', undefined, (q) => q.insertInto('users').values({ id: 9, tenant: 2 }), 'policy'],
      [
        'an insert of rows for another',
        undefined,
        (q) =>
          q.insertInto('users').values([
            { id: 9, tenant: 1 },
            { id: 10, tenant: 2 },
          ]),
        'policy',
      ],
      [
        'an insert for another in other letters',
        ['sqlite', 'mariadb'],
        (q) => q.insertInto('users').values({ id: 9, TENANT: 2 }),
        'policy',
      ],
      [
        'an insert for both',
        ['sqlite'],
        (q) => q.insertInto('users').values({ id: 9, tenant: 1, TENANT: 2 }),
        'policy',
      ],
      [
        'an insert from a query',
        undefined,
        (q) =>
          q
            .insertInto('users')
            .columns(['id', 'name'])
            .expression((eb: Any) => eb.selectFrom('posts').select([sql`id + 100`.as('id'), 'title'])),
        ['users 101', 'users 103', 'users 105', 'users 106'],
      ],
      [
        'an insert from a union',
        undefined,
        (q) =>
          q
            .insertInto('users')
            .columns(['id'])
            .expression((eb: Any) =>
              eb
                .selectFrom('posts')
                .select(sql`id + 100`.as('id'))
                .union(eb.selectFrom('users').select(sql`id + 200`.as('id'))),
            ),
        ['users 101', 'users 103', 'users 105', 'users 106', 'users 201', 'users 204'],
      ],
      [
        'an insert of a query of all columns',
        undefined,
        (q) => q.insertInto('users').expression((eb: Any) => eb.selectFrom('users').selectAll()),
        'policy',
      ],
      [
        'an insert of a value by a query',
        undefined,
        (q) =>
          q
            .insertInto('users')
            .values((eb: Any) => ({ id: 9, name: eb.selectFrom('posts').select('title').where('id', '=', 2) })),
        ['users 9'],
      ],
      ['an insert of defaults', ['sqlite'], (q) => q.insertInto('users').defaultValues(), ['users 6']],
      ['replace', ['sqlite', 'mariadb'], (q) => q.replaceInto('users').values({ id: 2, name: 'n' }), 'policy'],
      ['or replace', ['sqlite'], (q) => q.insertInto('users').orReplace().values({ id: 2, name: 'n' }), 'policy'],
      [
        'ignore',
        ['sqlite', 'mariadb'],
        (q) =>
          (engine.name === 'mariadb' ? q.insertInto('users').ignore() : q.insertInto('users').orIgnore()).values({
            id: 2,
            name: 'n',
          }),
        [],
      ],
      [
        'an upsert of a hidden row',
        ['sqlite', 'postgres'],
        (q) =>
          q
            .insertInto('users')
            .values({ id: 3, name: 'n' })
            .onConflict((oc: Any) => oc.column('id').doUpdateSet({ name: 'n' })),
        'policy',
      ],
      [
        'an upsert of a hidden row under a condition',
        ['sqlite', 'postgres'],
        (q) =>
          q
            .insertInto('users')
            .values({ id: 3, name: 'n' })
            .onConflict((oc: Any) => oc.column('id').doUpdateSet({ name: 'n' }).where('users.id', '=', 99)),
        'policy',
      ],
      [
        'an upsert that moves',
        ['sqlite', 'postgres'],
        (q) =>
          q
            .insertInto('users')
            .values({ id: 1, name: 'n' })
            .onConflict((oc: Any) => oc.column('id').doUpdateSet({ tenant: 2 })),
        'policy',
      ],
      [
        'an upsert',
        ['sqlite', 'postgres'],
        (q) =>
          q
            .insertInto('users')
            .values({ id: 1, name: 'n' })
            .onConflict((oc: Any) => oc.column('id').doUpdateSet((eb: Any) => ({ name: eb.ref('excluded.name') }))),
        ['users 1'],
      ],
      [
        'an upsert of MySQL',
        ['mariadb'],
        (q) => q.insertInto('users').values({ id: 1, name: 'n' }).onDuplicateKeyUpdate({ name: 'm' }),
        ['users 1'],
      ],
      [
        'an upsert of MySQL that moves',
        ['mariadb'],
        (q) => q.insertInto('users').values({ id: 1, name: 'n' }).onDuplicateKeyUpdate({ name: 'm', tenant: 2 }),
        'policy',
      ],
      [
        'an upsert of MySQL of a hidden row',
        ['mariadb'],
        (q) => q.insertInto('users').values({ id: 3, name: 'n' }).onDuplicateKeyUpdate({ secret: 'm', name: 'm' }),
        'policy',
      ],
      [
        'an upsert of MySQL that ignores',
        ['mariadb'],
        (q) =>
          q.insertInto('users').ignore().values({ id: 3, name: 'n' }).onDuplicateKeyUpdate({ secret: 'm', name: 'm' }),
        'policy',
      ],
      [
        'a merge',
        pg,
        (q) =>
          q
            .mergeInto('users')
            .using('open', 'open.id', 'users.id')
            .whenMatched()
            .thenUpdateSet({ name: 'm' })
            .whenNotMatched()
            .thenInsertValues((eb: Any) => ({ id: eb('open.id', '+', 300) })),
        ['users 1', 'users 302', 'users 303'],
      ],
      [
        'a merge that deletes',
        pg,
        (q) => q.mergeInto('posts').using('open', 'open.id', 'posts.id').whenMatched().thenDelete(),
        ['posts 1', 'posts 3'],
      ],
      [
        'a merge that moves',
        pg,
        (q) => q.mergeInto('users').using('open', 'open.id', 'users.id').whenMatched().thenUpdateSet({ tenant: 2 }),
        'policy',
      ],
      [
        'a merge that inserts for another',
        pg,
        (q) =>
          q
            .mergeInto('users')
            .using('open', 'open.id', 'users.id')
            .whenNotMatched()
            .thenInsertValues({ id: 400, tenant: 2 }),
        'policy',
      ],
      [
        'a merge of what is in no source',
        pg,
        (q) => q.mergeInto('users').using('open', 'open.id', 'users.id').whenNotMatchedBySource().thenDelete(),
        ['users 4'],
      ],
      [
        'a write in a CTE',
        pg,
        (q) =>
          q
            .with('gone', (w: Any) => w.deleteFrom('posts').returning('id'))
            .selectFrom('gone')
            .select('id'),
        ['posts 1', 'posts 3', 'posts 5', 'posts 6'],
      ],
      [
        'a write beside a CTE of its name',
        ['sqlite', 'postgres'],
        (q) =>
          q
            .with('users', (w: Any) => w.selectFrom('open').select('id'))
            .updateTable('users')
            .set({ name: null }),
        ['users 1', 'users 4'],
      ],
      [
        'modifiers of text',
        undefined,
        (q) => q.updateTable('users').modifyEnd(sql`or 1 = 1`).set({ name: null }),
        'policy',
      ],
    ]
    test.each(writes.filter(([, on]) => on === undefined || on.includes(engine.name)))(
      '%s',
      async (_, __, run, gives) => {
        const found = await changed(run).catch((error: unknown) => {
          if (gives === 'error') return 'error'
          throw error
        })
        expect(found).toEqual(gives)
      },
    )
  })
})
