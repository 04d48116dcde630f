import { facetsOf } from '../dialect/index.ts'
import { mssql } from './mssql.ts'
import { mariadb, mysql } from './mysql.ts'
import { postgres } from './postgres.ts'
import type { Rules } from './rule.ts'
import { sqlite } from './sqlite.ts'

/** The rules of each database. */
export const ruleSets = facetsOf<Rules>('A diff', { sqlite, postgres, mysql, mariadb, mssql })
