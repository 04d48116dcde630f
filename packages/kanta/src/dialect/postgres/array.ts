import { refuse } from '../../error/index.ts'
import type { Codec, SqlValue } from '../../table/index.ts'
import { hex } from './literal.ts'

/**
 * An array in the text form of PostgreSQL: `{1,NULL,"a \"b\""}`. The items are encoded already.
 *
 * See "Array Input and Output Syntax" in PostgreSQL's documentation.
 */
export function arrayText(items: readonly unknown[]): string {
  let text = '{'
  for (let i = 0; i < items.length; i++) text += i === 0 ? itemText(items[i]) : `,${itemText(items[i])}`
  return `${text}}`
}

function itemText(item: unknown): string {
  switch (typeof item) {
    case 'number':
      if (Number.isNaN(item))
        refuse("A list holds NaN. Pass null where that is meant, or the text 'NaN' for that value of a float.")
      return Object.is(item, -0) ? '-0' : String(item)
    case 'bigint':
    case 'boolean':
      return String(item)
    case 'string':
      return quoted(item)
    case 'object':
      if (item === null) return 'NULL'
      if (item instanceof Uint8Array) return `"\\\\x${hex(item)}"`
      if (Array.isArray(item)) return arrayText(item)
      if (item instanceof Date) return quoted(item.toISOString())
  }
  return refuse(`A list takes values that the database knows, not a value of the type ${typeof item}.`)
}

const SPECIAL = /["\\]/g

function quoted(text: string): string {
  if (text.includes('\0')) refuse('A string with the character NUL cannot be stored in PostgreSQL. Take it out.')
  if (!text.isWellFormed())
    refuse('A string with half a surrogate pair would be stored as U+FFFD. Cut it between characters.')
  return `"${text.replace(SPECIAL, '\\$&')}"`
}

/**
 * The items of an array in the text form of PostgreSQL, each as `read` makes it of its text: of `{1,NULL,{2,3}}` with
 * `Number` they are `[1, null, [2, 3]]`.
 */
export function parseArray(text: string, read: (text: string) => unknown): unknown[] {
  // Bounds that are not the usual ones stand before the array: `[0:1]={a,b}`.
  let at = text.startsWith('[') ? text.indexOf('=') + 1 : 0
  const array = (): unknown[] => {
    const items: unknown[] = []
    at++
    while (text[at] !== '}') {
      if (at >= text.length) refuse(`${text.slice(0, 40)} is no array.`)
      if (text[at] === ',') at++
      else items.push(text[at] === '{' ? array() : text[at] === '"' ? read(inQuotes()) : bare())
    }
    at++
    return items
  }
  const inQuotes = (): string => {
    let item = ''
    for (at++; text[at] !== '"'; at++) {
      if (at >= text.length) refuse(`${text.slice(0, 40)} is no array.`)
      if (text[at] === '\\') at++
      item += text[at]
    }
    at++
    return item
  }
  const bare = (): unknown => {
    const from = at
    while (at < text.length && text[at] !== ',' && text[at] !== '}') at++
    const item = text.slice(from, at)
    return item === 'NULL' ? null : read(item)
  }
  return array()
}

const lists = new WeakMap<Codec, Codec>()

const listOf = (item: Codec | undefined): Codec => ({
  name: item === undefined ? 'list' : `list of ${item.name}`,
  encode: (values) =>
    arrayText(item === undefined ? (values as unknown[]) : (values as unknown[]).map((value) => item.encode(value))),
  decode: (value) => value,
})

const plainList = listOf(undefined)

/** What an item of a list may be that meets no column. */
const item: Codec = {
  name: 'value',
  encode: (value) =>
    typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint' || Number.isFinite(value)
      ? (value as SqlValue)
      : refuse('A list takes strings, finite numbers, bigints, booleans and null.'),
  decode: (value) => value,
}

/** A list that meets no column. */
export const itemsCodec: Codec = {
  name: 'items',
  encode: (values) => arrayText((values as unknown[]).map((value) => (value === null ? null : item.encode(value)))),
  decode: (value) => value,
}

/** A list as one parameter whose items are written as the codec of a column says. */
export function listCodec(item: Codec | undefined): Codec {
  if (item === undefined) return plainList
  let codec = lists.get(item)
  if (codec === undefined) {
    codec = listOf(item)
    lists.set(item, codec)
  }
  return codec
}
