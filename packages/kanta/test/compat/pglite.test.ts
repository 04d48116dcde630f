import * as npm from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as own from '../../src/compat/kysely.ts'
import { openPglite } from '../engine/pglite.ts'
import { type Db, type K, programs } from './programs.ts'
import { serverPrograms } from './server-programs.ts'
import { postgresWorld } from './world.ts'

const libraries = { npm, kanta: own as unknown as K }
const open = new Map<keyof typeof libraries, Db>()

beforeAll(async () => {
  for (const [name, library] of Object.entries(libraries)) {
    const pglite = await openPglite()
    await pglite.exec(postgresWorld)
    open.set(name as keyof typeof libraries, new library.Kysely({ dialect: new library.PGliteDialect({ pglite }) }))
  }
}, 60_000)
afterAll(() => Promise.all([...open.values()].map((db) => db.destroy())))

const all = [...programs, ...serverPrograms.filter((program) => program.on.includes('postgres'))]

describe.each(all)('$name', ({ name, build }) => {
  test('PGlite', async () => {
    const ran = async (library: keyof typeof libraries) => {
      const db = open.get(library)!
      const trx = await db.startTransaction().execute()
      try {
        const rows = await build(trx, libraries[library]).execute!()
        return (rows as object[]).map((row) => ({ ...row }))
      } catch (error) {
        return `failed: ${(((error as Error).cause as Error | undefined) ?? (error as Error)).message}`
      } finally {
        await trx.rollback().execute()
      }
    }
    const [mine, theirs] = [await ran('kanta'), await ran('npm')]
    if (typeof mine === 'string' && mine.includes('is not available in postgres'))
      expect(theirs, name).toMatch(/^failed/)
    else expect(mine).toEqual(theirs)
  })
})

test('introspection', async () => {
  const tables = async (library: keyof typeof libraries) =>
    (await open.get(library)!.introspection.getTables()).map((table) => ({ ...table }))
  expect(await tables('kanta')).toEqual(await tables('npm'))
  const schemas = async (library: keyof typeof libraries) =>
    (await open.get(library)!.introspection.getSchemas()).map(({ name }) => name).sort()
  expect(await schemas('kanta')).toEqual(await schemas('npm'))
})
