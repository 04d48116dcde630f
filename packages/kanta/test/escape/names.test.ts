import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kanta, sql, table } from '../../src/index.ts'
import { createExecutor, tenant } from '../../src/plugins/index.ts'
import { policies, rls } from '../../src/rls/index.ts'
import type { Place } from '../engine/engine.ts'
import { type Any, engines } from '../tenant/ground.ts'

const post = table('post', (c) => ({ id: c.integer().primaryKey(), title: c.text(), secret: c.text().nullable() }))
const settings = table('settings', (c) => ({ tenant_id: c.integer().primaryKey(), theme: c.text() }))
const word = table('word', (c) => ({ word: c.text().primaryKey(), secret: c.text().nullable() }))

const hidden = policies<Any, Any>({
  post: ({ allow, columns }: Any) => [allow('all'), columns({ secret: { read: ['admin'], write: ['admin'] } })],
  word: ({ allow, columns }: Any) => [allow('all'), columns({ secret: { read: ['admin'], write: ['admin'] } })],
  settings: ({ allow, columns }: Any) => [allow('all'), columns({ tenant_id: { read: ['admin'], write: ['admin'] } })],
} as Any)
const own = policies<Any, Any>({
  settings: ({ allow }: Any) => [allow('all', ({ row, context }: Any) => row.tenant_id.eq(context.me))],
} as Any)

describe.each(engines)('names that mean a protected column on $name', (engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  describe.each([true, false])('with a schema: %s', (known) => {
    let place: Place
    let base: Any
    const on = async (plugin: Any, context: object): Promise<Any> =>
      ((await createExecutor(base, [plugin])) as Any).as(context)
    beforeAll(async () => {
      place = await engine.create()
      base = kanta({ driver: place.driver(), ...(known ? { schema: { post, settings, word } } : {}) } as Any)
      for (const each of [post, settings, word]) await base.schema.createTable(each).execute()
      await base.insertInto('post').values({ id: 1, title: 't', secret: 'TOP SECRET' }).execute()
      await base.insertInto('settings').values({ tenant_id: 1, theme: 'dark' }).execute()
      await base.insertInto('word').values({ word: 'a', secret: 'TOP SECRET' }).execute()
    })
    afterAll(async () => {
      await base.destroy()
      await place.drop()
    })

    const refused = async (query: () => Any): Promise<void> => {
      const answer = await Promise.resolve()
        .then(() => query().execute())
        .then(
          (rows: Any) => rows,
          (error: Any) => error.code,
        )
      // Other databases do not know these names.
      expect(typeof answer === 'string' ? 'refused' : answer).toBe('refused')
    }

    const rows: readonly [string, (db: Any) => Any][] = [
      ['post.to_jsonb, in text', (db) => db.selectFrom('post').select(sql`post.to_jsonb`.as('r'))],
      ['an alias, quoted', (db) => db.selectFrom('post as p').select(sql`"p" . "row_to_json"`.as('r'))],
      ['a name as a part', (db) => db.selectFrom('post').select(sql`post.${sql.id('to_jsonb')}`.as('r'))],
      ['post.row_to_json, by the builder', (db) => db.selectFrom('post').select('post.row_to_json')],
      ['post.to_json, under another name', (db) => db.selectFrom('post').select('post.to_json as r')],
      ['in where()', (db) => db.selectFrom('post').select('id').where('post.quote_literal', 'like', '%TOP%')],
      ['in order by', (db) => db.selectFrom('post').select('id').orderBy('post.record_out')],
      [
        'in a query inside',
        (db) => db.selectFrom('post').select((eb: Any) => eb.selectFrom('word as w').select('post.to_jsonb').as('r')),
      ],
      ['old, in text', (db) => db.updateTable('post').set({ title: 'x' }).returning(sql`old`.as('r'))],
      ['new, in a call', (db) => db.updateTable('post').set({ title: 'x' }).returning(sql`to_jsonb(new)`.as('r'))],
      ['OLD', (db) => db.updateTable('post').set({ title: 'x' }).returning(sql`OLD.secret`.as('r'))],
      [
        'old, by id()',
        (db) =>
          db
            .updateTable('post')
            .set({ title: 'x' })
            .returning(sql`${sql.id('old')}`.as('r')),
      ],
      ['old.secret', (db) => db.updateTable('post').set({ title: 'x' }).returning('old.secret')],
      ['new.secret', (db) => db.updateTable('post').set({ title: 'x' }).returning('new.secret as s')],
      ['old.*', (db) => db.updateTable('post').set({ title: 'x' }).returning(sql`old.*`)],
      ['old, of a delete', (db) => db.deleteFrom('post').returning('old.secret as s')],
      [
        'new, of an insert',
        (db) => db.insertInto('post').values({ id: 9, title: 'x' }).returning(sql`to_jsonb(new)`.as('r')),
      ],
      ['(post).secret', (db) => db.selectFrom('post').select(sql`(post).secret`.as('r'))],
      ['(post).*', (db) => db.selectFrom('post').select(sql`(post).*`.as('r'))],
    ]
    test.each(rows)('a row: %s', async (_, query) => {
      const member = await on(rls(hidden), { roles: [] })
      await refused(() => query(member))
    })

    test('other columns stay readable by the name of their table', async () => {
      const member = await on(rls(hidden), { roles: [] })
      expect(await member.selectFrom('post').select(['post.id', 'post.title']).execute()).toEqual([
        { id: 1, title: 't' },
      ])
      expect(await member.selectFrom('post').select(sql`post.title`.as('r')).execute()).toEqual([{ r: 't' }])
    })

    const keys = ['rowid', 'oid', '_rowid_', 'ROWID']
    test.each(keys)('the number of a row, as %s', async (name) => {
      const [member, ada, me] = [
        await on(rls(hidden), { roles: [] }),
        await on(tenant({ column: 'tenant_id', tables: ['settings'] }), { tenant: 1 }),
        await on(rls(own), { me: 1, roles: [] }),
      ]
      await refused(() => member.selectFrom('settings').select(name))
      await refused(() => member.selectFrom('settings').select(`settings.${name}`))
      await refused(() => member.selectFrom('settings as s').select(sql.raw(`s.${name}`).as('r')))
      await refused(() => member.selectFrom('settings').select('theme').where(name, '=', 1))
      await refused(() => member.updateTable('settings').set({ [name]: 2 }))
      for (const db of [ada, me]) {
        await refused(() => db.updateTable('settings').set({ [name]: 2 }))
        await refused(() => db.insertInto('settings').values({ [name]: 5, theme: 'x' }))
        await refused(() =>
          db
            .insertInto('settings')
            .values({ tenant_id: 1, theme: 'x' })
            .onConflict((on: Any) => on.column('tenant_id').doUpdateSet({ [name]: 5 })),
        )
      }
      expect(await base.selectFrom('settings').selectAll().execute()).toEqual([{ tenant_id: 1, theme: 'dark' }])
    })
  })
})
