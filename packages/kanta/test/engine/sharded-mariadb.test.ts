import { runCases } from './cases.ts'
import { CASES } from './sharded.ts'
import { shardedMariadb } from './sharded-mariadb.ts'

runCases(shardedMariadb, CASES)
