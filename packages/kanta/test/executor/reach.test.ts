import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { audit } from '../../src/audit/index.ts'
import { CamelCasePlugin, Kysely, kantaOf, SqliteDialect } from '../../src/compat/kysely.ts'
import { HeldSession, Pool, PoolSession, Transaction } from '../../src/connect/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { contextOf } from '../../src/extend/index.ts'
import { kanta, type Plugin, prepare, table } from '../../src/index.ts'
import { createExecutor, softDelete, tablePolicy, tenant } from '../../src/plugins/index.ts'
import { Executor } from '../../src/run/execute.ts'

const note = table('note', (c) => ({
  id: c.integer().primaryKey(),
  tenant_id: c.integer().$optional(),
  text: c.text(),
  deleted_at: c.timestamp().nullable(),
}))

/** What is under an object: its own properties, those of its prototypes, and symbols. Getters are called. */
function parts(at: object): [path: string, part: unknown][] {
  const found: [string, unknown][] = []
  for (let from: object | null = at; from !== null && from !== Object.prototype; from = Object.getPrototypeOf(from)) {
    if (from === Function.prototype) break
    for (const key of Reflect.ownKeys(from)) {
      try {
        found.push([String(key), (at as Record<PropertyKey, unknown>)[key]])
      } catch {
        // A getter that throws gives nothing.
      }
    }
  }
  if (at instanceof Map || at instanceof Set) for (const [i, part] of [...at].entries()) found.push([`[${i}]`, part])
  return found
}

/** Why somebody who has an object is past the policies of its database; `undefined` where they are not. */
function opens(at: object): string | undefined {
  if (at instanceof Executor) return 'an executor'
  if (at instanceof PoolSession || at instanceof HeldSession || at instanceof Pool) return 'a session'
  if (at instanceof Transaction) return 'a transaction of the session'
  const has = (...names: string[]) => names.every((name) => name in at)
  if (has('connect', 'dialect')) return 'a driver'
  if (has('all', 'first', 'run')) return 'a connection'
  if (has('policies', 'dialect') || has('planning')) return 'the settings'
  if (has('enforce')) return 'a policy'
  if (has('sql', 'facts', 'decoding')) return 'a plan'
  return undefined
}

/** The paths from some values to what opens a way past the policies. */
function waysPast(roots: Readonly<Record<string, unknown>>): string[] {
  const seen = new Set<unknown>([globalThis, note, ...Object.values(note)])
  const queue: [string, unknown][] = Object.entries(roots)
  const ways: string[] = []
  for (const [path, at] of queue) {
    if ((typeof at !== 'object' && typeof at !== 'function') || at === null || seen.has(at)) continue
    seen.add(at)
    const why = opens(at)
    if (why !== undefined) {
      ways.push(`${path}: ${why}`)
      continue
    }
    for (const [name, part] of parts(at)) queue.push([`${path}.${name}`, part])
  }
  return ways
}

const events: unknown[] = []
const watch: Plugin = {
  name: 'watch',
  hooks: [
    {
      name: 'watch',
      around: (event, next) => {
        events.push(event)
        return next()
      },
    },
  ],
}

type Any = any

describe('whoever has a handle has no way past its policies', () => {
  let base: Any
  let ada: Any
  beforeAll(async () => {
    base = kanta({ driver: sqlite(':memory:'), schema: { note } })
    await base.schema.createTable(note).execute()
    await base.insertInto('note').values({ id: 2, tenant_id: 2, text: 'of tenant 2' }).execute()
    const plugins = [tenant({ column: 'tenant_id' }), softDelete(), audit({ create: false }), watch]
    const live: Any = await createExecutor(base, plugins)
    ada = live.as({ tenant: 1 })
  })
  afterAll(() => base.destroy())

  test('methods that opened one are gone', () => {
    for (const name of ['exempt', 'settings', 'session', 'noting', 'over', 'executor'])
      expect(ada[name]).toBe(undefined)
  })

  test('nothing that is reachable opens one', async () => {
    const query = ada.selectFrom('note').selectAll()
    const stream = query.stream()
    const error: unknown = await ada
      .selectFrom('nothing')
      .selectAll()
      .execute()
      .catch((cause: unknown) => cause)
    const failed: unknown = await ada
      .insertInto('note')
      .values({ id: 2, text: 'x' })
      .execute()
      .catch((c: unknown) => c)
    const controlled = await ada.startTransaction().execute()
    const ways = waysPast({
      db: ada,
      query,
      stream,
      error,
      failed,
      controlled,
      compiled: query.compile(),
      prepared: prepare(ada, () => query as never),
      rows: await controlled.selectFrom('note').selectAll().execute(),
      builder: ada.transaction(),
      isolated: ada.transaction().setIsolationLevel('serializable').setAccessMode('read write').retry(2),
      begin: ada.startTransaction(),
      held: ada.connection(),
      created: ada.schema.createTable(note),
      dropped: ada.schema.dropTable(note),
      event: events,
      deleted: ada.withDeleted(),
      inTransaction: controlled.selectFrom('note'),
    })
    await stream.return()
    await controlled.rollback().execute()
    expect(ways).toEqual([])
  })

  test('nor what the names of Kysely give', async () => {
    const db: Any = new Kysely({
      dialect: new SqliteDialect({ database: new Database(':memory:') as never }),
      plugins: [tenant({ column: 'tenant_id', tables: ['note'] }) as never],
    })
    const query = db.as({ tenant: 1 }).selectFrom('note').selectAll()
    expect(
      waysPast({ db, query, kanta: kantaOf(db), builder: db.transaction(), begin: db.startTransaction() }),
    ).toEqual([])
    await db.destroy()
  })

  test('a shape that somebody else made gets no settings', async () => {
    const given: unknown[] = []
    const query = ada.selectFrom('note').selectAll()
    const shape = { planOf: (planning: unknown) => void given.push(planning), keepPlan: () => {}, kind: 'select' }
    const forged = Object.assign(Object.create(Object.getPrototypeOf(query)), { shape, args: [], runner: query.runner })
    await forged.execute().catch(() => {})
    expect(given).toEqual([])
  })

  test('a class in the place of its own gets no settings', async () => {
    const given: unknown[] = []
    class Thief {
      constructor(...all: unknown[]) {
        given.push(...all)
      }
    }
    const builder = Object.assign(ada.transaction(), { constructor: Thief })
    builder.setIsolationLevel('serializable')
    const db = Object.assign(ada.as({}), { constructor: Thief })
    db.as({ user: 1 })
    db.withSchema('main')
    expect(waysPast({ given })).toEqual([])
  })
})

describe('what plugins add', () => {
  const adding = (name: string, extend: () => object): Plugin => ({ name, extend }) as never
  const opened = (...plugins: Plugin[]) => kanta({ driver: sqlite(':memory:'), schema: { note }, plugins }) as Any

  test('takes the place of nothing that the database has', () => {
    expect(() => opened(adding('loud', () => ({ selectFrom: () => 1 })))).toThrow(
      expect.objectContaining({ code: 'plugin', message: expect.stringContaining("'loud' adds 'selectFrom'") }),
    )
  })

  test('nor of what another plugin has added, then or later', () => {
    const one = adding('one', () => ({ shout: () => 1 }))
    const two = adding('two', () => ({ shout: () => 2 }))
    expect(() => opened(one, two)).toThrow("The plugin 'two' adds 'shout', which the plugin 'one' adds already.")
    expect(() => opened(one).withPlugins([two])).toThrow("the plugin 'one' adds already")
    const db = opened(one)
    expect(() => Object.assign(db, { shout: () => 3 })).toThrow(TypeError)
    expect(db.shout()).toBe(1)
  })
})

describe('a plugin that is added to a database with policies', () => {
  const account = table('account', (c) => ({ id: c.integer().primaryKey(), tenant_id: c.integer(), text: c.text() }))
  const other = table('other', (c) => ({ id: c.integer().primaryKey(), tenant_id: c.integer(), text: c.text() }))
  const key = Buffer.from([1])
  let ada: Any
  let base: Any
  beforeAll(async () => {
    base = kanta({ driver: sqlite(':memory:'), schema: { account, other } })
    await base.schema.createTable(account).execute()
    await base.schema.createTable(other).execute()
    await base.insertInto('account').values({ id: 1, tenant_id: 1, text: 'own' }).execute()
    await base.insertInto('account').values({ id: 2, tenant_id: 2, text: 'of another' }).execute()
    const live: Any = await createExecutor(base, [tenant({ column: 'tenant_id' })])
    ada = live.as({ tenant: 1 })
  })
  afterAll(() => base.destroy())

  const late = (plugin: object): Any => ada.withPlugins([plugin])
  const texts = async (db: Any, name = 'account'): Promise<unknown[]> =>
    (await db.selectFrom(name).select('text').execute()).map((row: Any) => row.text)

  test('gets it with its policies when it starts, and where it adds to it', async () => {
    const given: Any[] = []
    const db = late({
      name: 'late',
      onInit: (it: Any) => void given.push(it),
      extend: (it: Any) => {
        given.push(it)
        return {}
      },
    })
    await texts(db)
    expect(given.length).toBeGreaterThan(1)
    expect(waysPast({ given })).toEqual([])
    for (const it of given) expect(await texts(it)).toEqual(['own'])
  })

  test('rewrites before them', async () => {
    const swap = (part: Any): Any =>
      part.kind === 'table' ? { ...part, name: 'account', definition: undefined } : part
    const rewrite = (part: Any): Any => ({ ...part, from: part.from.map(swap) })
    expect(await texts(late({ name: 'late', policies: [{ name: 'late', rewrite }] }), 'other')).toEqual(['own'])
    // By which the policies see one table and the printer another.
    let asked = 0
    const twofold = (part: Any): Any => ({
      ...part,
      from: [
        {
          kind: 'table',
          schema: undefined,
          definition: undefined,
          get name() {
            return asked++ === 0 ? 'other' : 'account'
          },
        },
      ],
    })
    const db = late({ name: 'late', policies: [{ name: 'late', rewrite: twofold }] })
    expect(await texts(db, 'other').catch(() => [])).not.toContain('of another')
    // It keeps a part and changes it afterwards.
    const kept: Any[] = []
    const keep = (part: Any): Any => {
      kept.push(part)
      return part
    }
    const keeping = late({ name: 'late', policies: [{ name: 'late', rewrite: keep }] })
    await texts(keeping, 'other')
    for (const part of kept) for (const source of part.from) source.name = 'account'
    expect(await texts(keeping, 'other')).toEqual([])
    expect(await texts(ada, 'other')).toEqual([])
  })

  test('has no transaction hooks and policies on tables, which read past them', () => {
    const around = (_: unknown, next: () => unknown) => next()
    const hooks = [{ name: 'late', joins: () => true, around }]
    const refused = expect.objectContaining({ code: 'plugin', message: expect.stringContaining('Give it together') })
    expect(() => late({ name: 'late', transactionHooks: hooks })).toThrow(refused)
    const policy = tablePolicy({ name: 'late', rule: () => undefined })
    expect(() => late({ name: 'late', policies: [policy] })).toThrow(refused)
    const variants = { nameIn: () => 'x', rewrite: (tree: unknown) => tree }
    expect(() => late({ name: 'late', policies: [{ name: 'late', variants }] })).toThrow(refused)
    // Nor when they come to it later, or to one of the package.
    const plugin: Any = { name: 'late' }
    const db = late(plugin)
    plugin.transactionHooks = hooks
    expect(db.withPlugins([{ name: 'one more' }]).plugins.flatMap((it: Any) => it.hooks)).toEqual([])
    expect(() => Object.assign(softDelete(), { transactionHooks: hooks })).toThrow(TypeError)
    expect(() => late({ ...softDelete(), transactionHooks: hooks })).toThrow(refused)
  })

  test('changes nothing of a statement in its hooks', async () => {
    const spoil = (event: Any): void => {
      for (const change of [
        () => event.parameters.splice(0, 9, 2, 2),
        () => Object.assign(event.parameters, [2, 2]),
        () => Object.assign(event.context, { tenant: 2 }),
        () => Object.assign(event, { sql: 'select * from account', parameters: [2] }),
        () => event.facts.writes.splice(0),
        () => Object.assign(event.facts, { readOnly: true }),
        () => event.exemptions.push({}),
      ])
        expect(change).toThrow(TypeError)
    }
    const around = (event: Any, next: () => unknown) => {
      spoil(event)
      return next()
    }
    const db = late({ name: 'late', hooks: [{ name: 'late', around }] })
    expect(await texts(db)).toEqual(['own'])
  })

  test('nor of the bytes and dates of a context', async () => {
    const held = (await createExecutor(base, [tenant({ column: 'text', tables: ['account', 'other'] })])) as Any
    const db = held.as({ tenant: key })
    const seen: Uint8Array[] = []
    const around = (event: Any, next: () => unknown) => {
      for (const value of [...event.parameters, event.context.tenant]) {
        if (!(value instanceof Uint8Array)) continue
        seen.push(value)
        value[0] = 2
      }
      return next()
    }
    key[0] = 2
    const query = db.withPlugins([{ name: 'late', hooks: [{ name: 'late', around }] }]).selectFrom('account')
    await query.selectAll().execute()
    expect(seen.length).toBeGreaterThan(1)
    contextOf(db)['tenant' as never]![0 as never] = 2 as never
    const { parameters } = db.selectFrom('account').selectAll().compile()
    parameters[0][0] = 2
    expect(db.selectFrom('account').selectAll().compile().parameters[0][0]).toBe(1)
  })

  test('nor by the names of Kysely', async () => {
    const database = new Database(':memory:')
    database.exec(`create table account (id, tenant_id, text); create table other (id, tenant_id, text);
      insert into account values (1, 1, 'own'), (2, 2, 'of another')`)
    const plugins = [tenant({ column: 'tenant_id', tables: ['account', 'other'] }) as never]
    const dialect = new SqliteDialect({ database: database as never })
    const db: Any = (new Kysely({ dialect, plugins }) as Any).as({ tenant: 1 })
    const given: Any[] = []
    const rewrite = (part: Any): Any => ({
      ...part,
      from: [{ kind: 'table', schema: undefined, name: 'account', definition: undefined }],
    })
    const plugin = { name: 'late', policies: [{ name: 'late', rewrite }], onInit: (it: Any) => void given.push(it) }
    expect(await texts(db.withPlugin(plugin), 'other')).toEqual(['own'])
    expect(waysPast({ given })).toEqual([])
    const hooks = [{ name: 'late', joins: () => true, around: (_: unknown, next: () => unknown) => next() }]
    expect(() => db.withPlugin({ name: 'late', transactionHooks: hooks })).toThrow('Give it together')
    class Renaming extends CamelCasePlugin {
      protected override snakeCase(name: string): string {
        return name === 'other' ? 'account' : name
      }
    }
    expect(await texts(db.withPlugin(new Renaming()), 'other')).toEqual(['own'])
    await db.destroy()
  })
})
