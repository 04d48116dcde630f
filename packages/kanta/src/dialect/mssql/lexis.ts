import type { Lexis } from '../scan.ts'
import { lineComment, matching, nestedComment, prefixed, quoted } from '../scan-readers.ts'

const plain = quoted('string', "'")

/** https://learn.microsoft.com/sql/relational-databases/databases/database-identifiers, with `quoted_identifier` on. */
export const mssqlLexis: Lexis = {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are space here
  space: /[\x01-\x20\s]*/y,
  word: /[\p{L}_#][\p{L}\p{N}_@$#]*/uy,
  operator: matching('operator', /[-+*/%&|^<>!=]=|<>|!<|!>|::/y),
  readers: {
    "'": plain,
    '"': quoted('name', '"'),
    '[': quoted('name', ']'),
    '-': lineComment(/--/y),
    '/': nestedComment,
    '@': matching('parameter', /@@?[\p{L}\p{N}_@$#]+/uy),
  },
  mayEscape: true,
  prefixes: { n: prefixed("'", plain) },
}
