import { refuse } from '../error/index.ts'
import { show } from '../sql/index.ts'

/** What a search asks for, or what it does not want. */
export interface Term {
  /** One word, or the words of a phrase; never syntax. */
  readonly text: string
  readonly isPhrase: boolean
  /** Whether words that begin like it count. */
  readonly isPrefix: boolean
}

/** A search as it was typed, taken apart. */
export interface Search {
  /** All of these are to be found. */
  readonly wanted: readonly Term[]
  /** None of these is to be found. */
  readonly unwanted: readonly Term[]
}

const LONGEST = 4_000
/** PostgreSQL takes no longer word, in bytes. */
const LONGEST_WORD = 500
const MOST_TERMS = 100

const TERM = /(-?)(?:"([^"]*)"?|([^\s"]+))/gu
const WORD = /[\p{L}\p{N}]/u

/**
 * Takes apart what somebody typed: `words "a phrase" -not pre*`. All that has a meaning is what stands here; every other
 * sign separates words or is part of them, as the database sees it.
 *
 * @throws KantaError `invalid_input` for what is no text, is too long, or only says what it does not want.
 */
export function parseSearch(text: unknown): Search {
  if (typeof text !== 'string') return refuse(`A search takes the text that somebody typed, not ${show(text)}.`)
  if (text.length > LONGEST) refuse(`A search of ${text.length} characters is too long. It takes up to ${LONGEST}.`)
  const wanted: Term[] = []
  const unwanted: Term[] = []
  for (const [, minus, phrase, word] of text.toWellFormed().replaceAll('\0', ' ').matchAll(TERM)) {
    const isPrefix = word?.endsWith('*') === true
    const found = phrase ?? word!.replace(/\*+$/, '')
    if (!WORD.test(found)) continue
    if (found.split(/\s+/).some((one) => one.length > LONGEST_WORD))
      refuse(`A search has a word of more than ${LONGEST_WORD} characters. Leave it out.`)
    const term = { text: found, isPhrase: phrase !== undefined, isPrefix }
    ;(minus === '-' ? unwanted : wanted).push(term)
  }
  if (wanted.length + unwanted.length > MOST_TERMS)
    refuse(`A search has ${wanted.length + unwanted.length} terms. It takes up to ${MOST_TERMS}.`)
  if (wanted.length === 0 && unwanted.length > 0)
    refuse('The search only says what is not wanted. Add a word that is to be found.')
  return { wanted, unwanted }
}

/** The search for FTS5: each term is a string there, in which nothing has a meaning but quotes, which no term holds. */
export function searchOfSqlite({ wanted, unwanted }: Search): string {
  const part = ({ text, isPrefix }: Term): string => `"${text.replaceAll('"', ' ')}"${isPrefix ? ' *' : ''}`
  const found = wanted.map(part).join(' AND ')
  return unwanted.length === 0 ? found : `(${found}) NOT (${unwanted.map(part).join(' OR ')})`
}

/** The search for `to_tsquery`: each term is quoted, so that PostgreSQL makes of it what it made of the rows. */
export function searchOfPostgres({ wanted, unwanted }: Search): string {
  const part = ({ text, isPrefix }: Term): string =>
    `'${text.replaceAll('\\', ' ').replaceAll("'", "''")}'${isPrefix ? ':*' : ''}`
  return [...wanted.map(part), ...unwanted.map((term) => `!${part(term)}`)].join(' & ')
}

/** The search for `match … against (… in boolean mode)`, whose signs no word holds. */
export function searchOfMysql({ wanted, unwanted }: Search): string {
  const parts = [
    ...wanted.flatMap((term) => mysqlParts(term, true).map((part) => `+${part}`)),
    ...unwanted.map((term) => `-${mysqlParts(term, false)[0]}`),
  ]
  return parts.join(' ')
}

function mysqlParts({ text, isPrefix }: Term, mayBeSeveral: boolean): readonly string[] {
  const words = text.match(/[\p{L}\p{N}\p{M}_]+/gu) ?? []
  const [last] = words.slice(-1)
  if (words.length === 1) return [isPrefix ? `${last}*` : `${last}`]
  const phrase = (of: readonly string[]): string => `"${of.join(' ')}"`
  // No phrase ends in the beginning of a word there.
  if (!isPrefix || !mayBeSeveral) return [phrase(words)]
  return [words.length === 2 ? words[0]! : phrase(words.slice(0, -1)), `${last}*`]
}
