/** A word, a quoted name, a string, a number or a sign of SQL text; names and strings without their quotes. */
export interface Token {
  readonly kind: 'word' | 'name' | 'string' | 'number' | 'sign' | 'comment' | 'broken'
  readonly text: string
}

const PATTERN =
  /(?<space>\s+)|(?<comment>--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|"(?<name>(?:[^"]|"")*)"|'(?<string>(?:[^']|'')*)'|(?<number>\d[\w.]*)|(?<word>[A-Za-z_\u0080-\u{10ffff}][\w$\u0080-\u{10ffff}]*)|(?<sign>[-+*/%<>=!|&,.()?~:;[\]{}@#$^])|(?<broken>[\s\S])/gu

/** Reads SQL text as SQLite does, as far as Kanta writes it. */
export function tokens(sql: string): Token[] {
  const found: Token[] = []
  for (const { groups } of sql.matchAll(PATTERN)) {
    for (const [kind, text] of Object.entries(groups!)) {
      if (text === undefined || kind === 'space') continue
      const plain = kind === 'name' ? text.replaceAll('""', '"') : kind === 'string' ? text.replaceAll("''", "'") : text
      found.push({ kind: kind as Token['kind'], text: plain })
    }
  }
  return found
}
