import { runCases } from './cases.ts'
import { CASES } from './sharded.ts'
import { shardedPostgres } from './sharded-postgres.ts'

runCases(shardedPostgres, CASES)
