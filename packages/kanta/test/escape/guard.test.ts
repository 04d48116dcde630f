import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { equal, isNull, tablePolicy } from '../../src/guard/index.ts'
import { sql } from '../../src/index.ts'
import { camelCase } from '../../src/plugins/index.ts'
import { nodeWith } from '../../src/run/index.ts'
import { type Any, engines, type Ground, gone, ground, type Place, tenant } from './ground.ts'

const ref = (table: string, column: string) => ({ kind: 'ref', schema: undefined, table, column }) as const

/** Users who have a post of their own that is open: a condition with a query of its own. */
const related = tablePolicy({
  name: 'related',
  rule: ({ name }) =>
    name === 'users'
      ? {
          sees: (row) => ({
            kind: 'unary',
            op: 'exists',
            operand: nodeWith('select', {
              items: [{ kind: 'literal', value: 1 }],
              from: [{ kind: 'table', schema: undefined, name: 'posts', definition: undefined }],
              where: [equal(ref('posts', 'owner'), row('id'))],
            }),
          }),
        }
      : undefined,
})

describe.each(engines)('the guard on $name', (engine: Place) => {
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
  const ids = async (query: Any): Promise<number[]> => (await query.execute()).map((row: Any) => row.id).sort()

  test('a name of the statement does not take that of a table which a policy reads', async () => {
    const one = await at.guarded([related])
    expect(await ids(one.selectFrom('users').select('id'))).toEqual([1, 2, 4])
    expect(await ids(one.selectFrom('users as u').select('u.id'))).toEqual([1, 2, 4])
    const hiding = one
      .with('posts', (q: Any) => q.selectFrom('open').select(['id', 'id as owner']))
      .selectFrom('users')
      .select('users.id')
    await expect(hiding.execute()).rejects.toMatchObject({ code: 'policy', message: /'posts' needs another name/ })
    await expect(one.selectFrom('users as posts').select('posts.id').execute()).rejects.toMatchObject({
      code: 'policy',
      message: /'posts' needs another name/,
    })
  })

  test('tables and columns are the same by their names in the program and in the database', async () => {
    const words: string[] = []
    const policy = tablePolicy({
      name: 'words',
      tables: ['bigPost'],
      rule: ({ name }) =>
        name === 'bigPost'
          ? {
              sees: (row) => isNull(row('goneAt')),
              updates: { goneAt: { value: () => ({ kind: 'literal', value: null }), userValue: 'refuse' } },
              column: (column) => void words.push(column),
            }
          : undefined,
    })
    await at.base.executeQuery({ sql: 'drop table if exists big_post', parameters: [] })
    await at.base.executeQuery({ sql: 'create table big_post (id int, gone_at varchar(9))', parameters: [] })
    await at.base.executeQuery({ sql: "insert into big_post values (1, null), (2, 'x')", parameters: [] })
    const one = await at.guarded([policy], [camelCase()])
    for (const name of ['bigPost', 'big_post']) {
      expect(await ids(one.selectFrom(name).select('id')), name).toEqual([1])
      await expect(one.updateTable(name).set({ gone_at: 'y' }).execute()).rejects.toMatchObject({ code: 'policy' })
    }
    await one.selectFrom('big_post').select('gone_at').execute()
    expect(words).toContain('goneAt')
  })

  test('what the message of a refusal says is whole, whatever the names', async () => {
    const name =
      'a "policy" that is named `at length`; with dots. quotes’ and 日本語, longer than any error of a database repeats'
    const policy = tablePolicy({
      name,
      rule: () => ({ checks: (row) => equal(row('tenant'), { kind: 'literal', value: 99 }) }),
    })
    const one = await at.guarded([policy])
    await expect(one.updateTable('users').set({ name: 'x' }).where('id', '=', 1).execute()).rejects.toMatchObject({
      code: 'policy',
      message: `The policy '${name}' does not allow this update of 'users'.`,
    })
    await expect(one.insertInto('users').values({ id: 9, tenant: 1 }).execute()).rejects.toMatchObject({
      code: 'policy',
      message: `The policy '${name}' does not allow this insert of 'users'.`,
    })
    await expect(one.insertInto('users').values({ id: 9, tenant: 99 }).execute()).resolves.toBeDefined()
  })

  test('a value that is another each time does not pass by a check', async () => {
    const random = sql.raw(engine.name === 'mariadb' ? 'floor(rand() * 3)' : 'abs(random()) % 3')
    await expect(db.updateTable('users').set({ tenant: random }).execute()).rejects.toMatchObject({ code: 'policy' })
    for (let i = 0; i < 20; i++) {
      const insert = (await at.guarded([checksOnly]))
        .insertInto('users')
        .columns(['id', 'tenant'])
        .expression((eb: Any) =>
          eb
            .selectFrom('open')
            .select([
              sql`id + 1000`.as('id'),
              sql`${sql.raw(engine.name === 'mariadb' ? 'floor(rand() * 2)' : engine.name === 'postgres' ? 'floor(random() * 2)' : 'abs(random() % 2)')} + 1`.as(
                'tenant',
              ),
            ]),
        )
      await insert.execute().catch((error: Any) => expect(error.code).toBe('policy'))
      const wrong = await at.base
        .selectFrom('users')
        .select('id')
        .where('id', '>', 1000)
        .where('tenant', '<>', 1)
        .execute()
      expect(wrong).toEqual([])
      await at.base.deleteFrom('users').where('id', '>', 1000).execute()
    }
  })

  const checksOnly = tablePolicy({
    name: 'checks',
    rule: ({ name }) =>
      name === 'users'
        ? { checks: (row, _, runValues) => equal(row('tenant'), runValues.context('tenant')) }
        : undefined,
  })

  test('a predicate stands where a person would write it', async () => {
    const text = (query: Any): string => query.compile().sql.replaceAll(/["`]/g, '')
    expect(text(db.selectFrom('users').select('id').where('id', '=', 1))).toMatch(
      /^select id from users where id = \S+ and \(?users\.gone is null and users\.tenant = \S+\)?$/,
    )
    expect(text(db.selectFrom('open').leftJoin('users as u', 'u.id', 'open.owner').select('u.id'))).toMatch(
      /left join users as u on u\.id = open\.owner and \(?u\.gone is null/,
    )
    expect(text(db.selectFrom('users').innerJoin('posts', 'posts.owner', 'users.id').select('posts.id'))).not.toMatch(
      /\(select/,
    )
  })

  test('only rows that are written are checked, however the statement is run', async () => {
    const one = await at.guarded([checksOnly])
    const settings =
      engine.name === 'postgres'
        ? [
            'set local enable_seqscan = off',
            'set local enable_indexscan = off',
            'set local parallel_setup_cost = 0',
            'set local enable_hashjoin = off',
            'set local debug_parallel_query = on',
          ]
        : ['select 1']
    for (const setting of settings) {
      const within = (run: (trx: Any) => Promise<unknown>): Promise<unknown> =>
        one.transaction().execute(async (trx: Any) => {
          const text = sql.raw(setting) as Any
          await text.trusted('a setting of the planner', { reads: [] }).execute(trx)
          return run(trx)
        })
      await within(async (trx) => {
        await trx.updateTable('users').set({ name: null }).where('tenant', '=', 1).where('id', '>', 0).execute()
        if (engine.name === 'mariadb') return
        await trx
          .updateTable('users')
          .from('open')
          .set({ name: null })
          .whereRef('open.id', '=', 'users.id')
          .where('users.tenant', '=', 1)
          .execute()
      })
      await expect(
        within((trx) => trx.updateTable('users').set({ name: null }).where('id', '=', 2).execute()),
      ).rejects.toMatchObject({ code: 'policy' })
    }
  })

  test('values keep their types on the way through the checks', async () => {
    const types =
      engine.name === 'postgres'
        ? 'id uuid, tenant int, d date, b boolean, j jsonb, t timestamptz'
        : 'id varchar(40), tenant int, d date, b int, j varchar(40), t varchar(40)'
    await at.base.executeQuery({ sql: 'drop table if exists typed', parameters: [] })
    await at.base.executeQuery({ sql: `create table typed (${types})`, parameters: [] })
    const policy = tablePolicy({
      name: 'typed',
      rule: () => ({
        checks: (row, _, runValues) => equal(row('tenant'), runValues.context('tenant')),
        inserts: { tenant: { value: (_, runValues) => runValues.context('tenant'), userValue: 'same' } },
      }),
    })
    const one = await at.guarded([policy])
    const id = '6f1a1a52-1111-4111-8111-000000000001'
    const row = {
      id,
      d: '2026-01-02',
      b: engine.name === 'postgres' ? true : 1,
      j: '{"a":1}',
      t: '2026-01-02T00:00:00Z',
    }
    await one.insertInto('typed').values(row).execute()
    await one
      .insertInto('typed')
      .values([row, { ...row, d: null }])
      .execute()
    await one
      .insertInto('typed')
      .values({ ...row, j: sql`${'{}'}` })
      .execute()
    await one.updateTable('typed').set({ d: '2026-01-03', b: row.b, id }).execute()
    const found = await at.base.selectFrom('typed').select(['tenant', 'id']).execute()
    expect(found).toEqual(Array(4).fill({ tenant: 1, id }))
  })
})
