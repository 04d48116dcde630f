import { describe, expect, test } from 'vitest'
import { audit, redacted } from '../../src/audit/index.ts'
import { cache, memoryStore } from '../../src/cache/index.ts'
import { kanta, table } from '../../src/index.ts'
import { camelCase, createExecutor, softDelete, tenant, timestamps, ttl, version } from '../../src/plugins/index.ts'
import { policies, rls } from '../../src/rls/index.ts'
import { fullText } from '../../src/search/index.ts'
import { startHistory, timeTravel } from '../../src/time-travel/index.ts'
import type { Any } from '../security/ground.ts'
import { grounds, instant } from '../time-travel/engines.ts'

const userPost = table('userPost', (c) => ({
  id: c.integer().primaryKey(),
  bodyText: c.varchar(200),
  secret: c.varchar(20).nullable(),
  tenantId: c.integer(),
  version: c.integer().default(1),
  createdAt: c.timestamp(),
  updatedAt: c.timestamp(),
  deletedAt: c.timestamp().nullable(),
  expiresAt: c.timestamp().nullable(),
}))

const tables = ['userPost']

const all = (): Any[] => [
  camelCase(),
  tenant({ column: 'tenantId', tables }),
  softDelete({ column: 'deletedAt', tables }),
  timestamps({ created: 'createdAt', updated: 'updatedAt', tables }),
  version({ column: 'version', tables }),
  ttl({ tables: { userPost: { column: 'expiresAt' } } }),
  rls(
    policies<Any, Any>({
      userPost: ({ allow }: Any) => [allow('all', ({ row, context }: Any) => row.tenantId.eq(context.tenant))],
    }),
  ),
  audit({ redact: { userPost: ['secret'] }, tables, hashChain: true, actor: 'tenant' }),
  timeTravel({ tables }),
  cache({ store: memoryStore(), ttl: 60_000 }),
  fullText({ userPost: { columns: ['bodyText'] } }),
]

describe.each(grounds)('all plugins on one table, on $name', (ground) => {
  test.skipIf(ground.missing !== undefined)('each of two tenants has its own rows, past and present', async () => {
    const place = await ground.open()
    const base: Any = kanta({ driver: place.driver(), schema: { userPost } })
    await base.withPlugins([camelCase()]).schema.createTable(userPost).execute()
    await startHistory(base, ['user_post'])
    const db: Any = await createExecutor(base, all())
    const [one, two] = [1, 2].map((id) => db.as({ tenant: id, roles: [] }))
    const names = async (handle: Any): Promise<unknown> =>
      (await handle.cached().selectFrom('userPost').select(['id', 'bodyText']).orderBy('id').execute()).map(
        (row: Any) => [row.id, row.bodyText],
      )

    await one.insertInto('userPost').values({ id: 1, bodyText: 'hello alpha', secret: 'hunter2' }).execute()
    await two
      .insertInto('userPost')
      .values([
        { id: 2, bodyText: 'hello beta', expiresAt: null },
        { id: 3, bodyText: 'hello gone', expiresAt: new Date(0) },
      ])
      .execute()
    expect([await names(one), await names(two)]).toEqual([[[1, 'hello alpha']], [[2, 'hello beta']]])
    const then = instant()
    await one.updateTable('userPost').set({ bodyText: 'hello changed' }).where('id', 'in', [1, 2]).execute()
    expect([await names(one), await names(two)]).toEqual([[[1, 'hello changed']], [[2, 'hello beta']]])
    expect([await names(one.asOf(then)), await names(two.asOf(then))]).toEqual([
      [[1, 'hello alpha']],
      [[2, 'hello beta']],
    ])
    const found = (handle: Any): Promise<unknown> => handle.search('userPost', 'hello').select('id').execute()
    expect([await found(one), await found(two)]).toEqual([[{ id: 1 }], [{ id: 2 }]])

    const [made, changed] = await one.audit.history('userPost', 1)
    expect(made.after).toMatchObject({ id: 1, bodyText: 'hello alpha', secret: redacted, version: 1 })
    expect(changed.after).toMatchObject({ bodyText: 'hello changed', version: 2 })
    expect(await two.audit.history('userPost', 1)).toEqual([])
    expect(await two.audit.transactionOf(made.transaction)).toEqual([])
    expect(await two.audit.stateAsOf('userPost', new Date(), 1)).toBeUndefined()
    await expect(two.audit.restoreRow(changed)).rejects.toMatchObject({ code: 'policy' })
    await expect(two.audit.undoTransaction(changed.transaction)).rejects.toMatchObject({ code: 'policy' })
    await one.audit.restoreRow(changed)
    expect(await names(one)).toEqual([[1, 'hello alpha']])

    await one.deleteFrom('userPost').where('id', '=', 1).execute()
    expect(await names(one)).toEqual([])
    expect(await found(one)).toEqual([])
    await one.restore('userPost').where('id', '=', 1).execute()
    expect(await names(one)).toEqual([[1, 'hello alpha']])
    expect(await db.audit.verify()).toMatchObject({ valid: true })
    await expect(one.audit.restoreRow(undefined)).rejects.toMatchObject({ code: 'invalid_input' })
    await base.destroy()
    await place.drop()
  })
})
