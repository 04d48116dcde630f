import { describe, expect, test } from 'vitest'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { type Hook, kanta, type Plugin, sql, table } from '../../src/index.ts'

const city = table('city', (c) => ({ id: c.integer().primaryKey(), name: c.text() }))

async function open(...hooks: Hook[]) {
  const base = kanta({ driver: sqlite(':memory:'), schema: { city } })
  await base.schema.createTable(city).execute()
  return base.withPlugins(hooks.map((hook, i): Plugin => ({ name: `${hook.name} ${i}`, hooks: [hook] })))
}

describe('a hook around operations', () => {
  test('sees each once, and nothing inside of a transaction or a held connection', async () => {
    const seen: string[] = []
    await using db = await open({
      name: 'see',
      operation: async ({ kind, readOnly, lasts }, next) => {
        seen.push(`${kind}${readOnly ? ' that reads' : ''}${lasts ? ' that lasts' : ''}`)
        const result = await next()
        seen.push(`${kind} ended`)
        return result
      },
    })
    await db.insertInto('city').values({ id: 1, name: 'Turku' }).execute()
    await db.selectFrom('city').selectAll().executeTakeFirst()
    await sql`select 1`.execute(db)
    await db.transaction().execute(async (trx) => {
      await trx.selectFrom('city').selectAll().execute()
      await trx.transaction().execute((inner) => inner.selectFrom('city').selectAll().execute())
    })
    await db.connection().execute((one) => one.selectFrom('city').selectAll().execute())
    const trx = await db.startTransaction().setAccessMode('read only').execute()
    seen.push('begun')
    await trx.selectFrom('city').selectAll().execute()
    await trx.commit().execute()
    await Promise.resolve()
    expect(seen).toEqual([
      ...['statement', 'statement ended', 'statement that reads', 'statement ended', 'statement', 'statement ended'],
      ...['transaction', 'transaction ended', 'connection', 'connection ended'],
      ...['transaction that reads that lasts', 'begun', 'transaction ended'],
    ])
  })

  test('may call next again, pass a signal, throw, or be for some kinds only', async () => {
    let fails = 1
    await using db = await open(
      { name: 'again', operation: (_, next) => next().catch(() => next()) },
      {
        name: 'fail',
        operations: ['statement'],
        operation: async (_, next) => {
          if (fails-- > 0) throw new Error('the first time')
          return next()
        },
      },
      { name: 'stop', operations: ['transaction'], operation: (_, next) => next(AbortSignal.abort()) },
    )
    await db.insertInto('city').values({ id: 1, name: 'Turku' }).execute()
    expect(await db.selectFrom('city').select('name').execute()).toEqual([{ name: 'Turku' }])
    await expect(db.transaction().execute(async () => {})).rejects.toMatchObject({ code: 'cancelled' })
  })

  test('an operation that lasts is begun once, whatever a hook calls', async () => {
    await using db = await open({
      name: 'twice',
      operation: async (_, next) => {
        await next()
        return next()
      },
    })
    const trx = await db.startTransaction().execute()
    await trx.insertInto('city').values({ id: 1, name: 'Turku' }).execute()
    await trx.commit().execute()
    expect(await db.connection().execute((one) => one.selectFrom('city').select('id').execute())).toEqual([{ id: 1 }])
  })
})

describe('a hook on calls', () => {
  test('is called before the statement waits, with copies, and may fail it', async () => {
    const seen: unknown[] = []
    let refuses = false
    await using db = await open({
      name: 'call',
      called: ({ kind }, text, parameters, tree) => {
        const copies = parameters() as unknown[]
        seen.push([kind, text, [...copies], tree.kind])
        copies[0] = 'changed'
        if (refuses) throw new Error('not now')
      },
    })
    const running = db.insertInto('city').values({ id: 1, name: 'Turku' }).execute()
    expect(seen).toEqual([['insert', 'insert into "city" ("id", "name") values (?, ?)', [1, 'Turku'], 'insert']])
    await running
    expect(await db.selectFrom('city').selectAll().execute()).toEqual([{ id: 1, name: 'Turku' }])
    refuses = true
    await expect(db.deleteFrom('city').where('id', '=', 1).execute()).rejects.toThrow('not now')
    refuses = false
    expect(await db.selectFrom('city').select('id').execute()).toEqual([{ id: 1 }])
  })
})

describe('a hook that is idle', () => {
  test('is left out as long as it is', async () => {
    let isIdle = true
    const seen: string[] = []
    const hook = (name: string): Hook => ({
      name,
      isIdle: () => isIdle,
      around: (event, next) => {
        seen.push(`${name} ${event.facts.kind}`)
        return next()
      },
      operations: ['transaction'],
      operation: (operation, next) => {
        seen.push(`${name} ${operation.kind}`)
        return next()
      },
    })
    await using db = await open(hook('a'), hook('b'))
    const query = db.selectFrom('city').selectAll()
    await query.execute()
    await db.transaction().execute((trx) => trx.selectFrom('city').selectAll().execute())
    expect(seen).toEqual([])
    isIdle = false
    await query.execute()
    await db.transaction().execute((trx) => trx.selectFrom('city').select('id').execute())
    expect(seen).toEqual(['a select', 'b select', 'a transaction', 'b transaction', 'a select', 'b select'])
    isIdle = true
    await query.execute()
    expect(seen).toHaveLength(6)
  })

  test('beside one that is not leaves that one in place', async () => {
    const seen: string[] = []
    await using db = await open(
      { name: 'idle', isIdle: () => true, around: () => Promise.reject(new Error('it was idle')) },
      { name: 'watch', watch: ({ sql: text, rows }) => seen.push(`${text} ${rows}`) },
    )
    await db.selectFrom('city').select('id').execute()
    expect(seen).toEqual(['select "id" from "city" 0'])
  })
})
