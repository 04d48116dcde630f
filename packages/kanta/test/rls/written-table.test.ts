import { describe, expect, test } from 'vitest'
import { kanta, sql, table } from '../../src/index.ts'
import { createExecutor } from '../../src/plugins/index.ts'
import { and, open, policies, rls } from '../../src/rls/index.ts'
import type { Engine } from '../engine/engine.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { postgres } from '../engine/postgres.ts'

const owner = table('owner', (c) => ({ id: c.integer().primaryKey(), s: c.text().nullable() }))
const item = table('item', (c) => ({ id: c.integer().primaryKey(), owner_id: c.integer() }))

interface Tables {
  owner: { id: number; s: string | null }
  item: { id: number; owner_id: number }
}

describe.each([mariadbEngine, postgres])('a rule that reads the table that is written, on $name', (engine: Engine) => {
  test.skipIf(engine.missing !== undefined)('is applied', async () => {
    const place = await engine.create()
    const base = kanta({ driver: place.driver(), schema: { owner, item } })
    for (const one of [owner, item]) await base.schema.createTable(one).execute()
    await base
      .insertInto('owner')
      .values([
        { id: 1, s: null },
        { id: 2, s: 'x' },
        { id: 3, s: null },
      ])
      .execute()
    await base
      .insertInto('item')
      .values([
        { id: 1, owner_id: 1 },
        { id: 2, owner_id: 2 },
        { id: 3, owner_id: 3 },
      ])
      .execute()
    const rules = policies<Tables>({
      owner: open,
      item: ({ allow }) => [
        allow('select', ({ row, exists }) =>
          exists('owner', (one) => and(one.row.id.eq(row.owner_id), one.row.s.isNull())),
        ),
      ],
    })
    const db = await createExecutor(base, [rls(rules)])
    const ids = (await db.selectFrom('item').select('id').orderBy('id').execute()).map(({ id }) => id)
    expect(ids).toEqual([1, 3])
    await db
      .deleteFrom('owner')
      .where('id', 'in', (eb) => eb.selectFrom('item').select('owner_id').where('id', '<', 3))
      .execute()
    await db
      .updateTable('owner')
      .set({ s: 'seen' })
      .where('id', 'in', (eb) => eb.selectFrom('item').select('owner_id'))
      .execute()
    const { rows } = await sql<Tables['owner']>`select id, s from owner order by id`.execute(base)
    expect(rows).toEqual([
      { id: 2, s: 'x' },
      { id: 3, s: 'seen' },
    ])
    await base.destroy()
    await place.drop()
  })
})
