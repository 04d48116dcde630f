import { lowerAscii } from '../../dialect/index.ts'
import { bytesOf, collated } from './byte-comparison.ts'
import { call, failureText, word } from './failure.ts'
import type { Semantics } from './index.ts'
import { columnNamed, PLAIN_NAMES } from './names.ts'
import { FUNCTIONS } from './sqlite-functions.ts'
import { storedByAffinity } from './stored.ts'

export const sqlite: Semantics = {
  functions: FUNCTIONS,
  stored: storedByAffinity,
  names: {
    ...PLAIN_NAMES,
    // An integer that is the whole key is the number of the row, whatever it is called. https://www.sqlite.org/rowidtable.html
    columnsOf: columnNamed(/^(?:rowid|oid|_rowid_)$/i, (column, { primaryKey }, dialect) => {
      const isInteger = column.type === 'custom' || dialect.typeName(column) === 'integer'
      return isInteger && primaryKey.length === 1 && primaryKey[0] === column.name
    }),
  },
  bytes: bytesOf({ of: (text) => collated(text, 'binary'), takesAll: true }),
  foldCteName: lowerAscii,
  // Whether they are called recursive or not.
  cteVisibility: () => 'all',
  cteColumnsRenameOrder: false,
  readsWrittenTable: true,
  untypedValues: false,
  readsTimeZones: true,
  // A bad path in JSON: https://www.sqlite.org/json1.html#path_arguments.
  failure: (sign) =>
    call(
      'json_extract',
      { kind: 'literal', value: '{}' },
      {
        ...{ kind: 'binary', left: failureText(sign), op: '||' },
        right: call('substr', call('random'), word('1'), word('0')),
      },
    ),
}
