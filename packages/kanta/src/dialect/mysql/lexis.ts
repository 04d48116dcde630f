import type { Lexis, Reader } from '../scan.ts'
import { blockComment, escaped, lineComment, matching, prefixed, quoted } from '../scan-readers.ts'

const hashComment = lineComment(/#/y)
// What follows has to be space or a control character: `5--1` is an expression.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they begin a comment here
const dashComment = lineComment(/--(?=[\x00-\x20\x7f]|$)/y)
const variable = matching('variable', /@@?[\w$.\x80-\uffff]+/y)
/** Names may begin with digits, but not with those of an exponent: `1e1a` is a number and a name. */
const digits = matching(
  'word',
  /(?!\d+[eE][+-]?\d|(?:0x[\da-fA-F]+|0b[01]+)(?![\w$\x80-\uffff]))\d+[A-Za-z_$\x80-\uffff][\w$\x80-\uffff]*/y,
)

/** Reads what opens a directive, or a comment. The code between the signs of a directive runs. */
const slash =
  (opening: RegExp): Reader =>
  (scanner) => {
    if (!scanner.takes(opening)) return blockComment(scanner)
    scanner.isDirected = true
    return 'directive'
  }

const star: Reader = (scanner) => {
  if (!scanner.isDirected || !scanner.takes(/\*\//y)) return undefined
  scanner.isDirected = false
  return 'directive'
}

/** The rules for strings, which depend on `sql_mode`. */
function strings(
  reader: (kind: 'string', sign: string) => Reader,
): Pick<Lexis, 'prefixes'> & { quotes: Lexis['readers'] } {
  const single = reader('string', "'")
  const literal = prefixed("'", single)
  return { quotes: { "'": single, '"': reader('string', '"') }, prefixes: { n: literal, x: literal, b: literal } }
}

const CONTROLS: Readonly<Record<string, string>> = {
  ...{ '0': '\0', b: '\b', n: '\n', r: '\r', t: '\t', Z: '\x1a', '%': '\\%', _: '\\_' },
}

const contentOf = (text: string, sign: string): string =>
  sign === '`' ? text.replaceAll('``', '`') : unescaped(text.replaceAll(sign + sign, sign))

const unescaped = (text: string): string => text.replace(/\\([\s\S])/g, (_, char: string) => CONTROLS[char] ?? char)

function lexisOf(directive: RegExp): Lexis {
  const { quotes, prefixes } = strings(escaped)
  const number = Object.fromEntries([...'0123456789'].map((digit) => [digit, digits]))
  return {
    space: /[ \t-\r]*/y,
    word: /[A-Za-z_\x80-\uffff][\w$\x80-\uffff]*/y,
    operator: matching('operator', /<=>|->>?|\|\||&&|<<|>>|[<>!:]=|<>/y),
    readers: {
      ...{ ...quotes, ...number, '`': quoted('name', '`') },
      ...{ '#': hashComment, '-': dashComment, '/': slash(directive), '*': star },
      ...{ '?': matching('parameter', /\?/y), '@': variable },
    },
    mayEscape: true,
    prefixes,
    contentOf,
  }
}

/** https://dev.mysql.com/doc/refman/8.4/en/language-structure.html, with the default `sql_mode`. */
export const mysqlLexis: Lexis = lexisOf(/\/\*!\d{0,6}/y)

/** https://mariadb.com/kb/en/comment-syntax/: it has directives of its own. */
export const mariadbLexis: Lexis = lexisOf(/\/\*M?!\d{0,6}/y)

/** The same under the mode `no_backslash_escapes`. */
export function withoutBackslashes(lexis: Lexis): Lexis {
  const { quotes, prefixes } = strings(quoted)
  const { contentOf: _, ...others } = lexis
  return { ...others, readers: { ...lexis.readers, ...quotes }, prefixes }
}
