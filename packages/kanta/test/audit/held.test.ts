import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { withoutPlugins } from '../../src/extend/internal/index.ts'
import { sql } from '../../src/index.ts'
import { createTables, engines, type Open, open } from './ground.ts'

vi.setConfig({ hookTimeout: 60_000, testTimeout: 60_000 })

type Row = Readonly<Record<string, unknown>> & { readonly id: number }

describe.each(engines)('no row is written without an entry, on $name', (engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Awaited<ReturnType<typeof engine.create>>
  let db: Open
  const plain = (): any => withoutPlugins(db as never)

  beforeAll(async () => {
    place = await engine.create()
    db = open(place.driver())
    await createTables(plain())
  })
  afterAll(async () => {
    await db?.destroy()
    await place?.drop()
  })

  const rows = async (): Promise<ReadonlyMap<number, string>> =>
    new Map((await plain().selectFrom('post').selectAll().execute()).map((row: Row) => [row.id, JSON.stringify(row)]))
  beforeEach(async () => {
    await plain().deleteFrom('post').execute()
    const values = Array.from({ length: 60 }, (_, i) => ({ id: i + 1, title: 't', slug: `s${i}`, views: i % 2 }))
    await plain().insertInto('post').values(values).execute()
  })

  const random =
    engine.name === 'mariadb' ? 'rand() < 0.5' : engine.name === 'postgres' ? 'random() < 0.5' : 'random() < 0'
  const picks = () => sql<boolean>`${sql.raw(random)}`
  const statements: readonly [string, () => { execute(): Promise<unknown> }][] = [
    ['a delete at random', () => db.deleteFrom('post').where(picks())],
    ['a delete at random of some', () => db.deleteFrom('post').where('views', '=', 1).where(picks())],
    ['an update at random', () => db.updateTable('post').set({ title: 'x' }).where(picks())],
    [
      'a delete of what a query picks at random',
      () =>
        db
          .with('picked', (q) => q.selectFrom('post').select('id').where(picks()))
          .deleteFrom('post')
          .where('id', 'in', (eb) => eb.selectFrom('picked').select('id')),
    ],
    [
      'an update of a subquery at random',
      () =>
        (db as any)
          .updateTable('post')
          .set({ title: 'x' })
          .where('id', 'in', (eb: any) =>
            eb.selectFrom((q: any) => q.selectFrom('post').select('id').where(picks()).as('p')).select('p.id'),
          ),
    ],
  ]
  // MariaDB has no with() before a delete.
  const able = statements.filter(([label]) => engine.name !== 'mariadb' || !label.startsWith('a delete of what'))
  test.each(able)('%s', async (_, statement) => {
    const before = await rows()
    const from = new Date(Date.now() - 1)
    await statement().execute()
    const after = await rows()
    const changed = [...before.keys()].filter((id) => before.get(id) !== after.get(id))
    const held: number[] = []
    for (const id of before.keys())
      if ((await db.audit.history('post', id)).some((entry) => entry.at >= from && entry.before !== null)) held.push(id)
    expect(held).toEqual(changed)
  })

  const replaces = engine.name !== 'postgres'
  test.runIf(replaces)('a replace whose rows are in the way of each other', async () => {
    const replace = (values: readonly object[]) => (db as any).replaceInto('post').values(values)
    await replace([
      { id: 101, title: 'a', slug: 'same', views: 1 },
      { id: 102, title: 'b', slug: 'same', views: 2 },
    ]).execute()
    expect((await rows()).has(101)).toBe(false)
    expect((await db.audit.history('post', 101)).at(-1)?.after ?? null).toBeNull()
    expect((await db.audit.history('post', 102)).at(-1)?.after).toMatchObject({ title: 'b' })
    await replace([{ id: 103, title: 'c', slug: 'same', views: 3 }]).execute()
    expect((await db.audit.history('post', 102)).at(-1)).toMatchObject({ after: null, asked: 'replace' })
  })
})
