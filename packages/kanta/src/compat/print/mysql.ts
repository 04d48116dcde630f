import { explainInWords } from './explain.ts'
import type { KyselyStyle } from './facet.ts'

export const mysqlStyle: KyselyStyle = {
  basis: (print) => print,
  ignoring: (or) => (or === 'or ignore' ? 'ignore' : or),
  explain: explainInWords,
}
