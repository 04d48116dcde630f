import type { Script } from '../script.ts'
import { mssqlLexis } from './lexis.ts'

/** A batch goes to the server as it is, up to a line with `go`. */
export const mssqlScript: Script = {
  lexis: mssqlLexis,
  body: () => ({ isOpen: true, read() {} }),
  controls: ([first]) => first === 'commit' || first === 'rollback',
  batchEnd: /go[ \t]*(?:(\d+)[ \t]*)?(?:;[ \t;]*)?(?:--[^\n]*)?$/imy,
}
