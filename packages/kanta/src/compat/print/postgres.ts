import { explainWith } from './explain.ts'
import type { KyselyStyle } from './facet.ts'
import { plain } from './plain.ts'

export const postgresStyle: KyselyStyle = {
  basis: (print) => ({
    ...print,
    ...plain('alias', 'call', 'aggregate', 'case', 'select', 'setOperation'),
    ...plain('jsonLeg', 'jsonObject', 'jsonPath'),
  }),
  ignoring: (or) => or,
  explain: explainWith({ open: '(', assign: ' ', separator: ', ', close: ')' }),
}
