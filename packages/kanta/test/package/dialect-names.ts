const NAME = `'(?:sqlite|postgres|mysql|mariadb|mssql)'`
const KEY = '(?:sqlite|postgres|mysql|mariadb|mssql)'

/** The ways to ask a dialect for its name, or to decide by one. */
const ASKS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['reads the name of a dialect', /\b\w*[dD]ialect\w*(?:\([^()]*\))?[!?]?\s*\.\s*name\b/g],
  [
    'takes the name out of a dialect',
    /\{[^{}=]*\bname\b[^{}=]*\}\s*(?::\s*Dialect\b|=\s*[^;\n]*[dD]ialect(?:Of\([^()]*\))?\s*(?:[;\n]|$))/g,
  ],
  ['has the type of the name of a dialect', /\bDialect\s*\[\s*'name'\s*\]/g],
  ['compares with a name', new RegExp(String.raw`[!=]==?\s*${NAME}|${NAME}\s*[!=]==?`, 'g')],
  ['branches by a name', new RegExp(String.raw`\bcase\s+${NAME}`, 'g')],
  ['lists names', new RegExp(String.raw`\[\s*${NAME}(?:\s*,\s*${NAME})*\s*,?\s*\]`, 'g')],
  ['matches names', new RegExp(String.raw`\/[^\/\n]*\b${KEY}\|${KEY}\b[^\/\n]*\/`, 'g')],
  ['has a type of names', new RegExp(String.raw`${NAME}\s*\|\s*${NAME}`, 'g')],
  [
    'has a record by names',
    new RegExp(
      String.raw`\bRecord<\s*DialectName\b|(?<=[{,]\s*)['"]?${KEY}['"]?\s*(?::(?!\s*(?:string|number|boolean)\b)|,|\()`,
      'g',
    ),
  ],
]

/** What asks a dialect for its name in a text, with the line. What a record of facets holds is no question. */
export function dialectAsks(text: string): { readonly what: string; readonly line: number }[] {
  const code = withoutFacets(withoutComments(text).replace(/^import\b[^;]*?from '[^']*'/gm, blank))
  const found = ASKS.flatMap(([what, pattern]) =>
    [...code.matchAll(pattern)].map((match) => ({ what, line: code.slice(0, match.index).split('\n').length })),
  )
  const seen = new Set<number>()
  return found
    .sort((a, b) => a.line - b.line)
    .filter(({ line }) => {
      const isFirst = !seen.has(line)
      seen.add(line)
      return isFirst
    })
}

const blank = (text: string): string => text.replace(/[^\n]/g, ' ')

/** Comments go, strings stay: names are strings. */
const withoutComments = (text: string): string =>
  text.replace(/('(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[\s\S])*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, (all, string?: string) =>
    string === undefined ? blank(all) : all,
  )

/** Blanks the arguments of `facetsOf()`, whose record the compiler holds to all names. */
function withoutFacets(code: string): string {
  let rest = code
  for (const match of code.matchAll(/\bfacetsOf(?=[<(])/g)) {
    const from = code.indexOf('(', endOfTypes(code, match.index + match[0].length))
    let depth = 0
    let to = from
    do {
      if (code[to] === '(') depth++
      else if (code[to] === ')') depth--
      to++
    } while (depth > 0 && to < code.length)
    rest = rest.slice(0, from) + blank(rest.slice(from, to)) + rest.slice(to)
  }
  return rest
}

/** Where type arguments that begin at a place end; `=>` in them closes nothing. */
function endOfTypes(code: string, from: number): number {
  if (code[from] !== '<') return from
  let depth = 0
  for (let at = from; at < code.length; at++) {
    if (code[at] === '<') depth++
    else if (code[at] === '>' && code[at - 1] !== '=' && --depth === 0) return at
  }
  return from
}
