import { standard } from '../../dialect/index.ts'
import { explainInWords } from './explain.ts'
import type { KyselyStyle } from './facet.ts'

export const sqliteStyle: KyselyStyle = {
  // Kysely leaves `current_timestamp` to SQLite.
  basePrinters: (print) => ({ ...print, raw: standard.raw }),
  ignoreKeyword: (or) => (or === 'ignore' ? 'or ignore' : or),
  explain: explainInWords,
}
