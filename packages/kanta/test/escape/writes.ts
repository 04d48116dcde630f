import { sql } from '../../src/index.ts'
import { schemaBuilder } from '../../src/schema/index.ts'
import type { Any, Place } from './ground.ts'

const pg = ['postgres']

/** A way to write: its name, where it can be written, the statement, and the rows that it changes. */
export type WriteForm = readonly [string, readonly string[] | undefined, (db: Any) => Any, unknown]

/** Tenant 1 sees users 1 and 4, and posts 1, 3, 5 and 6. */
export const writes = (engine: Place): readonly WriteForm[] => [
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
  ['an update that moves', undefined, (q) => q.updateTable('users').set({ tenant: 2 }).where('id', '=', 1), 'policy'],
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
      q.updateTable('users').leftJoin('open', 'open.id', 'users.owner').set({ tenant: 2 }).where('users.id', '=', 1),
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
      q.updateTable('users').leftJoin('open', 'open.owner', 'users.id').set({ tenant: 2 }).where('users.id', '=', 4),
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
  ['an insert for both', ['sqlite'], (q) => q.insertInto('users').values({ id: 9, tenant: 1, TENANT: 2 }), 'policy'],
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
    (q) => q.insertInto('users').ignore().values({ id: 3, name: 'n' }).onDuplicateKeyUpdate({ secret: 'm', name: 'm' }),
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
