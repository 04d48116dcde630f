import { refuse } from '../error/index.ts'
import { show } from '../sql/index.ts'
import type { TextOperator } from './filter.ts'

/** A part of a pattern: a text as it is, any one character, or any number of them. */
export type PatternPart = string | typeof ONE | typeof ANY
export const ONE: unique symbol = Symbol('one')
export const ANY: unique symbol = Symbol('any')

/** A pattern that texts match, and whether A–Z and a–z are taken for equal. */
export interface Pattern {
  readonly parts: readonly PatternPart[]
  readonly folds: boolean
}

/** Folds the letters A–Z, as every database can; letters beyond them stay as they are. */
export const foldAscii = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())

/**
 * Reads a pattern of `like`: `%` is any text, `_` one character, and `\` takes the next character as it is.
 *
 * @throws KantaError `invalid_input` for a backslash at the end.
 */
function parseLike(pattern: string): readonly PatternPart[] {
  const parts: PatternPart[] = []
  let text = ''
  const flush = (part: PatternPart): void => {
    if (text !== '') parts.push(text)
    text = ''
    if (part !== ANY || parts.at(-1) !== ANY) parts.push(part)
  }
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i]!
    if (character === '%') flush(ANY)
    else if (character === '_') flush(ONE)
    else if (character !== '\\') text += character
    else if (++i < pattern.length) text += pattern[i]
    else refuse(`The pattern ${show(pattern)} ends in a backslash that escapes nothing. Write two for a backslash.`)
  }
  if (text !== '') parts.push(text)
  return parts
}

/** The pattern of an operator on texts. */
export function patternOf(op: TextOperator, text: string): Pattern {
  switch (op) {
    case 'like':
    case 'ilike':
      return { parts: parseLike(text), folds: op === 'ilike' }
    case 'iEq':
      return { parts: [text], folds: true }
    case 'contains':
    case 'iContains':
      return { parts: [ANY, text, ANY], folds: op === 'iContains' }
    case 'startsWith':
    case 'iStartsWith':
      return { parts: [text, ANY], folds: op === 'iStartsWith' }
    case 'endsWith':
    case 'iEndsWith':
      return { parts: [ANY, text], folds: op === 'iEndsWith' }
  }
}

/** Writes a pattern in the language of a database. */
export function writePattern(
  { parts, folds }: Pattern,
  words: { readonly one: string; readonly any: string; readonly escape: (text: string) => string },
): string {
  return parts
    .map((part) => (part === ONE ? words.one : part === ANY ? words.any : words.escape(folds ? foldAscii(part) : part)))
    .join('')
}

/** Tells whether a text matches a pattern, in time proportional to the product of their lengths. */
export function matchesPattern({ parts, folds }: Pattern, text: string): boolean {
  const characters = [...(folds ? foldAscii(text) : text)]
  const wanted = parts.flatMap((part): readonly PatternPart[] =>
    typeof part === 'string' ? [...(folds ? foldAscii(part) : part)] : [part],
  )
  // The last `%` is the only one to which it ever has to go back.
  let [at, next, star, from] = [0, 0, -1, 0]
  while (at < characters.length) {
    const part = wanted[next]
    if (part === ANY) {
      star = next++
      from = at
    } else if (part !== undefined && (part === ONE || part === characters[at])) {
      at++
      next++
    } else if (star >= 0) {
      next = star + 1
      at = ++from
    } else return false
  }
  while (wanted[next] === ANY) next++
  return next === wanted.length
}
