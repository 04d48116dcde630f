import { facetsOf } from '../../dialect/index.ts'

/** The way in which a database keeps copies of tables. */
export interface SnapshotFacet {
  /** The place of a copy, before its name. */
  readonly place: string
  readonly prepare: readonly string[]
  /** Lets rows go and come in any order, within a transaction. */
  readonly unguard: string
  readonly guard?: string
  /** The query of the triggers, their `name` and `text`, where definitions are a part of the transaction. */
  readonly triggers?: string
  /** Is true if triggers run while rows are restored. */
  readonly runsTriggers?: boolean
  /** Stands between the columns and the query of an insert. */
  readonly overriding: string
}

const mysql: SnapshotFacet = {
  place: '',
  prepare: [],
  unguard: 'set foreign_key_checks = 0',
  guard: 'set foreign_key_checks = 1',
  runsTriggers: true,
  overriding: '',
}

export const snapshotFacets = facetsOf<SnapshotFacet>('snapshot()', {
  sqlite: {
    place: 'temp.',
    prepare: [],
    unguard: 'pragma defer_foreign_keys = on',
    triggers: "select name, sql as text from main.sqlite_schema where type = 'trigger'",
    overriding: '',
  },
  postgres: {
    place: 'kanta_snapshot.',
    prepare: ['create schema if not exists kanta_snapshot'],
    unguard: 'set local session_replication_role = replica',
    overriding: ' overriding system value',
  },
  mysql,
  mariadb: mysql,
  mssql: undefined,
})
