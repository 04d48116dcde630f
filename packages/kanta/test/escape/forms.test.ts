import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Any, engines, type Ground, gone, ground, type Place, tenant } from './ground.ts'
import { reads } from './reads.ts'
import { writes } from './writes.ts'

const rowsOf = (db: Any, table: string) => db.selectFrom(table).selectAll().orderBy('id').execute()

describe.each(engines)('forms on $name', (engine: Place) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let at: Ground
  let db: Any
  beforeAll(async () => {
    at = await ground(engine)
    db = await at.guarded([gone, tenant])
  })
  afterAll(async () => at?.close())
  beforeEach(async () => at.refill())

  const forms = reads.filter(({ on }) => on === undefined || on.includes(engine.name))
  test.each(forms)('$name', async ({ read, gives }) => {
    const found = await (async () => read(db).execute())().then(
      (rows: Any[]) => rows.map((row) => Object.values(row)[0]),
      (error: Any) => error,
    )
    if ((gives as unknown) === 'error') return void expect(found).toBeInstanceOf(Error)
    if (gives === 'policy') return void expect(found).toMatchObject({ code: 'policy' })
    if (found instanceof Error) throw found
    const plain = found.map((value: Any) => (typeof value === 'bigint' ? Number(value) : value))
    expect(plain.map(Number.isNaN).some(Boolean)).toBe(false)
    expect(plain.sort(byText).map(numeric)).toEqual([...gives].sort(byText))
  })

  const byText = (a: unknown, b: unknown): number => String(a).localeCompare(String(b))
  const numeric = (value: unknown): unknown => value

  describe('writes', () => {
    const changed = async (run: (db: Any) => Any): Promise<unknown> => {
      const before = { users: await rowsOf(at.base, 'users'), posts: await rowsOf(at.base, 'posts') }
      const error = await (async () => run(db).execute())().then(
        () => undefined,
        (cause: Any) => cause,
      )
      const after: Any = { users: await rowsOf(at.base, 'users'), posts: await rowsOf(at.base, 'posts') }
      const ids = ['users', 'posts'].flatMap((table) =>
        after[table]
          .filter((row: Any) => !(before as Any)[table].some((old: Any) => JSON.stringify(old) === JSON.stringify(row)))
          .map((row: Any) => `${table} ${row.id}`),
      )
      if (error !== undefined && ids.length > 0) throw new Error('It failed, and changed rows all the same.')
      if (error !== undefined && error.code !== 'policy') throw error
      return error === undefined ? ids : 'policy'
    }
    test.each(writes(engine).filter(([, on]) => on === undefined || on.includes(engine.name)))(
      '%s',
      async (_, __, run, gives) => {
        const found = await changed(run).catch((error: unknown) => {
          if (gives === 'error') return 'error'
          throw error
        })
        expect(found).toEqual(gives)
      },
    )
  })
})
