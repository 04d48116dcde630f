import { lowerAscii } from '../../dialect/index.ts'
import type { Node } from '../../ir/index.ts'
import { bytesOf, castTo, collated } from './byte-comparison.ts'
import { call, failedCast } from './failure.ts'
import type { Semantics } from './index.ts'
import { FUNCTIONS } from './mssql-functions.ts'
import { columnNamed, PLAIN_NAMES } from './names.ts'
import { storedByCast } from './stored.ts'

const END = '.'
const ended = (text: Node): Node => ({
  kind: 'raw',
  strings: ['', ` + N'${END}'`],
  parts: [castTo(text, 'nvarchar(max)')],
})

export const mssql: Semantics = {
  functions: FUNCTIONS,
  stored: storedByCast((value) => ({ value })),
  names: {
    ...PLAIN_NAMES,
    writtenRows: ['inserted', 'deleted'],
    columnsOf: columnNamed(
      /^\$(?:identity|rowguid)$/i,
      ({ generated, type }) => generated !== undefined || type === 'uuid',
    ),
  },
  // Spaces at the end count only before another character.
  bytes: bytesOf({
    of: (text) => collated(ended(text), 'Latin1_General_100_BIN2'),
    parameter: (text) => `${text}${END}`,
    readsNumbers: true,
  }),
  foldCteName: lowerAscii,
  cteVisibility: (recursive) => (recursive ? 'all' : 'before'),
  cteColumnsRenameOrder: false,
  readsWrittenTable: true,
  untypedValues: false,
  readsTimeZones: true,
  failure: (sign) => failedCast(sign, call('newid'), 'int'),
}
