import { explainWith } from './explain.ts'
import type { KyselyStyle } from './facet.ts'
import { standardPrinters } from './standard.ts'

export const postgresStyle: KyselyStyle = {
  basePrinters: (print) => ({
    ...print,
    ...standardPrinters('alias', 'call', 'aggregate', 'case', 'select', 'setOperation'),
    ...standardPrinters('jsonLeg', 'jsonObject', 'jsonPath'),
  }),
  ignoreKeyword: (or) => or,
  explain: explainWith({ open: '(', assign: ' ', separator: ', ', close: ')' }),
}
