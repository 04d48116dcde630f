import { describe, refuse } from '../error/index.ts'

/** Refuses what is no object of options, and options that there are not. */
export function checkMembers(what: string, given: unknown, legal: readonly string[]): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return refuse(`${what} takes an object of options, not ${describe(given)}.`)
  for (const name of Object.keys(given))
    if (!legal.includes(name)) refuse(`${what} has no option '${name}'. It takes: ${legal.join(', ')}.`)
}

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
