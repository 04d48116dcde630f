import { explainInWords } from './explain.ts'
import type { KyselyStyle } from './facet.ts'

export const mysqlStyle: KyselyStyle = {
  basePrinters: (print) => print,
  ignoreKeyword: (or) => (or === 'or ignore' ? 'ignore' : or),
  explain: explainInWords,
}
