import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { kanta, sql, table } from '../../src/index.ts'
import { createExecutor } from '../../src/plugins/index.ts'
import { policies, rls } from '../../src/rls/index.ts'
import type { Place } from '../engine/engine.ts'
import { type Any, engines } from '../tenant/ground.ts'

const member = table('member', (c) => ({ id: c.integer().primaryKey(), level: c.integer(), role: c.varchar(5) }))
const never = ({ row }: Any): Any => row.id.eq(-1)
const rules = policies<Any, Any>({
  member: ({ allow, deny }: Any) => [
    allow('all'),
    deny(['insert', 'update'], { using: never, withCheck: ({ row }: Any) => row.role.eq('admin') }),
    deny(['insert', 'update'], { using: never, withCheck: ({ row }: Any) => row.level.ge(10) }),
    deny(['insert', 'update'], { using: never, withCheck: ({ row }: Any) => row.level.in([5, 7]) }),
  ],
} as Any)

describe.each(engines)('checks judge what is stored on $name', (engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  describe.each([true, false])('with a schema: %s', (known) => {
    let place: Place
    let base: Any
    let user: Any
    beforeAll(async () => {
      place = await engine.create()
      base = kanta({ driver: place.driver(), ...(known ? { schema: { member } } : {}) } as Any)
      // Without `strict`, as most tables of SQLite are.
      await sql`create table member (id integer primary key, level integer, role varchar(5))`.execute(base)
      user = ((await createExecutor(base, [rls(rules)])) as Any).as({ roles: [] })
    })
    afterAll(async () => {
      await base.destroy()
      await place.drop()
    })
    beforeEach(async () => {
      await base.deleteFrom('member').execute()
      await base.insertInto('member').values({ id: 1, level: 8, role: 'user' }).execute()
    })

    const asText = engine.dialect === 'mariadb' ? 'char' : 'text'
    const set = (values: object) => user.updateTable('member').set(values)
    const insert = (values: object | object[]) => user.insertInto('member').values(values)
    const upsert = (values: object): Any => {
      const made = insert({ id: 1, level: 1, role: 'x' })
      return asText === 'char'
        ? made.onDuplicateKeyUpdate(values)
        : made.onConflict((on: Any) => on.column('id').doUpdateSet(values))
    }
    const forms: readonly [string, (values: Any) => Any][] = [
      ['set', set],
      ['insert', (values) => insert({ id: 2, level: 1, role: 'x', ...values })],
      ['insert of rows', (values) => insert([2, 3].map((id) => ({ id, level: 1, role: 'x', ...values })))],
      ['upsert', upsert],
      [
        'insert from a query',
        ({ level = sql`1`, role = sql`'x'` }) =>
          user
            .insertInto('member')
            .columns(['id', 'level', 'role'])
            .expression((eb: Any) =>
              eb.selectFrom('member').select([sql`2`.as('id'), sql`${level}`.as('level'), sql`${role}`.as('role')]),
            ),
      ],
    ]
    const values: readonly [string, object][] = [
      ['a text with a space at the end', { role: 'admin ' }],
      ['a text with more of them', { role: 'admin      ' }],
      ['a number with a fraction', { level: 9.6 }],
      ['a small fraction', { level: 4.9 }],
      ['a number as text', { level: '10' }],
      ['a number as text, with spaces', { level: ' 7 ' }],
      ['a number as text, by an exponent', { level: '1e1' }],
      ['an expression with a fraction', { level: sql`level * 1.2` }],
      ['a cast to text', { level: sql`cast(${'10'} as ${sql.raw(asText)})` }],
      ['text put together', { role: sql`${sql.raw(asText === 'char' ? "concat('admin', ' ')" : "'admin' || ' '")}` }],
    ]
    describe.each(forms)('%s', (_form, write) => {
      test.each(values)('%s', async (_, given) => {
        const said = await Promise.resolve()
          .then(() => write(given).execute())
          .then(
            () => 'ran',
            (error: Any) => error.code,
          )
        const rows = await base.selectFrom('member').selectAll().execute()
        const wrong = rows.filter(
          ({ id, level, role }: Any) => role === 'admin' || level >= 10 || level === 5 || (level === 7 && id > 0),
        )
        expect({ said, wrong }).toEqual({ said, wrong: [] })
      })
    })

    test('what is stored as it is given is let through', async () => {
      await set({ level: 9, role: 'a b' }).execute()
      await set({ level: sql`level - 1` }).execute()
      await insert([
        { id: 2, level: 1, role: 'é' },
        { id: 3, level: -4, role: '' },
      ]).execute()
      await upsert({ level: 3 }).execute()
      const rows = await base.selectFrom('member').select(['id', 'level', 'role']).orderBy('id').execute()
      expect(rows).toEqual([
        { id: 1, level: 3, role: 'a b' },
        { id: 2, level: 1, role: 'é' },
        { id: 3, level: -4, role: '' },
      ])
    })
  })
})
