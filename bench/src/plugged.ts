/** Kanta with no plugins, with three and with ten, on one database. */

import type { KantaOptions } from 'kanta'
import { type Database, type DatabasePlugin, kanta, prepare, sql, table } from 'kanta'
import { queryLog } from 'kanta/debug'
import { createExecutor, softDelete, tenant, timestamps } from 'kanta/plugins'

export interface Tables {
  post: {
    id: number
    tenant_id: number
    title: string
    body: string
    created_at: string
    updated_at: string
    deleted_at: string | null
  }
}
export const posts = 1_000
export const schema = [
  `create table post (id integer primary key, tenant_id integer not null, title text not null, body text not null,
    created_at text not null, updated_at text not null, deleted_at text)`,
  `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${posts})
    insert into post select i, 1, 'title ' || i, 'body of ' || i, '2026-01-01', '2026-01-01', null from n`,
]

const post = table('post', (c) => ({
  id: c.integer().primaryKey(),
  tenant_id: c.integer(),
  title: c.text(),
  body: c.text(),
  created_at: c.text(),
  updated_at: c.text(),
  deleted_at: c.text().nullable(),
}))

const three = () => [
  softDelete({ tables: ['post'] }),
  tenant({ column: 'tenant_id', tables: ['post'] }),
  timestamps({ tables: ['post'] }),
]
/** Seven more, of which each asks something of every statement: in what they add to a select they are as timestamps. */
const ten = () => [
  ...three(),
  ...Array.from({ length: 7 }, (_, i) => {
    // Of plugins that add one method to a database, it takes only one.
    const { policies = [] } = timestamps({ tables: ['post'] })
    return { name: `timestamps ${i}`, policies }
  }),
]

type Db = Database<Tables>

export async function open(driver: KantaOptions['driver'], setup: readonly string[] = schema) {
  const db = kanta({ driver, schema: { post } }) as unknown as Db
  for (const statement of setup) await sql.raw(statement).execute(db)
  const under = async (plugins: readonly DatabasePlugin[]) =>
    ((await createExecutor(db, plugins)) as unknown as Db).as({ tenant: 1 })
  const [threes, tens] = [await under(three()), await under(ten())]
  const logged = await under([queryLog({ to: () => {} })])
  const select = (from: Db, id: number) => from.selectFrom('post').select(['id', 'title', 'body']).where('id', '=', id)
  const byHand = prepare<{ id: number; tenant: number }, ReturnType<typeof select>>(db, (slot) =>
    db
      .selectFrom('post')
      .select(['id', 'title', 'body'])
      .where('id', '=', slot('id'))
      .where('deleted_at', 'is', null)
      .where('tenant_id', '=', slot('tenant')),
  )
  let alias = 0
  return {
    none: (id: number) => select(db, id).executeTakeFirst(),
    /** What the three make of it, written out. */
    byHand: (id: number) => byHand.executeTakeFirst({ id, tenant: 1 }),
    three: (id: number) => select(threes, id).executeTakeFirst(),
    ten: (id: number) => select(tens, id).executeTakeFirst(),
    logged: (id: number) => select(logged, id).executeTakeFirst(),
    /** A shape that was never met: planned, not run. */
    plan: (which: 'none' | 'three' | 'ten') => {
      const from = which === 'none' ? db : which === 'three' ? threes : tens
      return from
        .selectFrom(`post as p${alias++}` as 'post as p')
        .select(['id', 'title', 'body'])
        .where('id', '=', 1)
        .compile()
    },
    make: (plugins: number) => createExecutor(db, plugins === 0 ? [] : plugins === 3 ? three() : ten()),
    close: () => db.destroy(),
  }
}
