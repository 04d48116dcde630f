import type { Dialect } from '../dialect/index.ts'
import { type HistoryText, keyOf, pathsOf } from './statements.ts'

/** MariaDB keeps histories by itself: https://mariadb.com/kb/en/system-versioned-tables/ */
export function mariadbText(dialect: Dialect): HistoryText {
  return {
    triggers: [],
    now: 'cast(unix_timestamp(now(6)) * 1000000 as signed)',
    same: (one, other) => `${one} <=> ${other}`,
    create: (table) => {
      keyOf(table)
      return [`alter table ${pathsOf(table, dialect).table} add system versioning`]
    },
    later: (one, other) => `greatest(${one}, ${other})`,
    reindex: () => [],
    follow: () => [],
    unfollow: () => [],
  }
}
