import type { Connection } from '../driver/index.ts'
import { KantaError } from '../error/index.ts'
import type { Recorded } from './recorder.ts'

/** The statements of a transaction in a database that cannot prepare it. */
export interface Redo {
  /** The times at which it began and ended, in milliseconds since 1970, between which its clock readings lie. */
  readonly from: number
  readonly to: number
  readonly statements: readonly Recorded[]
}

/** Writes what was done as JSON: numbers beyond JSON, bigints and bytes as objects of one key. */
export const redoText = (redos: Readonly<Record<string, Redo>>): string =>
  JSON.stringify(redos, (_, value) => {
    if (typeof value === 'bigint') return { $bigint: String(value) }
    if (value instanceof Uint8Array) return { $bytes: base64(value) }
    if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) return { $number: show(value) }
    return value
  })

/** Reads what `redoText()` wrote. */
export const parseRedo = (text: string): Readonly<Record<string, Redo>> =>
  JSON.parse(text, (_, value) => {
    if (typeof value !== 'object' || value === null) return value
    if (typeof value.$bigint === 'string') return BigInt(value.$bigint)
    if (typeof value.$bytes === 'string') return bytes(value.$bytes)
    if (typeof value.$number === 'string') return Number(value.$number)
    return value
  })

const show = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))

function base64(value: Uint8Array): string {
  let text = ''
  for (const byte of value) text += String.fromCharCode(byte)
  return btoa(text)
}

const bytes = (text: string): Uint8Array => Uint8Array.from(atob(text), (character) => character.charCodeAt(0))

/**
 * Runs the statements again. Others have perhaps written meanwhile: each statement must change and return what it did
 * before, unless `force` is set.
 *
 * @throws KantaError `conflict` if one does something else.
 */
export async function redo(connection: Connection, { from, to, statements }: Redo, force: boolean): Promise<void> {
  const began = Date.now()
  for (const before of statements) {
    const { sql, parameters } = before
    if (before.isScript) {
      await connection.script(sql)
      continue
    }
    const now = await connection.execute(sql, parameters, true)
    if (force) continue
    const isSame = (a: unknown, b: unknown): boolean =>
      same(a, b, (text) => between(text, from, to) || between(text, began, Date.now()))
    const changed = before.changes !== 0 && BigInt(now.changes) !== BigInt(before.changes)
    if (
      !changed &&
      isSame(before.insertId ?? null, before.insertId === undefined ? null : (now.insertId ?? null)) &&
      isSame(before.rows, before.rows.length === 0 ? [] : now.rows)
    )
      continue
    throw new KantaError(
      'conflict',
      `Another program has changed the rows of a transaction that is decided: '${sql}' does not do again what it did.`,
      { sql, parameters },
    )
  }
}

/** Compares values, without regard to the type of integers. `isClock` tells texts that are readings of the clock. */
function same(a: unknown, b: unknown, isClock: (text: string) => boolean): boolean {
  if (typeof a === 'string' && typeof b === 'string') return a === b || (isClock(a) && isClock(b))
  if (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null) {
    const keys = Object.keys(a)
    if (keys.length !== Object.keys(b).length) return false
    return keys.every((key) => same((a as never)[key], (b as never)[key], isClock))
  }
  if ((typeof a === 'bigint' || typeof a === 'number') && (typeof b === 'bigint' || typeof b === 'number'))
    // biome-ignore lint/suspicious/noDoubleEquals: 1 and 1n are the same integer.
    return a == b || Object.is(a, b)
  return a === b
}

const INSTANT = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d/

/** Tells whether a text is an instant within a time, give or take a second. */
function between(text: string, from: number, to: number): boolean {
  if (!INSTANT.test(text)) return false
  const time = Date.parse(/Z|[+-]\d\d(:?\d\d)?$/.test(text) ? text : `${text.replace(' ', 'T')}Z`)
  return time >= from - 1000 && time <= to + 1000
}
