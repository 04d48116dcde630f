import { afterEach, describe, expect, test } from 'vitest'
import { kanta, sql, table } from '../../src/index.ts'
import { createExecutor, tenant } from '../../src/plugins/index.ts'
import { type Any, engines, type Place } from './ground.ts'

const note = table('note', (c) => ({
  id: c.integer().primaryKey(),
  tenant_id: c.integer().$optional(),
  text: c.text(),
}))

/** What reads tables or files, runs text or reaches outside, however it is spelt. */
const REACHING: Readonly<Record<string, readonly string[]>> = {
  sqlite: ['load_extension', 'readfile', 'writefile', 'edit', 'eval', 'fts3_tokenizer', 'pragma_table_info', 'dbstat'],
  postgres: [
    ...['query_to_xml', 'QUERY_TO_XML', 'pg_catalog.query_to_xml', 'table_to_xml', 'database_to_xml', 'ts_stat'],
    ...[
      'cursor_to_xml',
      'ts_rewrite',
      'dblink',
      'pg_read_file',
      'pg_ls_dir',
      'lo_get',
      'lo_export',
      'nextval',
      'setval',
    ],
    ...['currval', 'set_config', 'xpath_table', 'crosstab', 'connectby', 'evil.lower', 'pg_sleep', 'my_own'],
  ],
  mariadb: [
    'load_file',
    'benchmark',
    'sleep',
    'get_lock',
    'nextval',
    'lastval',
    'setval',
    'sys.ps_thread_account',
    'my_own',
  ],
}
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  sqlite: ['upper', 'LOWER', 'json_array', 'coalesce'],
  postgres: ['upper', 'pg_catalog.lower', 'to_json', 'jsonb_build_array', 'coalesce'],
  mariadb: ['upper', 'LOWER', 'json_array', 'coalesce'],
}

describe.each(engines)('functions under policies on $name', (engine: Place) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  const opened: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const close of opened.splice(0)) await close()
  })
  const open = async (trustedFunctions?: readonly string[]): Promise<Any> => {
    const place = await engine.create()
    const base: Any = kanta({ driver: place.driver(), schema: { note }, trustedFunctions })
    opened.push(async () => {
      await base.destroy()
      await place.drop()
    })
    return ((await createExecutor(base, [tenant({ column: 'tenant_id' })])) as Any).as({
      tenant: 1,
    })
  }
  const text = (name: string): Any => sql`${sql.raw(`${name} (`)}${'x'}${sql.raw(')')}`
  const quote = (name: string): string => {
    const sign = engine.dialect === 'mariadb' ? '`' : '"'
    return name
      .split('.')
      .map((part) => sign + part + sign)
      .join('.')
  }

  test('what nothing is known of is refused: built, as a table, as text, quoted', async () => {
    const db = await open()
    for (const name of REACHING[engine.dialect]!) {
      const forms: readonly Any[] = [
        db.selectFrom('note').select((eb: Any) => eb.fn(name, ['id']).as('x')),
        db.selectFrom('note').select((eb: Any) => eb.fn.agg(name, ['id']).as('x')),
        db.selectFrom((eb: Any) => eb.fn.table(name, [1]).as('t')).selectAll(),
        db.selectFrom('note').select(text(name).as('x')),
        db.selectFrom('note').select(text(quote(name)).as('x')),
        db.selectFrom('note').selectAll().where('id', '=', text(name)),
        db.selectFrom('note').selectAll().orderBy(text(name)),
      ]
      for (const [i, form] of forms.entries())
        expect(() => form.compile(), `${name}, form ${i}`).toThrow(expect.objectContaining({ code: 'policy' }))
    }
  })

  test('what the database knows passes, and what the user trusts', async () => {
    const db = await open(['my_own', 'billing.total'])
    for (const name of [...KNOWN[engine.dialect]!, 'my_own', 'MY_OWN', 'billing.total']) {
      db.selectFrom('note')
        .select((eb: Any) => eb.fn(name, ['text']).as('x'))
        .compile()
      db.selectFrom('note').select(text(name).as('x')).compile()
    }
    const other = sql`coalesce(id, 1) in (1, 2) and (text is null or text = ${'x'}) and cast(id as decimal(10, 2)) > 1`
    db.selectFrom('note').selectAll().where(other).compile()
  })

  test('a name after in is no list', async () => {
    const db = await open()
    const forms: readonly Any[] = [
      db.selectFrom('note').selectAll().where('id', 'in', sql.lit('note')),
      db
        .selectFrom('note')
        .selectAll()
        .where(sql`id in ${sql.table('note')}`),
      db
        .selectFrom('note')
        .selectAll()
        .where(sql`id in ${sql.id('note')}`),
      ...(engine.dialect === 'sqlite'
        ? [sql`id in note`, sql`id in main.note`, sql`id not in "note"`, sql`id in 'note'`].map((where) =>
            db.selectFrom('note').selectAll().where(where),
          )
        : []),
    ]
    for (const [i, form] of forms.entries()) expect(() => form.compile(), `form ${i}`).toThrow()
  })
})
