import { jsonArrayFrom, sql } from '../../src/index.ts'
import type { Any, Place } from './ground.ts'

/** A way to read, and what comes of it. */
export interface Form {
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
export const reads: readonly Form[] = [
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
