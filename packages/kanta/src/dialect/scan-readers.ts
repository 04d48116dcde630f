import type { Reader, Scanner, TokenKind } from './scan.ts'

/** Reads a string or a name up to its closing sign, which stands for itself when it is doubled. */
export function quoted(kind: TokenKind, sign: string): Reader {
  return (scanner) => {
    scanner.close(sign, scanner.end + 1)
    while (scanner.text[scanner.end] === sign) scanner.close(sign, scanner.end + 1)
    return kind
  }
}

/** The same, where a backslash takes away the meaning of what follows it. */
export function escaped(kind: TokenKind, sign: string): Reader {
  return (scanner) => {
    const { text } = scanner
    for (let at = scanner.end + 1; at < text.length; at++) {
      if (text[at] === '\\') at++
      else if (text[at] === sign) {
        if (text[at + 1] !== sign) {
          scanner.end = at + 1
          return kind
        }
        at++
      }
    }
    scanner.isClosed = false
    scanner.end = text.length
    return kind
  }
}

/** Reads what follows a prefix if it begins with `opening`. */
export function prefixed(opening: string, reader: Reader): Reader {
  return (scanner) => {
    if (!scanner.text.startsWith(opening, scanner.end)) return undefined
    scanner.end += opening.length - 1
    return reader(scanner)
  }
}

/** Reads what a sticky pattern matches. */
export function matching(kind: TokenKind, pattern: RegExp): Reader {
  return (scanner) => (scanner.takes(pattern) ? kind : undefined)
}

/** Reads a comment up to the end of its line; `opening` matches its first signs. */
export function lineComment(opening: RegExp, end: RegExp = /\n/g): Reader {
  return (scanner) => {
    if (!scanner.takes(opening)) return undefined
    end.lastIndex = scanner.end
    scanner.end = end.exec(scanner.text)?.index ?? scanner.text.length
    return 'comment'
  }
}

/** Reads a comment that ends with the first closing sign. */
export function blockComment(scanner: Scanner): TokenKind | undefined {
  if (!scanner.text.startsWith('/*', scanner.start)) return undefined
  scanner.close('*/', scanner.start + 2)
  return 'comment'
}

const COMMENT_SIGN = /\/\*|\*\//g

/** Reads a comment that may hold comments. */
export function nestedComment(scanner: Scanner): TokenKind | undefined {
  const { text, start } = scanner
  if (!text.startsWith('/*', start)) return undefined
  COMMENT_SIGN.lastIndex = start
  let depth = 0
  for (let sign = COMMENT_SIGN.exec(text); sign !== null; sign = COMMENT_SIGN.exec(text)) {
    depth += sign[0] === '/*' ? 1 : -1
    if (depth > 0) continue
    scanner.end = COMMENT_SIGN.lastIndex
    return 'comment'
  }
  scanner.isClosed = false
  scanner.end = text.length
  return 'comment'
}
