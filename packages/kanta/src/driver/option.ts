import { refuse } from '../error/index.ts'

/** The largest value of numeric options, which libraries and servers store as a signed 32-bit integer. */
const MAX_INTEGER = 0x7fffffff

/** Checks a numeric option of the driver `name`. */
export function wholeNumber(name: string, option: string, value: unknown, least: number): number {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > MAX_INTEGER)
    refuse(`The option ${option} of ${name} is a whole number, ${least} or more, not ${String(value)}.`)
  return value as number
}

/** The drivers of the databases that a URL may be of. */
const DRIVERS: Readonly<Record<string, string>> = {
  postgres: 'pg() of kanta/pg',
  postgresql: 'pg() of kanta/pg',
  mysql: 'mysql() of kanta/mysql2',
  mariadb: 'mariadb() of kanta/mysql2',
  mssql: 'tedious() of kanta/tedious',
  sqlserver: 'tedious() of kanta/tedious',
  sqlite: 'sqlite() of kanta/sqlite',
  file: 'sqlite() of kanta/sqlite',
  libsql: 'libsql() of kanta/libsql',
}

/** Refuses a URL that is empty, has no scheme, or is of another database. It may hold a password, so it is not shown. */
export function checkUrl(owner: string, url: string, schemes: readonly string[], example: string): void {
  if (url.trim() === '')
    refuse(
      `The URL that ${owner} was given is empty. Check that the environment variable is set; such as '${example}'.`,
    )
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase()
  if (scheme !== undefined && schemes.includes(scheme)) return
  const other = scheme === undefined ? undefined : DRIVERS[scheme]
  if (other !== undefined) refuse(`${owner} takes no URL that begins with '${scheme}:'. Use ${other}.`)
  refuse(
    url.includes('://')
      ? `The URL that ${owner} was given begins with '${scheme}:'. Begin it with '${schemes[0]}://', such as '${example}'.`
      : `The URL that ${owner} was given has no scheme. Begin it with '${schemes[0]}://', such as '${example}'.`,
  )
}

/** Rejects a chunk size below 1, with which a stream would never return a row. */
export function checkChunkSize(chunkSize: number): void {
  if (!(chunkSize >= 1)) refuse(`A stream reads 1 row or more at a time, not ${chunkSize}.`)
}
