/** What PostgreSQL, which is strict with types, says of queries that SQLite takes. */
export const TYPES_OF_POSTGRES = [
  /function (?:min|max|sum)\((?:boolean|text)\) does not exist/,
  /could not determine data type of parameter/,
  /inconsistent types deduced for parameter/,
  /operator does not exist/,
  /types .* and .* cannot be matched/,
  /FULL JOIN is only supported with/,
  // Two parameters with one value are two values.
  /must appear in the GROUP BY clause/,
  /invalid input syntax for type boolean/,
]

/** What MariaDB says of queries that are right. */
export const FAULTS_OF_MARIADB = [
  // It has no lateral tables, and loses columns of queries in queries when it runs a statement again.
  /Unknown column '\w+\.\w+' in '/,
  // It counts the columns of a star twice when a query with set operations stands in exists().
  /have a different number of columns/,
  // It takes a condition without columns for a position.
  /Can't group on/,
]
