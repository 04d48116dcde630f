import { describe, refuse } from '../error/index.ts'

/** Refuses what is no whole number. */
export function checkWhole(what: string, given: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(given))
    if (!Number.isSafeInteger(value) || (value as number) < 0)
      refuse(`${what} takes a whole number as ${name}, not ${describe(value)}.`)
}

/** Refuses what is no list of names. */
export function checkNames(what: string, given: unknown): void {
  if (!Array.isArray(given) || given.some((name) => typeof name !== 'string' || name === ''))
    refuse(`${what} takes a list of names, not ${describe(given)}.`)
}
