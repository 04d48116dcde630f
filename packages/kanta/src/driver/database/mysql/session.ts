/** The kind of server. */
export type Flavor = 'mysql' | 'mariadb'

/** Returns the kind of server by its version. */
export const flavorOf = (version: string): Flavor => (/mariadb/i.test(version) ? 'mariadb' : 'mysql')

/**
 * The SQL modes of every connection. Those of the server are left out, which may read a string as a name, an empty one as
 * null, or round moments. Only the one stays that refuses queries without making others of them.
 */
const MODES: Readonly<Record<Flavor, string>> = {
  mysql:
    'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO',
  // Only MariaDB can make all assignments of an update see the old row, as other databases do.
  mariadb:
    'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO,SIMULTANEOUS_ASSIGNMENT',
}

/** The assignments that keep what statements do: a write is committed, and a read gives all rows. */
export const behaviour: readonly string[] = [
  'autocommit = 1',
  'completion_type = 0',
  'sql_auto_is_null = 0',
  'sql_select_limit = 18446744073709551615',
]

/** Returns the `set` assignments of every connection. */
export const sessionOf = (flavor: Flavor): readonly string[] => [
  'names utf8mb4 collate utf8mb4_bin',
  "time_zone = '+00:00'",
  ...behaviour,
  `sql_mode = concat(if(find_in_set('ONLY_FULL_GROUP_BY', @@sql_mode) > 0, 'ONLY_FULL_GROUP_BY,', ''), '${MODES[flavor]}')`,
  'foreign_key_checks = 1',
  'unique_checks = 1',
  'div_precision_increment = 4',
  'sql_quote_show_create = 1',
  // The server would silently cut longer JSON lists; no packet is larger than this.
  'group_concat_max_len = 1073741824',
]
