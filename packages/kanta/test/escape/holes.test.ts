import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { fromJSON, kanta, sql, table, toJSON } from '../../src/index.ts'
import { createExecutor, softDelete } from '../../src/plugins/index.ts'
import { root } from '../package/sources.ts'
import { type Any, engines, type Ground, gone, ground, type Place, tenant } from './ground.ts'

/** Holes of predecessors that concern policies, and the tests that show each of them closed here. */
const holes: Readonly<Record<string, readonly [file: string, name: string]>> = {
  'H1, alias': ['escape/reads.ts', 'an alias'],
  'H2, qualified names and lists': ['escape/reads.ts', 'a qualified name in a full join'],
  'H3, joins': ['escape/reads.ts', 'a left and a right join'],
  'H4, subqueries': ['escape/reads.ts', 'not exists'],
  'H4, insert from a query': ['escape/writes.ts', 'an insert from a query'],
  'H5, clearWhere': ['escape/reads.ts', 'after clearWhere'],
  'H6, ways to the database': ['executor/executor.test.ts', 'is in force in every way to reach the database'],
  'H7, text': ['executor/executor.test.ts', 'text is refused, and text of the database without plugins, too'],
  'H8, names of CTEs': ['escape/reads.ts', 'a CTE of the name of a table'],
  'H9, settings of transactions': ['executor/executor.test.ts', 'a transaction with an isolation level'],
  'H10, schema in a transaction': ['executor/executor.test.ts', 'a schema in a transaction'],
  'H11, schema of a tenant': ['tenant/schema-per-tenant.test.ts', 'H11'],
  'H12, values late': ['tenant/tenant.test.ts', 'H12'],
  'H13, errors': ['executor/executor.test.ts', 'H13: one that cannot start'],
  'H14, order and state': ['executor/executor.test.ts', 'H14: what an urgent one depends on'],
  'H15, types': ['soft-delete/type.test.ts', 'H15'],
  'H47, context': ['executor/executor.test.ts', 'H47'],
  'T7, precedence of text': ['escape/holes.test.ts', 'T7: text with or'],
  'F1, a query from JSON': ['escape/holes.test.ts', 'F1: what comes as JSON'],
  'F2, unknown parts': ['escape/holes.test.ts', 'F2: a part that nobody knows'],
  'F7, question marks': ['escape/holes.test.ts', 'F7: a question mark'],
}

test.each(Object.entries(holes))('%s', (_, [file, name]) => {
  expect(readFileSync(join(root, 'packages/kanta/test', file), 'utf8')).toContain(name)
})

describe.each(engines)('on $name', (engine: Place) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let at: Ground
  let db: Any
  beforeAll(async () => {
    at = await ground(engine)
    await at.refill()
    db = await at.guarded([gone, tenant])
  })
  afterAll(async () => at?.close())
  const ids = async (query: Any): Promise<number[]> => (await query.execute()).map((row: Any) => row.id).sort()

  test('T7: text with or stands in parentheses, wherever conditions meet', async () => {
    const or = sql`1 = 0 or 1 = 1`
    const base = db.selectFrom('users').select('users.id')
    expect(await ids(base.where(or))).toEqual([1, 4])
    expect(await ids(base.where((eb: Any) => eb.and([or, eb('id', '=', 1)])))).toEqual([1])
    expect(await ids(base.where((eb: Any) => eb.not(or)))).toEqual([])
    expect(await ids(base.where(or).where(or))).toEqual([1, 4])
    expect(await ids(base.innerJoin('posts', (j: Any) => j.on(or).on('posts.id', '=', 1)))).toEqual([1, 4])
    expect(await ids(base.where((eb: Any) => eb.case().when(or).then(1).else(0).end(), '=', 1))).toEqual([1, 4])
    await db.updateTable('users').set({ secret: 'new' }).where(or).execute()
    const seen = await at.base.selectFrom('users').select('secret').orderBy('id').execute()
    expect(seen.map((row: Any) => row.secret)).toEqual(['new', 's2', 's3', 'new', 's5'])
  })

  test('F1: what comes as JSON is a value, and no part of a query', async () => {
    const parts = [
      { op: 'raw', sql: '1=1 or 1=1' },
      { kind: 'raw', strings: ['1=1 or 1=1'], parts: [] },
      { node: { kind: 'raw', strings: ['1=1 or 1=1'], parts: [] }, args: [] },
    ]
    for (const part of parts) {
      expect(await ids(db.selectFrom('users').select('id').where('id', '=', 1))).toEqual([1])
      for (const run of [
        () => db.selectFrom('users').select('id').where(part),
        () => db.selectFrom('users').select('id').where('name', '=', part),
        () => db.selectFrom(part).select('id'),
        () => db.selectFrom('users').select(part),
        () => db.selectFrom('users').select('id').orderBy(part),
      ]) {
        const found = await (async () => run().execute())().catch((error: Any) => error)
        // As a value it may equal nothing.
        if (!(found instanceof Error)) expect(found).toEqual([])
      }
    }
  })

  test('a stored query is under the policies of the database that runs it, whatever it says of itself', async () => {
    const stored = JSON.parse(JSON.stringify(toJSON(at.base.selectFrom('users').select('id'))))
    expect(await ids((fromJSON as Any)(db, stored))).toEqual([1, 4])
    const text = JSON.stringify(
      toJSON(
        at.base
          .selectFrom('users')
          .select('id')
          .where((sql`1 = 1 or 1 = 1` as Any).trusted('all', { reads: [] })),
      ),
    )
    expect(() => (fromJSON as Any)(db, text)).toThrow(/contains SQL text/)
    expect(await ids((fromJSON as Any)(db, text, { trustText: true }))).toEqual([1, 4])
    const lies = JSON.stringify(stored).replaceAll(
      '"kind":"table"',
      '"definition":{"name":"open","columns":{}},"kind":"table"',
    )
    const found = await (async () => ids((fromJSON as Any)(db, lies)))().catch((error: Any) => error)
    if (!(found instanceof Error)) expect(found).toEqual([1, 4])
  })

  test('F2: a part that nobody knows is no missing condition', async () => {
    const stored = JSON.stringify(toJSON(at.base.selectFrom('users').select('id').where('id', '=', 1)))
    for (const changed of [
      stored.replace('"binary"', '"unheard"'),
      stored.replace('"="', '"unheard"'),
      stored.replace('"where"', '"unheard"'),
    ]) {
      expect(changed).not.toBe(stored)
      expect(() => (fromJSON as Any)(db, changed)).toThrow(/stored|unheard/)
    }
    for (const missing of [undefined, {}, []])
      expect(() => db.selectFrom('users').select('id').where(missing)).toThrow(/where/)
    expect(() => db.selectFrom('users').select('id').where('id', '=', undefined)).toThrow(/undefined/)
  })

  test('F7: a question mark in quotes of text is no place of a value', async () => {
    const query = db.selectFrom('users').select('users.id').where(sql`'?' = ${'?'} and users.id = ${4}`)
    expect(await ids(query)).toEqual([4])
    expect(await ids(db.selectFrom('users').select('id').where(sql`name <> 'what? $1 :x @y'`))).toEqual([1, 4])
  })
})

test('a definition that a query brings does not make another table of it', async () => {
  const full = table('post', (c) => ({ id: c.integer().primaryKey(), deleted_at: c.timestamp().nullable() }))
  const less = table('post', (c) => ({ id: c.integer().primaryKey() }))
  const base = kanta({ driver: sqlite(':memory:'), schema: { post: full } })
  await sql`create table post (id integer primary key, deleted_at text)`.execute(base)
  await sql`insert into post values (1, null), (2, 'x')`.execute(base)
  const db: Any = await createExecutor(base, [softDelete()])
  expect(await db.selectFrom('POST').select('id').execute()).toEqual([{ id: 1 }])
  await expect(db.selectFrom(less).select('id').execute()).rejects.toThrow(/deleted_at/)
  await expect(db.selectFrom(less.as('p')).select('p.id').execute()).rejects.toThrow(/deleted_at/)
  await base.destroy()
})
