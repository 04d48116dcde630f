import { facetsOf } from '../../dialect/index.ts'
import type { CommitFacet } from './facet.ts'
import { mysqlCommit } from './mysql.ts'
import { postgresCommit } from './postgres.ts'
import { sqliteCommit } from './sqlite.ts'

export type { Ability, Ask, TwoPhase } from './facet.ts'

export const commitFacets = facetsOf<CommitFacet>('commit()', {
  sqlite: sqliteCommit,
  postgres: postgresCommit,
  mysql: mysqlCommit,
  mariadb: mysqlCommit,
  mssql: undefined,
})
