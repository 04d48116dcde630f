import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ownPlugin } from '../../src/extend/internal/index.ts'
import { literal, tablePolicy } from '../../src/guard/index.ts'
import { KantaError, kanta, sql } from '../../src/index.ts'
import { capability } from '../../src/plugins/index.ts'
import { can, policies, rls } from '../../src/rls/index.ts'
import { type DB, engines, fill, rules, schema, world } from './ground.ts'

describe.each(engines)('holes of others, in $name', (engine) => {
  let ground: Awaited<ReturnType<typeof world>>
  beforeAll(async () => {
    ground = await world(engine)
  })
  beforeEach(() => fill(ground.base))
  afterAll(() => ground.end())

  const one = () => ground.guarded.as({ user: 1, team: 1, roles: [] })
  const three = () => ground.guarded.as({ user: 3, team: 2, roles: [] })
  const ids = (rows: readonly { id: number | null }[]) => rows.map(({ id }) => id).sort()

  test('kysera H3: joined tables are filtered, those of outer joins in ON', async () => {
    const db = one()
    const inner = db.selectFrom('country').innerJoin('post', (join) => join.onTrue())
    expect(ids(await inner.select('post.id').execute())).toEqual([1, 2, 4])
    const left = db.selectFrom('post').leftJoin('person', 'person.id', 'post.author').select(['post.id', 'person.name'])
    expect(await left.orderBy('post.id').execute()).toEqual([
      { id: 1, name: 'Aino' },
      { id: 2, name: 'Eino' },
      { id: 4, name: null },
    ])
  })

  test('kysera H7: SQL text is refused, however it is run', async () => {
    const db = one()
    await expect(sql`select * from post`.execute(db)).rejects.toMatchObject({ code: 'policy' })
    await expect(db.executeQuery({ sql: 'select * from post', parameters: [] } as never)).rejects.toMatchObject({
      code: 'policy',
    })
    await expect(db.selectFrom(sql<{ id: number }>`post`.as('p')).selectAll().execute()).rejects.toMatchObject({
      code: 'policy',
    })
    const trusted = sql`select count(*) as n from post`.trusted('all posts', { reads: ['post'], writes: [] })
    expect((await trusted.execute(db)).rows).toHaveLength(1)
  })

  test('kysera H12: a query built for one runs for the other as theirs', async () => {
    const query = one().selectFrom('post').select('id')
    expect(ids(await query.execute())).toEqual([1, 2, 4])
    expect(ids((await three().executeQuery(query)).rows)).toEqual([3, 4])
    expect(ids(await query.execute())).toEqual([1, 2, 4])
  })

  test('kysera H13: refusals are KantaErrors with a code, also when the database raises them', async () => {
    const error = await one()
      .insertInto('post')
      .values({ id: 9, author: 3, title: 'x', shared: null })
      .execute()
      .catch((it) => it)
    expect(error).toBeInstanceOf(KantaError)
    expect(error).toMatchObject({ code: 'policy', message: /'rls'.*insert of 'post'/ })
  })

  test('kysera H41: every kind of write is guarded', async () => {
    const db = one()
    const counts = [
      await db.updateTable('post').set({ title: 'x' }).execute(),
      await db.updateTable('post').set({ title: 'y' }).where('id', '=', 3).execute(),
    ]
    expect(counts.map(([result]) => result?.numUpdatedRows)).toEqual([1n, 0n])
    const [removed] = await db.deleteFrom('post').where('id', 'in', [2, 3, 4]).execute()
    expect(removed?.numDeletedRows).toBe(0n)
    for (const change of [{ author: 3 }, { author: null }])
      await expect(db.updateTable('post').set(change).execute()).rejects.toMatchObject({ code: 'policy' })
    await expect(
      db
        .insertInto('post')
        .columns(['id', 'author', 'title', 'shared'])
        .expression((eb) =>
          eb.selectFrom('post').select((e) => [e('id', '+', 10).as('id'), 'author', 'title', 'shared']),
        )
        .execute(),
    ).rejects.toMatchObject({ code: 'policy' })
    expect(await ground.base.selectFrom('post').selectAll().execute()).toHaveLength(5)
    if (engine.name === 'mariadb')
      await expect(
        db.replaceInto('post').values({ id: 3, author: 1, title: 'x', shared: null }).execute(),
      ).rejects.toMatchObject({ code: 'policy' })
  })

  test('kysera H42: many rows and upserts cross no border', async () => {
    const db = one()
    const rows = [
      { id: 11, author: 1, title: 'mine', shared: null },
      { id: 12, author: 3, title: 'not mine', shared: null },
    ]
    await expect(db.insertInto('post').values(rows).execute()).rejects.toMatchObject({ code: 'policy' })
    const taken = db.insertInto('post').values({ id: 3, author: 1, title: 'mine', shared: null })
    const upsert =
      engine.name === 'mariadb'
        ? taken.onDuplicateKeyUpdate({ title: 'stolen' })
        : taken.onConflict((on) => on.column('id').doUpdateSet({ title: 'stolen' }))
    await expect(upsert.execute()).rejects.toMatchObject({ code: 'policy' })
    const titles = await ground.base.selectFrom('post').select('title').orderBy('id').execute()
    expect(titles.map(({ title }) => title)).toEqual(['one', 'two', 'three', 'four', 'five'])
  })

  test('kysera H43: what is missing closes', async () => {
    const { base, guarded } = ground
    expect(() => guarded.as({ team: undefined })).toThrow(/team/)
    for (const context of [{}, { user: 1 }, { user: 1, roles: [] }]) {
      const db = guarded.as(context)
      await expect(db.selectFrom('post').select('id').execute()).rejects.toMatchObject({
        code: 'policy',
        message: /context/,
      })
      await expect(db.selectFrom('person').select('id').where('id', '=', 0).execute()).rejects.toMatchObject({
        code: 'policy',
      })
    }
    // No branch that would have come out true excuses a value that is missing.
    await expect(guarded.as({ user: 1 }).deleteFrom('post').execute()).rejects.toMatchObject({ message: /'team'/ })
    await expect(one().selectFrom('secret').select('id').execute()).rejects.toMatchObject({
      message: /'secret' has no policies/,
    })
    await expect(one().insertInto('secret').values({ id: 2 }).execute()).rejects.toMatchObject({ code: 'policy' })
    const denied = policies<DB>({ post: ({ allow, deny }) => [allow('all'), deny('select')], person: () => [] })
    const db = base.withPlugins([rls(denied)])
    for (const query of [db.selectFrom('post').select('id'), db.selectFrom('person').select('id')])
      expect(await query.execute()).toEqual([])
    const [updated] = await db.updateTable('post').set({ title: 'x' }).execute()
    expect(updated?.numUpdatedRows).toBe(0n)
    await expect(
      db.insertInto('person').values({ id: 9, name: 'x', team: 1, salary: null }).execute(),
    ).rejects.toMatchObject({ code: 'policy' })
  })

  test('kysera H44: a policy that is not for the context does nothing', async () => {
    const { base } = ground
    const limited = policies<DB, { environment: string; roles: readonly string[] }>({
      post: ({ allow, deny }) => [
        allow('select', ({ context }) => context.environment.eq('development')),
        allow('select', ({ row }) => row.id.eq(1)),
        allow('select', undefined, { roles: ['admin', 'auditor'] }),
        deny('select', ({ row }) => row.id.ge(4), { roles: ['auditor'] }),
      ],
    })
    const seen = async (environment: string, roles: string[]) =>
      ids(
        await base
          .withPlugins([rls(limited)])
          .as({ environment, roles })
          .selectFrom('post')
          .select('id')
          .execute(),
      )
    expect(await seen('production', [])).toEqual([1])
    expect(await seen('development', [])).toEqual([1, 2, 3, 4, 5])
    expect(await seen('production', ['admin,auditor'])).toEqual([1])
    expect(await seen('production', ['admin'])).toEqual([1, 2, 3, 4, 5])
    expect(await seen('production', ['auditor'])).toEqual([1, 2, 3])
  })

  test('kysera H46: relations, several of them, empty lists and booleans', async () => {
    const { base } = ground
    const related = policies<DB, { teams: readonly number[]; flag: boolean }>({
      person: ({ allow }) => [allow('select', ({ row, context }) => row.team.in(context.teams))],
      post: ({ allow }) => [
        allow('select', ({ row, exists }) => exists('person', (p) => p.row.id.eq(row.author))),
        allow('select', ({ row, context }) => row.shared.eq(context.flag)),
      ],
    })
    const seen = async (teams: number[], flag: boolean) =>
      ids(
        await base
          .withPlugins([rls(related)])
          .as({ teams, flag })
          .selectFrom('post')
          .select('id')
          .execute(),
      )
    expect(await seen([1], true)).toEqual([1, 2, 4])
    expect(await seen([], true)).toEqual([4])
    expect(await seen([], false)).toEqual([2, 3])
    expect(await seen([1, 2], false)).toEqual([1, 2, 3, 4])
  })

  test('kysera H47: the context cannot be changed, leaving needs a capability and is told, texts are no conditions', async () => {
    const { base } = ground
    const roles = ['user']
    const context = { user: 1, team: 1, roles }
    const events: unknown[] = []
    const key = capability('reports')
    const around = (event: { readonly exemptions: unknown }, next: () => Promise<unknown>) => {
      events.push(event.exemptions)
      return next()
    }
    const watch = { name: 'watch', hooks: [{ name: 'watch', around }] }
    const db = base.withPlugins([rls(rules, { capability: key }), watch]).as(context)
    roles.push('hr')
    context.team = 2
    expect(ids(await db.selectFrom('person').select('id').execute())).toEqual([1, 2])
    expect(() => db.as({ team: 2 })).toThrow(/another 'team'/)
    expect(() => db.unscoped(capability('reports'), 'because')).toThrow(/disables no policy/)
    expect(() => db.unscoped(key, '')).toThrow(/reason/)
    expect(await db.unscoped(key, 'yearly report').selectFrom('person').selectAll().execute()).toHaveLength(4)
    expect(events).toEqual([[], [{ policy: 'rls', reason: 'yearly report' }]])
    for (const condition of ['1 = 1', { op: 'raw', sql: '1=1' }, null, true, []])
      expect(() => policies<DB>({ post: ({ allow }) => [allow('select', condition as never)] })).toThrow(KantaError)
    for (const condition of ['1 = 1', { kind: 'constant', value: true }, true, undefined])
      expect(() => policies<DB>({ post: ({ allow }) => [allow('select', (() => condition) as never)] })).toThrow(
        /conditions/,
      )
    // What can() says and what a statement reads are the same.
    const read = ids(await one().selectFrom('post').select('id').execute())
    const all = await base.selectFrom('post').selectAll().execute()
    const person = await base.selectFrom('person').selectAll().execute()
    const may = all.filter((row) =>
      can(rules, { user: 1, team: 1, roles: [] }, 'select', 'post', row, { related: { person } }),
    )
    expect(ids(may)).toEqual(read)
  })

  test('sqlitekit F1, F2: what comes from a request is never a condition, and an unknown operation is refused', () => {
    const body = JSON.parse('{"kind":"constant","value":true,"op":"raw","sql":"1=1 OR 1=1"}')
    const make =
      (use: (given: { row: { title: { eq(value: unknown): unknown; in(list: unknown): unknown } } }) => unknown) =>
      () =>
        policies<DB>({ post: ({ allow }) => [allow('select', use as never)] })
    for (const value of [body, [body], null, undefined, Number.NaN, () => true])
      expect(make(({ row }) => row.title.eq(value))).toThrow(KantaError)
    for (const value of [body, [body], 'a', null, { kind: 'context', name: 'user' }])
      expect(make(({ row }) => row.title.in(value))).toThrow(KantaError)
    for (const operation of ['read', 'drop', '', undefined, ['select', 'read'], []])
      expect(() => policies<DB>({ post: ({ allow }) => [allow(operation as never)] })).toThrow(/operation/)
    for (const value of [body, 'open', true, null]) expect(() => policies<DB>({ post: value })).toThrow(KantaError)
    for (const value of [body, [body], undefined])
      expect(() => policies<DB>({ post: (() => value) as never })).toThrow(KantaError)
    expect(() => rls(JSON.parse('{"tables":{}}'))).toThrow(/policies\(\)/)
  })

  test('sqlitekit F1: a value of the context that looks like a condition is a value, or refused', async () => {
    const body = JSON.parse('{"kind":"constant","value":true}')
    const db = ground.guarded.as({ user: body, team: 1, roles: [] })
    await expect(db.selectFrom('post').select('id').execute()).rejects.toMatchObject({
      code: 'policy',
      message: /'user'/,
    })
    const list = ground.guarded.as({ user: 1, team: [1, 2], roles: [] })
    await expect(list.selectFrom('person').select('id').execute()).rejects.toMatchObject({
      code: 'policy',
      message: /'team'/,
    })
    const text = ground.guarded.as({ user: '1 or 1=1', team: 1, roles: [] })
    await expect(text.selectFrom('post').select('id').execute()).rejects.toMatchObject({ code: 'invalid_input' })
  })

  test('sqlitekit T7: text beside a policy stands in parentheses', async () => {
    const query = one().selectFrom('person').select('id').where(sql<boolean>`id = 3 or 1 = 1`)
    expect(ids(await query.execute())).toEqual([1, 2])
    await expect(
      one().selectFrom('person').select('id').where(sql<boolean>`1 = 1) or (1 = 1`).execute(),
    ).rejects.toMatchObject({ code: 'policy' })
  })

  test('a common table expression or an alias with the name of a related table does not stand for it', async () => {
    const all = (db: ReturnType<typeof one>) =>
      db.selectFrom('country').select((eb) => [eb.val(3).as('id'), eb.val(1).as('team')])
    const query = one()
      .with('person', (db) => all(db as never))
      .selectFrom('post')
      .select('id')
    await expect(query.execute()).rejects.toMatchObject({ code: 'policy', message: /person/ })
    expect(ids(await one().selectFrom('post as person').select('person.id').execute())).toEqual([1, 2, 4])
  })

  test('a related row that another policy hides lets nothing through', async () => {
    const hide = tablePolicy({
      name: 'hide',
      rule: ({ name }) =>
        name === 'person'
          ? { sees: (row) => ({ kind: 'binary', left: row('id'), op: '<>', right: literal(2) }) }
          : undefined,
    })
    const db = one().withPlugins([ownPlugin({ name: 'hide', policies: [hide] }) as never]) as ReturnType<typeof one>
    expect(ids(await db.selectFrom('post').select('id').execute())).toEqual([1, 4])
  })

  test('fifty tasks at once keep to themselves, in transactions and alone', async () => {
    const tasks = Array.from({ length: 50 }, async (_, i) => {
      const db = i % 2 === 0 ? one() : three()
      const rows =
        i % 5 === 0
          ? await db.transaction().execute((trx) => trx.selectFrom('post').select('id').execute())
          : await db.selectFrom('post').select('id').execute()
      expect(ids(rows)).toEqual(i % 2 === 0 ? [1, 2, 4] : [3, 4])
    })
    await Promise.all(tasks)
  })
})

test('the order of texts, which is another in each database, is asked of none', async () => {
  const { sqlite } = await import('../../src/driver/sqlite/index.ts')
  const ordered = policies<{ post: { title: number } }>({
    post: ({ allow }) => [allow('select', ({ row }) => row.title.lt(5))],
  })
  const base = kanta({ driver: sqlite(':memory:'), schema })
  await expect(
    base
      .withPlugins([rls(ordered)])
      .selectFrom('post')
      .select('id')
      .execute(),
  ).rejects.toThrow(/orders the text 'title'/)
  expect(() => can(ordered, {}, 'select', 'post', { title: 'a' as never })).toThrow(/different types/)
  await base.destroy()
})

test('tables need not be defined: names are enough where there is no schema', async () => {
  const { sqlite } = await import('../../src/driver/sqlite/index.ts')
  const base = kanta<DB>({ driver: sqlite(':memory:') })
  for (const one of [schema.person, schema.post]) await base.schema.createTable(one).execute()
  await base.insertInto('person').values({ id: 1, name: 'Aino', team: 0, salary: 1 }).execute()
  const db = base.withPlugins([rls(rules)]).as({ user: 0, team: 0, roles: [] })
  expect(await db.selectFrom('person').select('name').execute()).toEqual([{ name: 'Aino' }])
  await expect(
    db.insertInto('post').values({ id: 1, author: 1, title: 'x', shared: null }).execute(),
  ).rejects.toMatchObject({ code: 'policy' })
  await db.insertInto('post').values({ id: 1, author: 0, title: 'x', shared: null }).execute()
  await expect(db.selectFrom('person').selectAll().execute()).rejects.toMatchObject({ code: 'policy' })
  await base.destroy()
})
