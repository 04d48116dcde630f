import { explainInWords } from './explain.ts'
import type { KyselyStyle } from './facet.ts'

export const sqliteStyle: KyselyStyle = {
  basePrinters: (print) => print,
  ignoreKeyword: (or) => (or === 'ignore' ? 'or ignore' : or),
  explain: explainInWords,
}
