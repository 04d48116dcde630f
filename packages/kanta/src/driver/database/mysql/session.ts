/** The kind of server. */
export type Flavor = 'mysql' | 'mariadb'

/** Returns the kind of server by its version. */
export const flavorOf = (version: string): Flavor => (/mariadb/i.test(version) ? 'mariadb' : 'mysql')

/** The SQL modes to add to those of the server on every connection. */
const MODES: Readonly<Record<Flavor, string>> = {
  mysql: 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_VALUE_ON_ZERO',
  // Only MariaDB can make all assignments of an update see the old row, as other databases do.
  mariadb:
    'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_VALUE_ON_ZERO,SIMULTANEOUS_ASSIGNMENT',
}

/** Returns the `set` assignments of every connection. */
export const sessionOf = (flavor: Flavor): readonly string[] => [
  'names utf8mb4 collate utf8mb4_bin',
  "time_zone = '+00:00'",
  `sql_mode = concat(@@sql_mode, ',${MODES[flavor]}')`,
  // The server would silently cut longer JSON lists; no packet is larger than this.
  'group_concat_max_len = 1073741824',
]
