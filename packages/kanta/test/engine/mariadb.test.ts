import { runCases } from './cases.ts'
import { mariadbEngine } from './mariadb.ts'

runCases(mariadbEngine)
