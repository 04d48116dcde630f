import { explainInWords } from './explain.ts'
import type { KyselyStyle } from './facet.ts'

export const sqliteStyle: KyselyStyle = {
  basis: (print) => print,
  ignoring: (or) => (or === 'ignore' ? 'or ignore' : or),
  explain: explainInWords,
}
