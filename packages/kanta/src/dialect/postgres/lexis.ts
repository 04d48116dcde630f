import type { Lexis, Reader, Scanner, TokenKind } from '../scan.ts'
import { escaped, lineComment, matching, nestedComment, prefixed, quoted } from '../scan-readers.ts'

/** Reads a string together with those that continue it on further lines, in which the same escapes hold. */
function continued(reader: Reader): Reader {
  return (scanner) => {
    let kind = reader(scanner)
    for (let at = continuation(scanner); at !== undefined && scanner.isClosed; at = continuation(scanner)) {
      scanner.end = at
      kind = reader(scanner)
    }
    return kind
  }
}

/** Returns where a string goes on behind a line break. */
function continuation({ text, end }: Scanner): number | undefined {
  let at = end
  let hasBreak = false
  for (;;) {
    const char = text[at]
    if (char === '\n' || char === '\r') hasBreak = true
    else if (char === '-' && text[at + 1] === '-') {
      while (at + 1 < text.length && text[at + 1] !== '\n' && text[at + 1] !== '\r') at++
    } else if (char !== ' ' && char !== '\t' && char !== '\f' && char !== '\v')
      return hasBreak && char === "'" ? at : undefined
    at++
  }
}

const plain = continued(quoted('string', "'"))
const name = quoted('name', '"')
const string = prefixed("'", plain)
const parameter = matching('parameter', /\$\d+/y)
const TAG = /\$(?:[A-Za-z_\x80-\uffff][\w\x80-\uffff]*)?\$/y

/** Reads `$1`, and strings between two tags, in which nothing is special. */
function dollar(scanner: Scanner): TokenKind | undefined {
  if (!scanner.takes(TAG)) return parameter(scanner)
  scanner.close(scanner.token, scanner.end)
  return 'string'
}

const OPERATOR = /::|:=|\.\.|=>(?![-+*/<>=~!@#%^&|`?])|(?:(?!--|\/\*)[-+*/<>=~!@#%^&|`?]){1,32}/y

/** Reads an operator; users may define more. One of arithmetic signs alone does not end with `+` or `-`. */
function operator(scanner: Scanner): TokenKind | undefined {
  if (!scanner.takes(OPERATOR)) return undefined
  if (!/[~!@#%^&|`?]/.test(scanner.token))
    while (scanner.end > scanner.start + 1 && '+-'.includes(scanner.text[scanner.end - 1]!)) scanner.end--
  return 'operator'
}

const ESCAPE = /\\(?:x([\da-fA-F]{1,2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|([\s\S]))/g
const UNICODE = /\\(?:\\|([\da-fA-F]{4})|\+([\da-fA-F]{6}))/g
const CONTROLS: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

const charOf = (digits: string): string => String.fromCodePoint(Math.min(Number.parseInt(digits, 16), 0x10ffff))

/** Two strings with a line break between them are one. */
const PLAIN_JOINT = /''|'(?:[ \t-\r]|--[^\n\r]*[\n\r])+'/g
const JOINT = /\\[\s\S]|''|'(?:[ \t-\r]|--[^\n\r]*[\n\r])+'/g

function contentOf(text: string, sign: string, prefix: string): string {
  if (sign === '"') return prefix === '' ? text.replaceAll('""', '"') : fromUnicode(text.replaceAll('""', '"'))
  const hasEscapes = prefix === 'e'
  const joined = text.replace(hasEscapes ? JOINT : PLAIN_JOINT, (part) =>
    part[0] === '\\' ? part : part === "''" ? "'" : '',
  )
  return hasEscapes ? fromEscapes(joined) : prefix === 'u&' ? fromUnicode(joined) : joined
}

const fromUnicode = (text: string): string =>
  text.replace(UNICODE, (_, four?: string, six?: string) =>
    (four ?? six) === undefined ? '\\' : charOf((four ?? six)!),
  )

function fromEscapes(text: string): string {
  return text.replace(ESCAPE, (_, byte?: string, four?: string, eight?: string, octal?: string, char?: string) => {
    if (char !== undefined) return CONTROLS[char] ?? char
    return octal === undefined ? charOf((byte ?? four ?? eight)!) : String.fromCharCode(Number.parseInt(octal, 8))
  })
}

/** https://www.postgresql.org/docs/current/sql-syntax-lexical.html, with `standard_conforming_strings` on. */
export const postgresLexis: Lexis = {
  space: /[ \t-\r]*/y,
  word: /[A-Za-z_\x80-\uffff][\w$\x80-\uffff]*/y,
  operator,
  readers: {
    "'": plain,
    '"': name,
    $: dollar,
    '-': lineComment(/--/y, /[\n\r]/g),
    '/': nestedComment,
  },
  mayEscape: true,
  prefixes: {
    e: prefixed("'", continued(escaped('string', "'"))),
    u: (scanner) => prefixed("&'", plain)(scanner) ?? prefixed('&"', name)(scanner),
    n: string,
    x: string,
    b: string,
  },
  contentOf,
}
