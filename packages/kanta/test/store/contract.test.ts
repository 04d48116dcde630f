import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import Database from 'better-sqlite3'
import { Miniflare } from 'miniflare'
import pg from 'pg'
import { afterAll, beforeAll, describe, inject, test } from 'vitest'
import { type D1Binding, d1 } from '../../src/driver/d1/index.ts'
import type { Driver } from '../../src/driver/index.ts'
import { libsql } from '../../src/driver/libsql/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta } from '../../src/index.ts'
import { describeStore, makeArmedFault } from '../../src/store/conformance/index.ts'
import {
  createPostgresStore,
  createSqliteStore,
  fromBetterSqlite3,
  fromNodeSqlite,
  fromPool,
  memoryStore,
  type SqliteAdapter,
  type Store,
  type StoreOptions,
  store,
} from '../../src/store/index.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { pglite } from '../engine/pglite.ts'
import { postgres } from '../engine/postgres.ts'
import { bundleProgram, folder } from './program.ts'

const runner = { describe, test }
const appendProgram = bundleProgram('append-program')

let made = 0

describe('43, 47: memory', () => describeStore(runner, { make: () => memoryStore() }))

/** These tests do not wait for the disk: processes see what others wrote also without that. */
function quick(adapter: SqliteAdapter): SqliteAdapter {
  adapter.exec('pragma synchronous = off')
  return adapter
}

const libraries: Readonly<Record<string, (path: string) => SqliteAdapter>> = {
  'node:sqlite': (path) => quick(fromNodeSqlite(new DatabaseSync(path))),
  'better-sqlite3': (path) => quick(fromBetterSqlite3(new Database(path))),
}

for (const [name, open] of Object.entries(libraries)) {
  describe(`43, 47: an adapter of ${name}`, () => {
    const paths = new WeakMap<object, string>()
    const openAt = (path: string): Store => {
      const store = createSqliteStore(open(path))
      paths.set(store, path)
      return store
    }
    describeStore(runner, {
      make: () => openAt(join(folder, `${made++}.db`)),
      share: (store) => openAt(paths.get(store)!),
      async appendElsewhere(store, docId, count) {
        await promisify(execFile)(process.execPath, [await appendProgram, paths.get(store)!, docId, String(count)])
      },
      async makeFaulty() {
        const fault = makeArmedFault()
        return { store: createSqliteStore(fault.wrap(open(':memory:'))), ...fault }
      },
    })
  })
}

describe('43, 47: an adapter with small parts', () => {
  const adapter = (): SqliteAdapter => ({ ...fromNodeSqlite(new DatabaseSync(':memory:')), partBytes: 1024 })
  describeStore(runner, {
    make: () => createSqliteStore(adapter()),
    async makeFaulty() {
      const fault = makeArmedFault()
      return { store: createSqliteStore(fault.wrap(adapter())), ...fault }
    },
  })
})

/** Each store has tables of its own in one database. */
function onOneDatabase(name: string, open: () => Promise<{ readonly driver: Driver; close(): unknown }>): void {
  describe(`43, 47: store(db) on ${name}`, () => {
    let close: () => unknown
    let db: ReturnType<typeof kanta>
    const options = new WeakMap<object, StoreOptions>()
    beforeAll(async () => {
      const opened = await open()
      close = opened.close
      db = kanta({ driver: opened.driver }) as never
    })
    afterAll(async () => {
      await db.destroy()
      await close()
    })
    const openWith = (given: StoreOptions): Store => {
      const made = store(db, given)
      options.set(made, given)
      return made
    }
    describeStore(runner, {
      make: () => openWith({ tables: { meta: `meta_${made}`, records: `records_${made++}` } }),
      share: (store) => openWith(options.get(store)!),
    })
  })
}

onOneDatabase('node:sqlite', async () => ({ driver: sqlite(':memory:'), close() {} }))
onOneDatabase('a file of node:sqlite with readers', async () => ({
  driver: sqlite({ path: join(folder, `${made++}.db`), readers: 2, pragmas: { synchronous: 'off' } }),
  close() {},
}))
onOneDatabase('libSQL', async () => ({ driver: libsql(join(folder, 'libsql.db')), close() {} }))

for (const engine of [postgres, mariadbEngine, pglite]) {
  if (engine.missing !== undefined) test.skip(`${engine.name} (left out: ${engine.missing})`, () => {})
  else
    onOneDatabase(engine.name, async () => {
      const place = await engine.create()
      return { driver: place.driver(), close: () => place.drop() }
    })
}

const server = inject('servers').postgres
if (!('missing' in server)) {
  describe('43, 47: createPostgresStore() with a pool of pg', () => {
    const pool = new pg.Pool({ ...server, max: 4 })
    afterAll(() => pool.end())
    const options = new WeakMap<object, StoreOptions>()
    const openWith = async (given: StoreOptions): Promise<Store> => {
      const made = await createPostgresStore(fromPool(pool), given)
      options.set(made, given)
      return made
    }
    describeStore(runner, {
      make: () => openWith({ tables: { docMeta: `meta_${made}`, records: `records_${made++}` } }),
      share: (store) => openWith(options.get(store)!),
    })
  })
}

// Each call of D1 takes milliseconds in workerd.
if (process.env.STORE_LONG === undefined) test.skip('D1 (left out: STORE_LONG=1 runs it, too)', () => {})
else
  describe('43, 47: D1', async () => {
    const worker = new Miniflare({
      modules: true,
      script: 'export default { fetch() { return new Response() } }',
      d1Databases: { DB: 'DB' },
    })
    const { DB } = await worker.getBindings<Record<string, D1Binding>>()
    onOneDatabase('D1', async () => ({ driver: d1(DB!), close: () => worker.dispose() }))
  })
