import { refuse } from '../error/index.ts'
import { show } from '../sql/index.ts'

/** Microseconds since 1970, in UTC: how instants are kept and compared. */
export type Micros = number

/** The end of what is still so: an integer that JavaScript holds exactly, in the year 2255. */
export const OPEN: Micros = Number.MAX_SAFE_INTEGER

const TEXT = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/i

/**
 * An instant in microseconds. One that is given in milliseconds means the whole of its millisecond: what happened in it
 * has happened.
 */
export function toMicros(instant: unknown, what: string): Micros {
  if (instant instanceof Date) return checked(instant.getTime() * 1000 + 999, instant, what)
  const parts = typeof instant === 'string' ? TEXT.exec(instant) : null
  if (parts === null)
    return refuse(
      `${what} takes a Date, or text with a time zone such as '2026-01-31T12:00:00Z', not ${show(instant)}.`,
    )
  const [, day, time, fraction = '', zone] = parts
  const start = Date.parse(`${day}T${time}${zone!.toUpperCase()}`) * 1000
  const micros = Number(fraction.slice(0, 6).padEnd(6, '0')) + (fraction.length > 3 ? 0 : 999)
  return checked(start + micros, instant, what)
}

function checked(micros: Micros, given: unknown, what: string): Micros {
  if (!Number.isSafeInteger(micros) || micros < 0 || micros >= OPEN)
    refuse(`${what} takes an instant between 1970 and 2255, not ${show(given)}.`)
  return micros
}

/** An instant as text with all of its digits, which means exactly that microsecond. */
export function toText(micros: Micros): string {
  const millis = Math.floor(micros / 1000)
  const rest = String(micros - millis * 1000).padStart(3, '0')
  return `${new Date(millis).toISOString().slice(0, -1)}${rest}Z`
}
