import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, openAsBlob, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PGlite, type PGliteOptions } from '@electric-sql/pglite'
import type { Driver } from '../../src/driver/index.ts'
import { pglite as driver } from '../../src/driver/pglite/index.ts'
import type { Engine } from './engine.ts'

/** PostgreSQL in the process of the test, a database of its own for each test that asks. */
export const pglite: Engine = {
  name: 'pglite',
  dialect: 'postgres',
  create: async () => {
    const database = await openPglite()
    // It has one, by this name.
    return { database: 'postgres', driver: (): Driver => driver(database), drop: () => database.close() }
  },
}

/**
 * Opens an empty PGlite. It copies a database that an earlier one has set up, since setting up takes seconds of a
 * processor.
 */
export async function openPglite(options: PGliteOptions = {}): Promise<PGlite> {
  return PGlite.create({ ...options, loadDataDir: await emptyDatabase() })
}

const cache = fileURLToPath(new URL('../../../../node_modules/.cache/kanta-tests/', import.meta.url))

/** Returns the archive of an empty database of this version of PGlite. Whoever needs it first makes it. */
async function emptyDatabase(): Promise<Blob> {
  const own = new URL('../package.json', import.meta.resolve('@electric-sql/pglite'))
  const { version } = JSON.parse(readFileSync(own, 'utf8')) as { version: string }
  const path = `${cache}pglite-${version}.tar`
  if (existsSync(path)) return openAsBlob(path)
  const made = await PGlite.create()
  const archive = await made.dumpDataDir('none')
  await made.close()
  mkdirSync(cache, { recursive: true })
  // Another worker may make it at the same time, so it gets its name when it is whole.
  const part = `${path}.${randomUUID()}`
  writeFileSync(part, Buffer.from(await archive.arrayBuffer()))
  renameSync(part, path)
  return archive
}
