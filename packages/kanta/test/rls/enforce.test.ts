import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Driver } from '../../src/driver/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta, type TablesOf, table } from '../../src/index.ts'
import { can, open, or, policies, rls } from '../../src/rls/index.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { postgres } from '../engine/postgres.ts'

const post = table('post', (c) => ({
  id: c.integer().primaryKey(),
  author: c.integer().nullable(),
  team: c.integer().nullable(),
  title: c.text().nullable(),
  shared: c.boolean().nullable(),
  salary: c.integer().nullable(),
}))
const member = table('member', (c) => ({ person: c.integer().nullable(), team: c.integer().nullable() }))
const country = table('country', (c) => ({ code: c.text() }))
const secret = table('secret', (c) => ({ code: c.text() }))
const schema = { post, member, country, secret }
type DB = TablesOf<typeof schema>

const rules = policies<DB, { user: number; roles: string[] }>({
  post: ({ allow, deny, columns }) => [
    allow('select', ({ row, context, exists }) =>
      or(
        row.shared.eq(true),
        row.author.eq(context.user),
        exists('member', (m) => m.row.team.eq(row.team)),
      ),
    ),
    allow('all', undefined, { roles: ['admin'] }),
    allow('insert', ({ row, context }) => row.author.eq(context.user)),
    allow('update', {
      using: ({ row, context }) => row.author.eq(context.user),
      withCheck: ({ row, context }) => or(row.author.eq(context.user), row.author.isNull()),
    }),
    deny('delete', ({ row }) => row.title.eq('kept')),
    columns({ salary: { read: ['hr'], write: ['hr'] } }),
  ],
  member: ({ allow }) => [allow('select', ({ row, context }) => row.person.eq(context.user)), allow('insert')],
  country: open,
})

const engines: readonly {
  name: string
  missing?: string | undefined
  create(): Promise<{ driver: () => Driver; drop: () => Promise<void> }>
}[] = [
  { name: 'sqlite', create: async () => ({ driver: () => sqlite(':memory:'), drop: async () => {} }) },
  postgres,
  mariadbEngine,
]

describe.each(engines)('$name', (engine) => {
  let place: Awaited<ReturnType<typeof engine.create>>
  let base: ReturnType<typeof connect>
  const connect = () => kanta({ driver: place.driver(), schema })
  const guarded = () => base.withPlugins([rls(rules)])
  beforeAll(async () => {
    place = await engine.create()
    base = connect()
    for (const one of [post, member, country, secret]) await base.schema.createTable(one).execute()
    await base
      .insertInto('post')
      .values([
        { id: 1, author: 1, team: 1, title: 'a', shared: null },
        { id: 2, author: 2, team: 2, title: 'kept', shared: true },
        { id: 3, author: 2, team: 1, title: null, shared: false },
        { id: 4, author: 2, team: 3, title: 'A', shared: false },
      ])
      .execute()
    await base
      .insertInto('member')
      .values([
        { person: 1, team: 1 },
        { person: 2, team: 3 },
      ])
      .execute()
  })
  afterAll(async () => {
    await base.destroy()
    await place.drop()
  })

  test('reads', async () => {
    const one = guarded().as({ user: 1, roles: ['user'] })
    expect(await one.selectFrom('post').select('id').orderBy('id').execute()).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }])
    expect(
      await one.selectFrom('post as p').leftJoin('post as q', 'q.id', 'p.id').select('q.id').execute(),
    ).toHaveLength(3)
    await expect(one.selectFrom('post').selectAll().execute()).rejects.toThrow(/salary/)
    await expect(one.selectFrom('secret').selectAll().execute()).rejects.toThrow(/no policies/)
    await expect(
      guarded()
        .as({ roles: ['admin'] })
        .selectFrom('post')
        .select('id')
        .execute(),
    ).rejects.toThrow(/'user'/)
  })
  test('writes', async () => {
    const one = guarded().as({ user: 1, roles: ['user'] })
    await one.insertInto('post').values({ id: 5, author: 1, team: 9, title: 'x', shared: null }).execute()
    await one
      .insertInto('post')
      .values([
        { id: 6, author: 1, team: 9, title: 'x', shared: null },
        { id: 7, author: 1, team: null, title: 'x', shared: null },
      ])
      .execute()
    await expect(
      one.insertInto('post').values({ id: 8, author: 2, team: 9, title: 'x', shared: null }).execute(),
    ).rejects.toMatchObject({ code: 'policy' })
    await expect(
      one.insertInto('post').values({ id: 8, author: null, team: 9, title: 'x', shared: null }).execute(),
    ).rejects.toMatchObject({ code: 'policy' })
    await one.updateTable('post').set({ title: 'y' }).where('id', '=', 5).execute()
    await expect(one.updateTable('post').set({ author: 2 }).where('id', '=', 5).execute()).rejects.toMatchObject({
      code: 'policy',
    })
    const [none] = await one.updateTable('post').set({ title: 'z' }).where('id', '=', 2).execute()
    expect(none?.numUpdatedRows).toBe(0n)
    const admin = guarded().as({ user: 1, roles: ['admin'] })
    await admin.deleteFrom('post').execute()
    expect(await base.selectFrom('post').select('id').orderBy('id').execute()).toEqual([{ id: 2 }, { id: 3 }])
  })
  test('can', () => {
    expect(
      can(
        rules,
        { user: 1, roles: [] },
        'select',
        'post',
        { author: 1, shared: null, team: 1 },
        { related: { member: [] } },
      ),
    ).toBe(true)
    expect(() => can(rules, { user: 1, roles: [] }, 'select', 'post', { author: 2, shared: null, team: 1 })).toThrow(
      /related/,
    )
  })
})
