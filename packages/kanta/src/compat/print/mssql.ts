import { merges, standard } from '../../dialect/index.ts'
import type { NodeOf } from '../../ir/index.ts'
import type { KyselyStyle } from './facet.ts'
import { standardPrinters } from './standard.ts'

export const mssqlStyle: KyselyStyle = {
  basePrinters: (print) => ({
    ...print,
    ...standardPrinters(
      'alias',
      'call',
      'aggregate',
      'window',
      'frame',
      'case',
      'and',
      'or',
      'operation',
      'tuple',
      'list',
      'cast',
    ),
    ...standardPrinters('grouping', 'assignment', 'jsonObject', 'jsonPath', 'joined', 'setOperation'),
    mergeWhen: merges.mergeWhen,
    mergeAction: merges.mergeAction,
    ...standardPrinters('update', 'delete'),
    select: (n, w) => (n.limit === undefined ? standard.select(withRows(n), w) : print.select(n, w)),
  }),
  ignoreKeyword: (or) => or,
}

/** Writes `rows` after an offset, as SQL Server requires. */
function withRows(n: NodeOf<'select'>): NodeOf<'select'> {
  return n.offset === undefined ? n : { ...n, offset: { kind: 'raw', strings: ['', ' rows'], parts: [n.offset] } }
}
