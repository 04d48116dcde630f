import type { Dialect } from './dialect.ts'

/**
 * The databases, with the names that messages give them. A new database begins here: the compiler then names every
 * feature that has to answer for it.
 */
const TITLES = {
  sqlite: 'SQLite',
  postgres: 'PostgreSQL',
  mysql: 'MySQL',
  mariadb: 'MariaDB',
  mssql: 'SQL Server',
} as const

/** The name of a dialect, as catalogs and options have it. */
export type DialectName = keyof typeof TITLES

export const dialectNames = Object.keys(TITLES) as readonly DialectName[]

export const isDialectName = (name: unknown): name is DialectName => dialectNames.includes(name as DialectName)

/** Returns whether a dialect is one of those that an option names. */
export const isAmong = ({ name }: Dialect, names: readonly DialectName[]): boolean => names.includes(name)

/** The name of a database in a message, such as `SQL Server`. */
export const titleOf = (dialect: Dialect | DialectName): string =>
  TITLES[typeof dialect === 'string' ? dialect : dialect.name]
