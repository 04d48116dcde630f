import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { pg } from '../../src/driver/pg/index.ts'
import { kanta, sql, table } from '../../src/index.ts'
import { capability } from '../../src/plugins/index.ts'
import { dropRlsStatements, not, policies, rls, rlsStatements, setContext } from '../../src/rls/index.ts'
import { postgres } from '../engine/postgres.ts'
import { type DB, fill, rules, schema, world } from './ground.ts'

const server = inject('servers').postgres
const ROLE = `kanta "reader", ${process.pid}`
const HR = `kanta_hr_${process.pid}`

describe.skipIf(postgres.missing !== undefined)('policies of PostgreSQL itself', () => {
  let ground: Awaited<ReturnType<typeof world>>
  const options = { schema, role: ROLE, roles: { hr: HR } }
  const run = async (texts: readonly string[]) => {
    for (const text of texts) await sql.raw(text).execute(ground.base)
  }
  /** A pool of one connection as the role, which the next one to ask gets, too. */
  const asRole = (user: string) =>
    kanta({ driver: pg({ ...(server as object), database: ground.place.database, user, max: 1 } as never), schema })
  const context = { user: 1, team: 1, roles: [] as string[] }

  beforeAll(async () => {
    ground = await world(postgres)
    await fill(ground.base)
    for (const role of [ROLE, HR]) await sql`create role ${sql.id(role)} login`.execute(ground.base)
    await sql`grant ${sql.id(ROLE)} to ${sql.id(HR)}`.execute(ground.base)
    await run(rlsStatements(rules, options))
  })
  afterAll(async () => {
    await run(dropRlsStatements(rules, options))
    // Twice does no harm.
    await run(dropRlsStatements(rules, options))
    for (const role of [ROLE, HR]) await sql`drop role ${sql.id(role)}`.execute(ground.base)
    await ground.end()
  })

  test('kysera H45: the role that connects gets its rows, statement by statement, and nothing stays on the connection', async () => {
    const plain = asRole(ROLE)
    const db = plain.withPlugins([rls(rules, { native: true })])
    const one = db.as(context)
    const seen = async (who: typeof one) =>
      (await who.selectFrom('post').select('id').orderBy('id').execute()).map(({ id }) => id)
    expect(await seen(one)).toEqual([1, 2, 4])
    expect(await seen(db.as({ user: 3, team: 2, roles: [] }))).toEqual([3, 4])
    // The connection is the same one, and knows of nobody now.
    await expect(plain.selectFrom('post').select('id').execute()).rejects.toThrow()
    await expect(seen(db as never)).rejects.toMatchObject({ code: 'policy', message: /'user'|'team'|'roles'/ })
    await expect(
      one.insertInto('post').values({ id: 9, author: 3, title: null, shared: null }).execute(),
    ).rejects.toMatchObject({ code: 'policy', message: expect.stringContaining('row-level security') })
    const streamed: unknown[] = []
    for await (const row of one.selectFrom('post').select('id').stream()) streamed.push(row)
    expect(streamed).toHaveLength(3)
    await plain.destroy()
  })

  test('kysera H45: numbers that are 0, and texts with quotes and backslashes, are what they are', async () => {
    await ground.base.insertInto('person').values({ id: 20, name: 'O\'Neil \\ "x"', team: 0, salary: 1 }).execute()
    const own = policies<DB, { team: number; name: string }>({
      person: ({ allow, deny }) => [
        allow('select', ({ row, context }) => row.team.eq(context.team)),
        deny('select', ({ row, context }) => not(row.name.eq(context.name))),
        deny('select', ({ row }) => row.name.eq('it\'s \\ no "name"')),
      ],
    })
    const use = { schema, role: ROLE }
    await run(dropRlsStatements(rules, options))
    await run(rlsStatements(own, use))
    const plain = asRole(ROLE)
    const db = plain.withPlugins([rls(own, { native: true })])
    const names = (who: object) =>
      db
        .as(who as never)
        .selectFrom('person')
        .select('id')
        .execute()
    expect(await names({ team: 0, name: 'O\'Neil \\ "x"' })).toEqual([{ id: 20 }])
    expect(await names({ team: 0, name: 'o\'Neil \\ "x"' })).toEqual([])
    await plain.destroy()
    await run(dropRlsStatements(own, use))
    await run(rlsStatements(rules, options))
    await ground.base.deleteFrom('person').where('id', '=', 20).execute()
  })

  test('a transaction has the context that is set for it, and ends it', async () => {
    const plain = asRole(ROLE)
    const seen = await plain.transaction().execute(async (trx) => {
      await setContext(trx, rules, context)
      return trx.selectFrom('post').select('id').orderBy('id').execute()
    })
    expect(seen.map(({ id }) => id)).toEqual([1, 2, 4])
    await expect(plain.selectFrom('post').select('id').execute()).rejects.toThrow()
    await expect(setContext(plain, rules, context)).rejects.toMatchObject({ code: 'policy' })
    // What the context lacks is an error of the database, by its name.
    const lacking = plain.transaction().execute(async (trx) => {
      await setContext(trx, rules, { user: 1, roles: [] })
      return trx.selectFrom('person').select('id').execute()
    })
    await expect(lacking).rejects.toThrow(/'team'/)
    await plain.destroy()
  })

  test('two contexts in one transaction keep apart', async () => {
    const plain = asRole(ROLE)
    const db = plain.withPlugins([rls(rules, { native: true })])
    await db.transaction().execute(async (trx) => {
      const ids = async (who: object) =>
        (
          await trx
            .as(who as never)
            .selectFrom('post')
            .select('id')
            .orderBy('id')
            .execute()
        ).map(({ id }) => id)
      expect(await ids(context)).toEqual([1, 2, 4])
      expect(await ids({ user: 3, team: 2, roles: [] })).toEqual([3, 4])
    })
    await plain.destroy()
  })

  test('columns are granted to the roles that may use them', async () => {
    const reader = asRole(ROLE)
    const salaries = (db: typeof reader) =>
      db.transaction().execute(async (trx) => {
        await setContext(trx, rules, { ...context, roles: ['hr'] })
        return trx.selectFrom('person').select('salary').execute()
      })
    await expect(salaries(reader)).rejects.toThrow(/permission denied/)
    const hr = asRole(HR)
    expect(await salaries(hr)).toHaveLength(4)
    await reader.destroy()
    await hr.destroy()
  })

  test('columns that the context may not use are refused before the database is asked', async () => {
    const plain = asRole(HR)
    const db = plain.withPlugins([rls(rules, { native: true })]).as(context)
    await expect(db.selectFrom('person').select('salary').execute()).rejects.toMatchObject({ code: 'policy' })
    await expect(db.selectFrom('secret').select('id').execute()).rejects.toMatchObject({ message: /no policies/ })
    await plain.destroy()
  })

  test('a capability of Kanta opens nothing that PostgreSQL guards', async () => {
    const key = capability('all')
    const plain = asRole(ROLE)
    const db = plain.withPlugins([rls(rules, { native: true, capability: key })]).as(context)
    expect(await db.unscoped(key, 'test').selectFrom('post').select('id').execute()).toHaveLength(3)
    await plain.destroy()
  })

  test('the statements say what they do, name by name', () => {
    const small = policies<DB, { user: number; roles: readonly string[] }>({
      post: ({ allow, deny }) => [
        allow(['select', 'insert'], ({ row, context }) => row.author.eq(context.user)),
        deny('delete', ({ row }) => row.title.in(["it's"]), { roles: ['a,b', 'c'] }),
      ],
    })
    expect(rlsStatements(small, { schema, role: 'app "x"' })).toMatchSnapshot()
    expect(rlsStatements(small, { schema, role: 'public' }).at(-1)).toMatch(/ to public using /)
    expect(dropRlsStatements(small, { schema, role: 'app' })).toMatchSnapshot()
  })

  test('what cannot be said is refused', () => {
    const odd = table('odd', (c) => ({ id: c.integer().primaryKey(), price: c.decimal(5, 2), gone: c.text() }))
    const oddly = policies<{ odd: { id: number; price: string; missing: string } }>({
      odd: ({ allow }) => [allow('select', ({ row }) => row.price.eq('1.00'))],
    })
    expect(() => rlsStatements(oddly, { schema: { odd }, role: 'x' })).toThrow(/decimal/)
    const missing = policies<{ odd: { missing: string } }>({
      odd: ({ allow }) => [allow('select', ({ row }) => row.missing.eq('a'))],
    })
    expect(() => rlsStatements(missing, { schema: { odd }, role: 'x' })).toThrow(/no such column/)
    expect(() => rlsStatements(missing, { schema, role: 'x' })).toThrow(/The table 'odd' has policies/)
    expect(() => rlsStatements(rules, { schema, role: '' })).toThrow(/role/)
    expect(() => rlsStatements(rules, { schema, role: 'x', rolls: {} } as never)).toThrow(/rolls/)
  })
})
