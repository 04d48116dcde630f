import { sqlite } from '../../src/driver/sqlite/index.ts'
import { type Database, kanta, type TablesOf, table } from '../../src/index.ts'
import { and, open, or, policies, rls } from '../../src/rls/index.ts'
import type { Engine, Place } from '../engine/engine.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { postgres } from '../engine/postgres.ts'

export const engines: readonly Pick<Engine, 'name' | 'missing' | 'create'>[] = [
  {
    name: 'sqlite',
    create: async () => ({ database: ':memory:', driver: () => sqlite(':memory:'), drop: async () => {} }),
  },
  postgres,
  mariadbEngine,
]

export const person = table('person', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text(),
  team: c.integer().nullable(),
  salary: c.integer().nullable(),
}))
export const post = table('post', (c) => ({
  id: c.integer().primaryKey(),
  author: c.integer().nullable(),
  title: c.text().nullable(),
  shared: c.boolean().nullable(),
}))
export const country = table('country', (c) => ({ code: c.text().primaryKey(), salary: c.integer().nullable() }))
export const secret = table('secret', (c) => ({ id: c.integer().primaryKey() }))
export const schema = { person, post, country, secret }
export type DB = TablesOf<typeof schema>

/** Persons of one's team; one's own posts, those that are shared, and those of the team; salaries for those of `hr`. */
export const rules = policies<DB, { user: number; team: number; roles: readonly string[] }>({
  person: ({ allow, columns }) => [
    allow('select', ({ row, context }) => row.team.eq(context.team)),
    allow('all', undefined, { roles: ['hr'] }),
    columns({ salary: { read: ['hr'], write: ['hr'] } }),
  ],
  post: ({ allow, deny }) => [
    allow('select', ({ row, context, exists }) =>
      or(
        row.shared.eq(true),
        row.author.eq(context.user),
        exists('person', (p) => and(p.row.id.eq(row.author), p.row.team.eq(context.team))),
      ),
    ),
    allow(['insert', 'update', 'delete'], ({ row, context }) => row.author.eq(context.user)),
    deny('delete', ({ row }) => row.shared.eq(true)),
  ],
  country: open,
})

/** Persons 1 and 2 are a team, 3 is another; each has a post, and 3 one that is shared. */
export async function fill(base: Database<DB>): Promise<void> {
  for (const name of ['post', 'person', 'country', 'secret'] as const) await base.deleteFrom(name).execute()
  await base
    .insertInto('person')
    .values([
      { id: 1, name: 'Aino', team: 1, salary: 10 },
      { id: 2, name: 'Eino', team: 1, salary: 20 },
      { id: 3, name: 'Ilma', team: 2, salary: 30 },
      { id: 4, name: 'Olli', team: null, salary: 40 },
    ])
    .execute()
  await base
    .insertInto('post')
    .values([
      { id: 1, author: 1, title: 'one', shared: null },
      { id: 2, author: 2, title: 'two', shared: false },
      { id: 3, author: 3, title: 'three', shared: false },
      { id: 4, author: 3, title: 'four', shared: true },
      { id: 5, author: null, title: 'five', shared: null },
    ])
    .execute()
  await base.insertInto('country').values({ code: 'FI', salary: 7 }).execute()
  await base.insertInto('secret').values({ id: 1 }).execute()
}

/** A database with the tables, and the same with the policies. */
export async function world(engine: Pick<Engine, 'create'>) {
  const place: Place = await engine.create()
  const base = kanta({ driver: place.driver(), schema })
  for (const one of [person, post, country, secret]) await base.schema.createTable(one).execute()
  return {
    base: base as unknown as Database<DB>,
    guarded: base.withPlugins([rls(rules)]),
    place,
    end: async () => {
      await base.destroy()
      await place.drop()
    },
  }
}
