import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ambient, ambientContext } from '../../src/ambient.ts'
import { kanta } from '../../src/index.ts'
import { schemaPerTenant, tenant, timestamps } from '../../src/plugins/index.ts'
import type { Place } from '../engine/engine.ts'
import { type Any, engines, run } from './ground.ts'

const SEED = Number(process.env.SEED ?? 20_261_121)
const TASKS = 50

/** Numbers from 0 to 1 that are the same for the same seed: mulberry32, by Tommy Ettinger. */
function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const policy = (message: RegExp): object =>
  expect.objectContaining({ code: 'policy', message: expect.stringMatching(message) })

describe.each(engines)('the context of the running code on $name', (engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Place
  let base: Any
  const schemas = (): string[] => [0, 1, 2].map((i) => `${place.database}_s${i}`)
  beforeAll(async () => {
    place = await engine.create()
    base = kanta({ driver: place.driver({ max: 4 }) })
    await run(base, 'create table post (id int primary key, tenant_id int not null, task int, updated_at varchar(30))')
    for (const name of schemas()) {
      if (engine.dialect === 'sqlite') await run(base, `attach database ':memory:' as ${name}`)
      else await run(base, `create schema ${name}`)
      await run(base, `create table ${name}.mine (id int primary key, task int)`)
    }
  })
  afterAll(async () => {
    if (engine.dialect === 'mariadb') for (const name of schemas()) await run(base, `drop database ${name}`)
    await base?.destroy()
    await place?.drop()
  })
  const open = (): Any =>
    base.withPlugins([
      tenant({ column: 'tenant_id', tables: ['post'] }),
      timestamps({ tables: ['post'], created: false }),
    ])

  test('is that of whoever calls, and agrees with that of the database', async () => {
    const { db, run: within, ...more } = ambientContext(open()) as Any
    expect(more.context).toEqual({})
    const all = (who: Any): Promise<Any> => who.selectFrom('post').select('id').execute()
    await expect(all(db)).rejects.toEqual(policy(/no 'tenant'/))
    await within({ tenant: 1 }, async () => {
      await turn()
      expect(await all(db)).toEqual([])
      expect(await all(db.as({ tenant: 1, actor: 'a' }))).toEqual([])
      await expect(all(db.as({ tenant: 2 }))).rejects.toEqual(policy(/do not agree on 'tenant'/))
      expect(() => within({ tenant: 2 }, () => {})).toThrow(policy(/another 'tenant'/) as Any)
      const inner = await within({ actor: 'b' }, () => all(db))
      expect(inner).toEqual([])
      await db.transaction().execute(async (trx: Any) => expect(await all(trx)).toEqual([]))
    })
    for (const context of [{ tenant: undefined }, { tenant: '' }, null, 1])
      expect(() => within(context, () => {})).toThrow()
    expect(() => within({ tenant: 1 })).toThrow(/takes a context and a function/)
    expect(() => ambientContext(db)).toThrow(/has an ambientContext/)
    expect(() => ambientContext({} as Any)).toThrow(/takes what kanta\(\) gives/)
    await base.transaction().execute(async (trx: Any) => expect(() => ambientContext(trx)).toThrow(/whole database/))
  })

  test('what is streamed is of the context in which its first row is asked for', async () => {
    const { db, run: within } = ambientContext(open()) as Any
    const rows = within({ tenant: 1 }, () => db.selectFrom('post').select('id').stream())
    await expect(rows.next()).rejects.toEqual(policy(/no 'tenant'/))
  })

  test(`never leaks among ${TASKS} tasks in transactions (SEED=${SEED})`, async () => {
    console.info(`SEED=${SEED}`)
    const next = random(SEED)
    const plugged = open()
    const context = ambientContext(ambient(plugged)) as Any
    const bySchema = base.withPlugins([schemaPerTenant({ schema: (who) => schemas()[Number(who)]! })])
    const wrong: string[] = []
    const rest = async (): Promise<void> => {
      for (let i = Math.floor(next() * 4); i > 0; i--) await turn()
    }
    const expectOwn = async (db: Any, task: number, who: number): Promise<void> => {
      for (const row of await db.selectFrom('post').selectAll().execute())
        if (row.tenant_id !== who) wrong.push(`task ${task} of ${who} saw a row of ${row.tenant_id}`)
    }
    const write = async (db: Any, task: number, who: number): Promise<void> => {
      await rest()
      await expectOwn(db, task, who)
      await db
        .insertInto('post')
        .values([
          { id: task * 2, task },
          { id: task * 2 + 1, task, tenant_id: who },
        ])
        .execute()
      await rest()
      await db
        .updateTable('post')
        .set({ task: task + 1000 })
        .where('id', 'in', [task * 2, task * 2 + 1])
        .execute()
      await expectOwn(db, task, who)
      await rest()
      if (task % 5 === 4) throw new Error('undone')
    }
    const inSchema = async (task: number, who: number): Promise<void> => {
      const db = bySchema.as({ tenant: who })
      await db.transaction().execute(async (trx: Any) => {
        await rest()
        await trx.insertInto('mine').values({ id: task, task: who }).execute()
        await rest()
        for (const row of await trx.selectFrom('mine').selectAll().execute())
          if (row.task !== who) wrong.push(`task ${task} of schema ${who} saw one of ${row.task}`)
      })
    }
    const tasks = Array.from({ length: TASKS }, async (_, task) => {
      const who = task % 3
      await rest()
      const work =
        task % 2 === 0
          ? context.run({ tenant: who }, () =>
              context.db
                .transaction()
                .retry(20)
                .execute(() => write(context.db, task, who)),
            )
          : plugged
              .as({ tenant: who })
              .transaction()
              .execute((trx: Any) => write(trx, task, who))
      await (work as Promise<void>).catch((error: Error) => {
        if (error.message !== 'undone') throw error
      })
      await inSchema(task, who)
    })
    await Promise.all(tasks)
    expect(wrong).toEqual([])
    const kept = await base.selectFrom('post').select(['id', 'tenant_id', 'task']).orderBy('id').execute()
    const expected = Array.from({ length: TASKS }, (_, task) => task)
      .filter((task) => task % 5 !== 4)
      .flatMap((task) => [0, 1].map((i) => ({ id: task * 2 + i, tenant_id: task % 3, task: task + 1000 })))
    expect(kept).toEqual(expected)
    for (const [who, name] of schemas().entries()) {
      const found = await base.withSchema(name).selectFrom('mine').select('task').execute()
      expect(found).toEqual(
        Array.from({ length: TASKS }, (_, task) => task % 3)
          .filter((one) => one === who)
          .map((task) => ({ task })),
      )
    }
  })
})
