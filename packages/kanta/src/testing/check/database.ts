import { facetsOf } from '../../dialect/index.ts'

/** Reads the plans that a database explains. */
export interface PlanFacet {
  /** Returns the names of the indexes that a plan uses; a primary key without a name of its own is `primary key`. */
  indexesOf(rows: readonly Readonly<Record<string, unknown>>[]): string[]
}

const mysql: PlanFacet = {
  indexesOf: (rows) =>
    rows.flatMap((row) => {
      const key = row.key ?? row.KEY
      return typeof key === 'string' ? [key === 'PRIMARY' ? 'primary key' : key] : []
    }),
}

/** Returns a name as it is; PostgreSQL quotes what it would fold. */
const unquoted = (name: string): string => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name)

export const planFacets = facetsOf<PlanFacet>('Checks of indexes', {
  sqlite: {
    indexesOf: (rows) =>
      rows.flatMap(({ detail }) => {
        const [, name, key] =
          /USING (?:(?:COVERING )?INDEX (\S+)|(?:INTEGER )?(PRIMARY KEY))/.exec(String(detail)) ?? []
        return name !== undefined ? [name] : key !== undefined ? ['primary key'] : []
      }),
  },
  postgres: {
    indexesOf: (rows) =>
      rows.flatMap((row) =>
        [
          ...String(Object.values(row)[0]).matchAll(
            /(?:Index(?: Only)? Scan(?: Backward)? using|Bitmap Index Scan on) ("(?:[^"]|"")+"|\S+)/g,
          ),
        ].map(([, name]) => unquoted(name!)),
      ),
  },
  mysql,
  mariadb: mysql,
  mssql: undefined,
})
