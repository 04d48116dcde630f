import { refuse } from '../error/index.ts'
import { show } from '../sql/index.ts'
import { type IndexedWords, isIndexed } from './mysql-words.ts'

/** What a search asks for, or what it does not want. */
export interface Term {
  /** One word, or the words of a phrase; never syntax. */
  readonly text: string
  readonly isPhrase: boolean
  /** Tells whether words that begin like it count. */
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

/** What is joined by hyphens is one more word of its own there, which is only in a row that has it so. */
const apart = (text: string): string => (/^[\p{L}\p{M}-]+$/u.test(text) ? text.replaceAll('-', ' ') : text)

/** The search for `to_tsquery`: each term is quoted, so that PostgreSQL makes of it what it made of the rows. */
export function searchOfPostgres({ wanted, unwanted }: Search): string {
  const part = ({ text, isPrefix }: Term): string =>
    `'${apart(text).replaceAll('\\', ' ').replaceAll("'", "''")}'${isPrefix ? ':*' : ''}`
  return [...wanted.map(part), ...unwanted.map((term) => `!${part(term)}`)].join(' & ')
}

/**
 * The search for `match … against (… in boolean mode)`, whose signs no word holds; empty where the server has indexed
 * none of its words. It would find nothing that has to have one that it left out.
 */
export function searchOfMysql({ wanted, unwanted }: Search, indexed: IndexedWords): string {
  const plus = wanted.flatMap((term) => mysqlParts(term).filter((part) => part.isPrefix || part.words.some(known)))
  const minus = unwanted.map((term) => {
    const [first, ...others] = mysqlParts(term)
    return others.length === 0 ? first! : { words: [...first!.words, ...others[0]!.words], isPrefix: false }
  })
  function known(word: string): boolean {
    return isIndexed(word, indexed)
  }
  if (plus.length === 0) return ''
  return [...plus.map((part) => `+${print(part)}`), ...minus.map((part) => `-${print(part)}`)].join(' ')
}

/** A word, the beginning of one, or a phrase. */
interface MysqlPart {
  readonly words: readonly string[]
  readonly isPrefix: boolean
}

const print = ({ words, isPrefix }: MysqlPart): string =>
  words.length === 1 ? `${words[0]}${isPrefix ? '*' : ''}` : `"${words.join(' ')}"`

/** No phrase ends in the beginning of a word there, which is apart then. */
function mysqlParts({ text, isPrefix }: Term): readonly MysqlPart[] {
  const words = text.match(/[\p{L}\p{N}\p{M}_]+/gu) ?? []
  if (!isPrefix) return [{ words, isPrefix: false }]
  const last = { words: words.slice(-1), isPrefix: true }
  return words.length === 1 ? [last] : [{ words: words.slice(0, -1), isPrefix: false }, last]
}
