import { vi } from 'vitest'
import { runCases } from './cases.ts'
import { pglite } from './pglite.ts'

// To make a database takes it seconds where the machine is busy.
vi.setConfig({ testTimeout: 60_000 })
runCases(pglite)
