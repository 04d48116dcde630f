/** Which of the two databases answers. */
export type Flavor = 'mysql' | 'mariadb'

/** What a version says. */
export const flavorOf = (version: string): Flavor => (/mariadb/i.test(version) ? 'mariadb' : 'mysql')

/** What holds on every connection; a list of modes that the server's own are joined with. */
const MODES: Readonly<Record<Flavor, string>> = {
  mysql: 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_VALUE_ON_ZERO',
  // Assignments of an update that all see the row as it was, as everywhere else, are MariaDB's alone.
  mariadb:
    'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_VALUE_ON_ZERO,SIMULTANEOUS_ASSIGNMENT',
}

/** How every connection is to be: what stands behind `set`. */
export const sessionOf = (flavor: Flavor): readonly string[] => [
  'names utf8mb4 collate utf8mb4_bin',
  "time_zone = '+00:00'",
  `sql_mode = concat(@@sql_mode, ',${MODES[flavor]}')`,
  // A list in JSON that is longer would be cut off without an error; no packet is larger than this.
  'group_concat_max_len = 1073741824',
]
