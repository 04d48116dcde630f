import type { Dialect } from '../dialect.ts'
import { mariadbCapabilities, mysqlCapabilities } from './capabilities.ts'
import { codec, typeName } from './column.ts'
import type { Flavor } from './flavor.ts'
import { FUNCTIONS } from './functions.ts'
import { mariadbJson, mysqlJson } from './json.ts'
import { printersOf } from './print.ts'
import { readBack } from './read-back.ts'
import { literal, quote } from './text.ts'
import { mysqlTransaction } from './transaction.ts'

function dialectOf(flavor: Flavor & { readonly uuid: string }): Omit<Dialect, 'capabilities'> {
  return {
    name: flavor.name,
    print: printersOf(flavor),
    transaction: mysqlTransaction,
    lists: 'padded',
    codec,
    maxParameters: 65_535,
    functions: FUNCTIONS,
    bulkParameters: 4_096,
    // Text is equal to the same letters alone, as on every other database: the default takes 'a' for 'A'. That of JSON
    // is this one, and MariaDB compares no text of two collations. Spaces at the end do not count in it.
    tableSuffix: () => ' default character set utf8mb4 collate utf8mb4_bin',
    generatedKey: () => 'primary key auto_increment',
    readBack,
    typeName: (column, table) => typeName(column, table, flavor.uuid),
    quote,
    placeholder: () => '?',
    literal,
  }
}

/** MySQL 8.0.31 and later. */
export const mysqlDialect: Dialect = {
  ...dialectOf({ name: 'mysql', json: mysqlJson, uuid: 'char(36)' }),
  capabilities: mysqlCapabilities,
}

/** MariaDB 10.11 and later. */
export const mariadbDialect: Dialect = {
  ...dialectOf({ name: 'mariadb', json: mariadbJson, uuid: 'uuid' }),
  capabilities: mariadbCapabilities,
}
