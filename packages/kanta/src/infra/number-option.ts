import { refuse, show } from '../error/index.ts'

/** Returns an option that is a number, `least` or more, or its default. */
export function numberOption(owner: string, name: string, value: unknown, usual: number, least: number): number {
  if (value === undefined) return usual
  if (typeof value === 'number' && value >= least) return value
  return refuse(`${owner} takes a number for ${name}, ${least} or more, not ${show(value)}.`)
}

/** Returns an option that is a whole number, `least` or more, or its default. */
export function countOption(owner: string, name: string, value: unknown, usual: number, least: number): number {
  const count = numberOption(owner, name, value, usual, least)
  if (Number.isInteger(count)) return count
  return refuse(`${owner} takes a whole number for ${name}, not ${show(value)}.`)
}

/** Checks an option that is a function. */
export function checkCallback(owner: string, name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function')
    refuse(`${owner} takes a function for ${name}, not ${show(value)}.`)
}
