import { runCases } from './cases.ts'
import { postgres } from './postgres.ts'

runCases(postgres)
