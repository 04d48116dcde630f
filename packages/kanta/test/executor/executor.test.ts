import { afterEach, describe, expect, expectTypeOf, test } from 'vitest'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { isNull, tablePolicy } from '../../src/guard/index.ts'
import { KantaError, kanta, prepare, sql } from '../../src/index.ts'
import { capability, createExecutor, requireWhere, softDelete, tenant } from '../../src/plugins/index.ts'
import type { Hook, Plugin, TransactionHook } from '../../src/run/index.ts'

interface Tables {
  post: { id: number; tenant_id: number; title: string | null; deleted_at: string | null }
  note: { id: number; post_id: number }
}

const opened: { destroy(): Promise<void> }[] = []
afterEach(async () => {
  for (const db of opened.splice(0)) await db.destroy()
})

async function filled() {
  const db = kanta<Tables>({ driver: sqlite(':memory:') })
  opened.push(db)
  await sql`create table post (id integer primary key, tenant_id int, title text, deleted_at text)`.execute(db)
  await sql`create table note (id integer primary key, post_id int)`.execute(db)
  await sql`insert into post values (1, 1, 'a', null), (2, 2, 'b', null), (3, 1, 'c', 'x')`.execute(db)
  return db
}

const named = (name: string, more: Partial<Plugin> = {}): Plugin => ({ name, ...more })
const namesOf = (db: { readonly plugins: readonly { readonly name: string }[] }): string[] =>
  db.plugins.map(({ name }) => name)

describe('plugins that do not go together', () => {
  const cases: readonly [string, readonly Plugin[], RegExp][] = [
    ['twice the same', [named('a'), named('a')], /'a' is given twice/],
    ['one that needs another', [named('a', { dependencies: ['b'] })], /'a' needs the plugin 'b'/],
    ['two in conflict', [named('a', { conflicts: ['b'] }), named('b')], /'a' and 'b' cannot be used together/],
    ['one that needs itself', [named('a', { dependencies: ['a'] })], /cycle: a → a/],
    [
      'a circle of three behind a fourth',
      [
        named('x', { dependencies: ['a'] }),
        named('a', { dependencies: ['b'] }),
        named('b', { dependencies: ['c'] }),
        named('c', { dependencies: ['a'] }),
      ],
      /cycle: a → b → c → a/,
    ],
  ]
  test.each(cases)('%s: an error that names them', async (_, plugins, message) => {
    const db = await filled()
    const error = await createExecutor(db, plugins).catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(KantaError)
    expect(error).toMatchObject({ code: 'plugin', message: expect.stringMatching(message) })
    expect(() => db.withPlugins(plugins)).toThrow(message)
    expect(() => kanta({ driver: sqlite(':memory:'), plugins: plugins as never })).toThrow(message)
  })

  test('one that is there already counts', async () => {
    const db = (await filled()).withPlugins([named('a', { conflicts: ['b'] })])
    expect(() => db.withPlugins([named('a')])).toThrow(/given twice/)
    expect(() => db.withPlugins([named('b')])).toThrow(/cannot be used together/)
    expect(namesOf(db.withPlugins([named('c', { dependencies: ['a'] })]))).toEqual(['a', 'c'])
  })
})

describe('the order', () => {
  test('is by dependency, then by priority, then as given', async () => {
    const db = await filled()
    const order = (plugins: readonly Plugin[]): string[] => namesOf(db.withPlugins(plugins))
    expect(order([named('a'), named('b'), named('c')])).toEqual(['a', 'b', 'c'])
    expect(order([named('a'), named('b', { priority: 1 }), named('c', { priority: -1 }), named('d')])).toEqual([
      'b',
      'a',
      'd',
      'c',
    ])
    expect(order([named('a', { dependencies: ['b'] }), named('b', { priority: -9 })])).toEqual(['b', 'a'])
  })

  test('H14: what an urgent one depends on is as urgent', async () => {
    const plugins = [
      named('m', { priority: 10 }),
      named('z', { priority: -5 }),
      named('a', { priority: 1000, dependencies: ['z'] }),
    ]
    expect(namesOf((await filled()).withPlugins(plugins))).toEqual(['z', 'a', 'm'])
  })

  test('is explained by db.plugins, which nobody can change', async () => {
    const policy = tablePolicy({ name: 'p', rule: () => undefined })
    const hook: Hook = { name: 'h', around: (_, next) => next() }
    const transactionHook: TransactionHook = { name: 'c', joins: () => false, around: (_, next) => next() }
    const db = (await filled()).withPlugins([
      named('a', {
        version: '1.2',
        priority: 3,
        policies: [policy],
        hooks: [hook],
        transactionHooks: [transactionHook],
      }),
    ])
    expect(db.plugins).toEqual([
      { name: 'a', version: '1.2', priority: 3, dependencies: [], policies: ['p'], hooks: ['h', 'c'] },
    ])
    expect(Object.isFrozen(db.plugins[0])).toBe(true)
  })

  test('is that of hooks, the first outermost, and transaction hooks are within them', async () => {
    const seen: string[] = []
    const hook = (name: string): Hook => ({
      name,
      around: async (_, next) => {
        seen.push(`${name} in`)
        const result = await next()
        seen.push(`${name} out`)
        return result
      },
    })
    const transactionHook: TransactionHook = {
      name: 'c',
      joins: ({ writes }) => writes.includes('post'),
      around: async (statement, next) => {
        seen.push(`hook of ${statement.requestedKind} in`)
        const rows = await next()
        seen.push('hook out')
        return rows
      },
    }
    const db = (await filled()).withPlugins([
      named('low', { hooks: [hook('low')], transactionHooks: [transactionHook] }),
      named('high', { priority: 5, hooks: [hook('high')] }),
    ])
    await db.updateTable('post').set({ title: 'x' }).execute()
    expect(seen.filter((step) => /^(?:high|low)/.test(step))[0]).toBe('high in')
    expect(seen.indexOf('hook of update in')).toBeLessThan(seen.indexOf('hook out'))
    expect(seen.filter((step) => step.startsWith('hook'))).toEqual(['hook of update in', 'hook out'])
    seen.length = 0
    await db.selectFrom('note').selectAll().execute()
    expect(seen).toEqual(['high in', 'low in', 'low out', 'high out'])
  })
})

describe('the life of plugins', () => {
  const living = (seen: string[], name: string, more: Partial<Plugin> = {}): Plugin => ({
    name,
    onInit: async () => {
      await Promise.resolve()
      seen.push(`${name} starts`)
    },
    onDestroy: async () => {
      await Promise.resolve()
      seen.push(`${name} ends`)
    },
    ...more,
  })

  test('begins in order before the first statement and ends in reverse', async () => {
    const seen: string[] = []
    const db = kanta<Tables>({
      driver: sqlite(':memory:'),
      plugins: [living(seen, 'a', { dependencies: ['b'] }), living(seen, 'b')],
    })
    await Promise.all([sql`select 1`.execute(db), sql`select 2`.execute(db)])
    expect(seen).toEqual(['b starts', 'a starts'])
    await db.destroy()
    expect(seen).toEqual(['b starts', 'a starts', 'a ends', 'b ends'])
  })

  test('H13: one that cannot start ends those before it, keeps the cause, and has a code', async () => {
    const seen: string[] = []
    const cause = new RangeError('no room')
    const fails = living(seen, 'c', {
      onInit: () => {
        throw cause
      },
    })
    const base = await filled()
    const error = await createExecutor(base, [living(seen, 'a'), living(seen, 'b'), fails, living(seen, 'd')]).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({
      code: 'plugin',
      cause,
      message: expect.stringMatching(/'c' could not start: no room/),
    })
    expect(seen).toEqual(['a starts', 'b starts', 'b ends', 'a ends'])
    expect(await base.selectFrom('note').selectAll().execute()).toEqual([])
  })

  test('H13: what a policy or a hook throws comes as it is', async () => {
    class Denied extends Error {}
    const policy = tablePolicy({
      name: 'p',
      rule: () => {
        throw new Denied('no')
      },
    })
    const hook: Hook = {
      name: 'h',
      around: () => {
        throw new Denied('never')
      },
    }
    const base = await filled()
    const byPolicy = base.withPlugins([named('a', { policies: [policy] })])
    await expect(byPolicy.selectFrom('post').selectAll().execute()).rejects.toBeInstanceOf(Denied)
    const byHook = base.withPlugins([named('a', { hooks: [hook] })])
    await expect(byHook.selectFrom('post').selectAll().execute()).rejects.toBeInstanceOf(Denied)
  })

  test('ends of all of them, whatever some say', async () => {
    const seen: string[] = []
    const fails = (name: string) =>
      living(seen, name, {
        onDestroy: () => {
          throw new Error(`${name} stays`)
        },
      })
    const db = kanta<Tables>({ driver: sqlite(':memory:'), plugins: [living(seen, 'a'), fails('b'), fails('c')] })
    await sql`select 1`.execute(db)
    await expect(db.destroy()).rejects.toThrow(/could not be ended/)
    expect(seen.at(-1)).toBe('a ends')
  })

  test('has the database without plugins to begin with', async () => {
    const seen: unknown[] = []
    const base = await filled()
    await createExecutor(base, [
      softDelete({ tables: ['post'] }),
      named('looks', {
        onInit: async (db: never) => {
          seen.push((await (db as typeof base).selectFrom('post').select('id').execute()).length)
        },
      }),
    ])
    expect(seen).toEqual([3])
  })

  test('does not begin or end within a transaction', async () => {
    const base = await filled()
    await base.transaction().execute(async (trx) => {
      expect(() => trx.withPlugins([living([], 'a')])).toThrow(/'a' needs a whole database/)
      const within = trx.withPlugins([softDelete({ tables: ['post'] })])
      expect(await within.selectFrom('post').select('id').execute()).toHaveLength(2)
      expect(await trx.selectFrom('post').select('id').execute()).toHaveLength(3)
    })
  })
})

describe('what is in force', () => {
  const all = capability('everything')
  const guarded = async () =>
    (
      await createExecutor(await filled(), [
        softDelete({ tables: ['post'] }),
        tenant({ column: 'tenant_id', tables: ['post'], shared: ['note'], capability: all }),
      ])
    ).as({ tenant: 1 })

  test('is in force in every way to reach the database', async () => {
    const db = await guarded()
    type Db = typeof db
    const sees = async (one: Db) => (await one.selectFrom('post').select('id').execute()).map(({ id }) => id)
    const ways: Record<string, () => Promise<number[]>> = {
      itself: () => sees(db),
      'a transaction': () => db.transaction().execute((trx) => sees(trx as never)),
      'a transaction within one': () =>
        db.transaction().execute((trx) => trx.transaction().execute((inner) => sees(inner as never))),
      'a transaction with an isolation level': () =>
        db
          .transaction()
          .setIsolationLevel('serializable')
          .execute((trx) => sees(trx as never)),
      'a transaction of its own': async () => {
        const trx = await db.startTransaction().execute()
        const found = await sees(trx as never)
        await trx.rollback().execute()
        return found
      },
      'a connection': () => db.connection().execute((one) => sees(one as never)),
      'a schema': () => sees(db.withSchema('main')),
      'a schema in a transaction': () =>
        db
          .withSchema('main')
          .transaction()
          .execute((trx) => sees(trx as never)),
      'more plugins': () => sees(db.withPlugins([requireWhere()]) as never),
      'other tables in types': () => sees(db.$extendTables<{ other: { id: number } }>() as never),
      'a prepared query': async () =>
        (await prepare(db, () => db.selectFrom('post').select('id')).execute({})).map(({ id }) => id),
      'a stream': async () => (await Array.fromAsync(db.selectFrom('post').select('id').stream())).map(({ id }) => id),
      'a compiled query': async () =>
        (await db.executeQuery(db.selectFrom('post').select('id').compile())).rows.map(({ id }) => id),
      'a query of the database without plugins': async () => {
        const bare = kanta<Tables>({ driver: sqlite(':memory:') })
        opened.push(bare)
        const { rows } = await db.executeQuery(bare.selectFrom('post').select('id'))
        return rows.map(({ id }) => id)
      },
      'what a query compiled to, changed': async () => {
        const compiled = db.selectFrom('post').select('id').compile()
        const changed = Object.assign(Object.create(compiled) as typeof compiled, {})
        return db.executeQuery(changed).then(
          () => [],
          (error: KantaError) => (error.code === 'policy' ? [1] : []),
        )
      },
    }
    for (const [way, find] of Object.entries(ways)) expect(await find(), way).toEqual([1])
  })

  test('text is refused, and text of the database without plugins, too', async () => {
    const db = await guarded()
    const bare = kanta<Tables>({ driver: sqlite(':memory:') })
    opened.push(bare)
    await expect(sql`select * from post`.execute(db)).rejects.toMatchObject({ code: 'policy' })
    await expect(db.executeQuery({ sql: 'select * from post', parameters: [] })).rejects.toMatchObject({
      code: 'policy',
    })
    const compiled = bare.selectFrom('post').select('id').compile()
    await expect(db.executeQuery(compiled)).rejects.toMatchObject({ code: 'policy' })
  })

  test('what plugins add is there in every way, and typed', async () => {
    const db = await guarded()
    expectTypeOf(db.withDeleted('post')).toEqualTypeOf(db)
    const sees = async (one: typeof db) => (await one.withDeleted().selectFrom('post').select('id').execute()).length
    expect(await sees(db)).toBe(2)
    expect(await sees(db.withSchema('main'))).toBe(2)
    expect(await sees(db.as({ other: 1 }))).toBe(2)
    await db.transaction().execute(async (trx) => {
      expect(await trx.withDeleted().selectFrom('post').select('id').execute()).toHaveLength(2)
      expect(await trx.as({ x: 1 }).withDeleted().selectFrom('post').select('id').execute()).toHaveLength(2)
    })
    await db.connection().execute(async (one) => {
      expect(await one.withDeleted().selectFrom('post').select('id').execute()).toHaveLength(2)
    })
    const trx = await db.startTransaction().execute()
    expect(await trx.withDeleted().selectFrom('post').select('id').execute()).toHaveLength(2)
    await trx.rollback().execute()
    expect(await db.unscoped(all, 'to count').withDeleted().selectFrom('post').select('id').execute()).toHaveLength(3)
    const bare = await filled()
    // @ts-expect-error without soft delete there is none
    expect(bare.withDeleted).toBeUndefined()
  })

  test('H14: databases with the same plugin do not share what it keeps', async () => {
    const plugin = softDelete({ tables: ['post'] })
    const [one, two] = [(await filled()).withPlugins([plugin]), (await filled()).withPlugins([plugin])]
    expect(await one.withDeleted().selectFrom('post').select('id').execute()).toHaveLength(3)
    expect(await two.selectFrom('post').select('id').execute()).toHaveLength(2)
    expect(await one.selectFrom('post').select('id').execute()).toHaveLength(2)
  })

  test('opt-outs are told to hooks, and need what they need', async () => {
    const told: unknown[] = []
    const hook: Hook = {
      name: 'h',
      around: (event, next) => {
        told.push(event.exemptions)
        return next()
      },
    }
    const db = (await guarded()).withPlugins([named('hears', { hooks: [hook] })])
    await db.selectFrom('post').select('id').execute()
    await db.unscoped(all, 'the yearly report').selectFrom('post').select('id').execute()
    expect(told[0]).toEqual([])
    expect(told[1]).toEqual([{ policy: 'tenant', reason: 'the yearly report' }])
    expect(() => db.unscoped(capability('everything'), 'another of that name')).toThrow(/disables no policy/)
    expect(() => db.unscoped({ name: 'everything' } as never, 'a copy')).toThrow(/disables no policy/)
    expect(() => db.unscoped(undefined as never, 'none')).toThrow(/disables no policy/)
    expect(() => db.unscoped(all, ' ')).toThrow(/needs a reason/)
  })

  test('text that is trusted is told to hooks by its name, as a statement and within one', async () => {
    const told: (readonly string[])[] = []
    const hook: Hook = {
      name: 'h',
      around: ({ facts }, next) => {
        told.push(facts.trusted)
        return next()
      },
    }
    const db = (await guarded()).withPlugins([named('hears', { hooks: [hook] })])
    await sql`select * from post`.trusted('all posts', { reads: ['post'] }).execute(db)
    const count = sql<number>`(select count(*) from note)`.trusted('notes', { reads: ['note'] })
    await db
      .selectFrom('post')
      .select(['id', count.as('n')])
      .execute()
    await db.selectFrom('post').select('id').execute()
    expect(told).toEqual([['all posts'], ['notes'], []])
  })

  test('two policies of one name have capabilities of their own', async () => {
    const keys = [capability('one'), capability('two')]
    const policies = keys.map((key, i) =>
      tablePolicy({
        name: 'same',
        opens: (held) => held === key,
        rule: () => ({
          sees: (row) =>
            i === 0
              ? isNull(row('deleted_at'))
              : { kind: 'binary', left: row('id'), op: '=', right: { kind: 'literal', value: 1 } },
        }),
      }),
    )
    const db = (await filled()).withPlugins([named('both', { policies })])
    const sees = async (one: typeof db) => (await one.selectFrom('post').select('id').execute()).length
    expect(await sees(db)).toBe(1)
    expect(await sees(db.unscoped(keys[1]!, 'r'))).toBe(2)
    expect(await sees(db.unscoped(keys[0]!, 'r'))).toBe(1)
    expect(await sees(db.unscoped(keys[0]!, 'r').unscoped(keys[1]!, 'r'))).toBe(3)
  })

  test('H47: the context cannot be changed, nor what it was made of', async () => {
    const given = { tenant: 1, roles: ['a'], at: new Date(0) }
    const seen: Record<string, unknown>[] = []
    const hook: Hook = {
      name: 'h',
      around: (event, next) => {
        seen.push(event.context)
        return next()
      },
    }
    const db = (await filled()).withPlugins([named('hears', { hooks: [hook] })]).as(given)
    given.tenant = 2
    given.roles.push('b')
    await db.selectFrom('post').select('id').execute()
    expect(seen[0]).toMatchObject({ tenant: 1, roles: ['a'] })
    expect(Object.isFrozen(seen[0]) && Object.isFrozen(seen[0]!.roles)).toBe(true)
    expect(() => db.as({ tenant: 2 })).toThrow(/another 'tenant' already/)
    expect(() => db.as(Promise.resolve({ tenant: 1 }) as never)).toThrow(/takes an object of values/)
    for (const missing of [undefined, null, '', Number.NaN])
      expect(() => db.as({ x: missing })).toThrow(/cannot be missing/)
  })
})
