import { PGlite } from '@electric-sql/pglite'
import type { Driver } from '../../src/driver/index.ts'
import { pglite as driver } from '../../src/driver/pglite/index.ts'
import type { Engine } from './engine.ts'

/** PostgreSQL in the process of the test, a database of its own for each test that asks. */
export const pglite: Engine = {
  name: 'pglite',
  dialect: 'postgres',
  create: async () => {
    const database = await PGlite.create()
    // It has one, by this name.
    return { database: 'postgres', driver: (): Driver => driver(database), drop: () => database.close() }
  },
}
