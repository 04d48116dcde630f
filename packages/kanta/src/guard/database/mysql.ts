import { asWritten } from '../../dialect/index.ts'
import { bytesOf, castTo } from './byte-comparison.ts'
import { call, word } from './failure.ts'
import type { Semantics } from './index.ts'
import { FUNCTIONS } from './mysql-functions.ts'
import { PLAIN_NAMES } from './names.ts'
import { storedUnchanged } from './stored.ts'

export const mysql: Semantics = {
  functions: FUNCTIONS,
  names: PLAIN_NAMES,
  stored: storedUnchanged,
  bytes: bytesOf({ of: (text) => castTo(castTo(text, 'char'), 'binary'), readsNumbers: true }),
  // The setting lower_case_table_names decides.
  foldCteName: asWritten,
  // None that come later: https://dev.mysql.com/doc/refman/8.4/en/with.html.
  cteVisibility: (recursive) => (recursive ? 'itself' : 'before'),
  cteColumnsRenameOrder: false,
  readsWrittenTable: false,
  untypedValues: false,
  readsTimeZones: false,
  // Error 1690, a number out of range, of which the message repeats the expression. In MariaDB a random number keeps a
  // query in `from` from being looked into: there a number from a row does better.
  // https://mariadb.com/kb/en/mariadb-error-codes/
  failure: (sign, unknown = call('rand')) =>
    call('exp', { kind: 'binary', left: word(String(Number.parseInt(sign, 16))), op: '+', right: unknown }),
}

export const mariadb: Semantics = {
  ...mysql,
  cteVisibility: (recursive) => (recursive ? 'all' : 'before'),
  cteColumnsRenameOrder: true,
}
