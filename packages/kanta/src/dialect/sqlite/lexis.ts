import type { Lexis, Scanner, TokenKind } from '../scan.ts'
import { blockComment, lineComment, matching, prefixed, quoted } from '../scan-readers.ts'

const name = (sign: string) => quoted('name', sign)
const plain = quoted('string', "'")

/** Reads a name in brackets, in which no bracket can stand for itself. */
function bracketed(scanner: Scanner): TokenKind {
  scanner.close(']', scanner.start + 1)
  return 'name'
}

const variable = matching('parameter', /[:@$#](?:[\w$\x80-\uffff]|::)+(?:\([^ \t\n\f\r)]*\))?/y)

/** https://www.sqlite.org/lang_expr.html and `sqlite3GetToken` in tokenize.c. */
export const sqliteLexis: Lexis = {
  // A byte order mark is space wherever a token could begin.
  space: /[ \t\n\f\r\ufeff]*/y,
  word: /[A-Za-z_\x80-\uffff][\w$\x80-\uffff]*/y,
  operator: matching('operator', /\|\||->>?|<<|>>|[<>=!]=|<>/y),
  readers: {
    "'": plain,
    '"': name('"'),
    '`': name('`'),
    '[': bracketed,
    '-': lineComment(/--/y),
    // Two signs at the very end are no comment.
    '/': (scanner) => (scanner.start + 2 < scanner.text.length ? blockComment(scanner) : undefined),
    '?': matching('parameter', /\?\d*/y),
    ':': variable,
    '@': variable,
    $: variable,
    '#': variable,
  },
  mayEscape: false,
  prefixes: { x: prefixed("'", plain) },
}
