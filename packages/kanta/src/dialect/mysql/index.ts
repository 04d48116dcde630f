import type { Node } from '../../ir/index.ts'
import { bytesOf, castTo } from '../bytes.ts'
import type { Dialect } from '../dialect.ts'
import { call, word } from '../failure.ts'
import { asWritten, lowerAscii } from '../fold.ts'
import { PLAIN_NAMES } from '../names.ts'
import { storedUnchanged } from '../stored.ts'
import { mariadbCapabilities, mysqlCapabilities } from './capabilities.ts'
import { codec, defaultText, typeName } from './column.ts'
import type { Flavor } from './flavor.ts'
import { FUNCTIONS } from './functions.ts'
import { mariadbJson, mysqlJson } from './json.ts'
import { mariadbLexis, mysqlLexis } from './lexis.ts'
import { printersOf } from './print.ts'
import { readBack } from './read-back.ts'
import { literal, quote } from './text.ts'
import { mysqlTransaction } from './transaction.ts'

export { mariadbLexis, mysqlLexis, withoutBackslashes } from './lexis.ts'
export { mariadbScript, mysqlScript } from './script.ts'

type Shared = Omit<Dialect, 'capabilities' | 'lexis' | 'cteVisibility' | 'cteColumnsRenameOrder'>

/**
 * Error 1690, a number out of range, of which the message repeats the expression. In MariaDB a random number keeps a
 * query in `from` from being looked into: there a number from a row does better.
 * https://mariadb.com/kb/en/mariadb-error-codes/
 */
const failure = (sign: string, unknown: Node = call('rand')): Node =>
  call('exp', { kind: 'binary', left: word(String(Number.parseInt(sign, 16))), op: '+', right: unknown })

function dialectOf(flavor: Flavor & { readonly uuid: string }): Shared {
  return {
    name: flavor.name,
    print: printersOf(flavor),
    merge: 'Use insertInto() with onDuplicateKeyUpdate(), and updateTable() with a join.',
    transaction: mysqlTransaction,
    names: PLAIN_NAMES,
    stored: storedUnchanged,
    bytes: bytesOf({ of: (text) => castTo(castTo(text, 'char'), 'binary'), readsNumbers: true }),
    lists: 'padded',
    codec,
    maxParameters: 65_535,
    functions: FUNCTIONS,
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
    foldCteName: asWritten,
    readsWrittenTable: false,
    untypedValues: false,
    readsTimeZones: false,
    transactionalDdl: false,
    failure,
    quote,
    placeholder: () => '?',
    literal,
  }
}

/** MySQL 8.0.31 and later. */
export const mysqlDialect: Dialect = {
  ...dialectOf({ name: 'mysql', json: mysqlJson, uuid: 'char(36)' }),
  capabilities: mysqlCapabilities,
  lexis: mysqlLexis,
  // None that come later: https://dev.mysql.com/doc/refman/8.4/en/with.html.
  cteVisibility: (recursive) => (recursive ? 'itself' : 'before'),
  cteColumnsRenameOrder: false,
}

/** MariaDB 10.11 and later. */
export const mariadbDialect: Dialect = {
  ...dialectOf({ name: 'mariadb', json: mariadbJson, uuid: 'uuid' }),
  capabilities: mariadbCapabilities,
  lexis: mariadbLexis,
  cteVisibility: (recursive) => (recursive ? 'all' : 'before'),
  cteColumnsRenameOrder: true,
}
