import { facetsOf } from '../dialect/index.ts'

/** Databases that return the rows which an update or a delete has changed, in the same statement. */
const returning = {}

export const changedRows = facetsOf('Returning the rows of an update', {
  sqlite: returning,
  postgres: returning,
  mysql: undefined,
  mariadb: undefined,
  mssql: undefined,
})
