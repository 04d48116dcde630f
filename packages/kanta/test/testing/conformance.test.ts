import { describe, test } from 'vitest'
import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import { pglite } from '../../src/driver/pglite/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { driverConformance } from '../../src/testing/conformance/index.ts'

describe('node:sqlite', () => driverConformance({ describe, test }, { make: () => sqlite(':memory:') }))
describe('better-sqlite3', () => driverConformance({ describe, test }, { make: () => betterSqlite3(':memory:') }))
describe('PGlite', () => driverConformance({ describe, test }, { make: () => pglite() }))
