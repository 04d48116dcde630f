import type { Dialect } from '../dialect.ts'
import { lowerAscii } from '../fold.ts'
import { mariadbCapabilities, mysqlCapabilities } from './capabilities.ts'
import { codec, defaultText, typeName } from './column.ts'
import type { Flavor } from './flavor.ts'
import { mariadbJson, mysqlJson } from './json.ts'
import { mariadbLexis, mysqlLexis } from './lexis.ts'
import { printersOf } from './print.ts'
import { readBack } from './read-back.ts'
import { definitionLiteral, literal, quote } from './text.ts'
import { mysqlTransaction } from './transaction.ts'

export { mariadbLexis, mysqlLexis, withoutBackslashes } from './lexis.ts'
export { mariadbScript, mysqlScript } from './script.ts'

type Shared = Omit<Dialect, 'capabilities' | 'lexis'>

function dialectOf(flavor: Flavor & { readonly uuid: string }): Shared {
  return {
    name: flavor.name,
    print: printersOf(flavor),
    merge: 'Use insertInto() with onDuplicateKeyUpdate(), and updateTable() with a join.',
    transaction: mysqlTransaction,
    lists: 'padded',
    codec,
    maxParameters: 65_535,
    bulkParameters: 4_096,
    // Text is equal to the same letters alone, as on every other database: the default takes 'a' for 'A'. That of JSON
    // is this one, and MariaDB compares no text of two collations. Spaces at the end do not count in it.
    tableOptions: () => ['default character set utf8mb4 collate utf8mb4_bin'],
    keyIdentity: () => 'auto',
    defaultText: (value, column, table) => defaultText(value, typeName(column, table, flavor.uuid)),
    readBack,
    typeName: (column, table) => typeName(column, table, flavor.uuid),
    // The setting lower_case_table_names decides.
    foldName: lowerAscii,
    insertIdIsFirst: true,
    transactionalDdl: false,
    quote,
    fitsName: (name) => name.length <= 64,
    placeholder: () => '?',
    literal,
    definitionLiteral,
  }
}

/** MySQL 8.0.31 and later. */
export const mysqlDialect: Dialect = {
  ...dialectOf({ name: 'mysql', json: mysqlJson, uuid: 'char(36)' }),
  capabilities: mysqlCapabilities,
  lexis: mysqlLexis,
}

/** MariaDB 10.11 and later. */
export const mariadbDialect: Dialect = {
  ...dialectOf({ name: 'mariadb', json: mariadbJson, uuid: 'uuid' }),
  capabilities: mariadbCapabilities,
  lexis: mariadbLexis,
}
