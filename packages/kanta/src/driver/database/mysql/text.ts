const STATEMENTS =
  /^\s*(?:create|alter)\s+(?:or\s+replace\s+)?(?:definer\s*=\s*\S+\s+)?(?:aggregate\s+)?(?:procedure|function|trigger|event|package)\b/i

/**
 * The statements of a script. Each is sent alone, since a connection that takes several at once would also take those
 * that somebody got into a text. The body of a procedure, function, trigger or event goes on to the end of the script.
 */
export function statementsOf(script: string, backslashEscapes: boolean): string[] {
  const statements: string[] = []
  let from = 0
  let at = 0
  const end = (to: number): void => {
    const statement = script.slice(from, to)
    if (!isBlank(statement)) statements.push(statement.trim())
    from = to + 1
  }
  while (at < script.length) {
    if (script[at] === ';') {
      if (STATEMENTS.test(withoutComments(script.slice(from, at))) && /\bbegin\b/i.test(script.slice(from, at))) break
      end(at)
      at++
    } else at = past(script, at, backslashEscapes)
  }
  const last = script.slice(from).trim()
  if (!isBlank(last)) statements.push(last)
  return statements
}

const COMMENT = /^(?:\s|#[^\n]*|--(?=\s|$)[^\n]*|\/\*(?![!M])[\s\S]*?\*\/)*/

const withoutComments = (text: string): string => text.replace(COMMENT, '')

const isBlank = (text: string): boolean => withoutComments(text) === ''

/** Where the string, quoted name, comment or single character that starts here ends. */
function past(text: string, at: number, backslashEscapes: boolean): number {
  const sign = text[at]!
  if (sign === "'" || sign === '"') return pastString(text, at, backslashEscapes)
  if (sign === '`') return pastText(text, '`', at + 1)
  if (sign === '#') return pastText(text, '\n', at + 1)
  if (sign === '-' && /^--(?:\s|$)/.test(text.slice(at, at + 3))) return pastText(text, '\n', at + 2)
  if (sign === '/' && text[at + 1] === '*') return pastText(text, '*/', at + 2)
  return at + 1
}

function pastString(text: string, start: number, backslashEscapes: boolean): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\' && backslashEscapes) at++
    else if (text[at] === text[start]) return at + 1
  }
  return text.length
}

function pastText(text: string, end: string, from: number): number {
  const at = text.indexOf(end, from)
  return at < 0 ? text.length : at + end.length
}
