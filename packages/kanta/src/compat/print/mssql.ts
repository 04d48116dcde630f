import { standard } from '../../dialect/index.ts'
import type { NodeOf } from '../../ir/index.ts'
import type { KyselyStyle } from './facet.ts'
import { plain } from './plain.ts'

export const mssqlStyle: KyselyStyle = {
  basis: (print) => ({
    ...print,
    ...plain(
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
    ...plain('grouping', 'assignment', 'mergeWhen', 'mergeAction', 'jsonObject', 'jsonPath', 'joined', 'setOperation'),
    ...plain('update', 'delete'),
    select: (n, w) => (n.limit === undefined ? standard.select(withRows(n), w) : print.select(n, w)),
  }),
  ignoring: (or) => or,
}

/** Writes `rows` after an offset, as SQL Server requires. */
function withRows(n: NodeOf<'select'>): NodeOf<'select'> {
  return n.offset === undefined ? n : { ...n, offset: { kind: 'raw', strings: ['', ' rows'], parts: [n.offset] } }
}
