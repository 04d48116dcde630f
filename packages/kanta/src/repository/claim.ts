import { checkOptions, KantaError, refuse } from '../error/index.ts'
import { and, anyOf, eq, type Filter, inc, isNull, or, setOf } from '../filter/index.ts'
import { show } from '../sql/index.ts'
import { isPlain } from './key.ts'

/** The states between which `claim()` moves a row. */
export interface StateClaim {
  readonly field?: string
  readonly from: unknown
  readonly to: unknown
  readonly where?: Filter<never>
}

/** The version that `claimVersion()` raises. */
export interface VersionClaim {
  readonly field?: string
  readonly from: unknown
  readonly by?: number | bigint
  readonly where?: Filter<never>
}

/** A column, what a claim makes it, and the rows that it may take. */
export interface Taking {
  readonly field: string
  readonly value: unknown
  readonly where: Filter<never>
}

/** Returns what a claim of a state does. */
export function takingOf(owner: string, claim: StateClaim): Taking {
  checkOptions(owner, claim, ['field', 'from', 'to', 'where'])
  const { field = 'status', from, to, where } = claim
  if (from === undefined || to === undefined) return refuse(`${owner} takes { from, to }: the states of the row.`)
  const states: readonly unknown[] = Array.isArray(from) ? from : [from]
  if (states.length === 0) refuse(`${owner}: { from: [] } names no state from which the row can be taken.`)
  const values = states.filter((state) => state !== null)
  const isFrom = or(
    values.length > 0 ? anyOf(field, values as never) : or(),
    ...(values.length < states.length ? [isNull(field)] : []),
  )
  return { field, value: to, where: and(isFrom, where ?? and()) }
}

/** Returns what a claim of a version does. */
export function takingOfVersion(claim: VersionClaim): Taking {
  checkOptions('claimVersion()', claim, ['field', 'from', 'by', 'where'])
  const { field = 'version', from, by = 1, where } = claim
  if (from === undefined) return refuse('claimVersion() takes { from }: the version that the row had, or null.')
  const value = setOf(inc({ [field]: by }))[field]
  const isFrom = from === null ? isNull(field) : eq(field, from as number)
  return { field, value, where: and(isFrom, where ?? and()) }
}

/** A move of a row from one state to another. */
export interface Transition extends StateClaim {
  /** The states to which each state may lead. */
  readonly machine?: Readonly<Record<string, readonly unknown[]>>
  readonly set?: unknown
}

/**
 * Checks a move against the states that may follow each other.
 *
 * @throws KantaError `invalid_input` where no state of `from` leads to `to`.
 */
export function checkTransition({ machine, field = 'status', from, to }: Transition): void {
  if (machine === undefined) return
  if (!isPlain(machine) || Object.values(machine).some((states) => !Array.isArray(states)))
    refuse(`applyTransition({ machine: ${show(machine)} }) is an object of states: { draft: ['sent'], sent: [] }.`)
  const states: readonly unknown[] = Array.isArray(from) ? from : [from]
  const wrong = states.find((state) => {
    const next = Object.hasOwn(machine, String(state)) ? machine[String(state)] : undefined
    return next?.includes(to) !== true
  })
  if (wrong !== undefined)
    throw new KantaError('invalid_input', `The state ${show(wrong)} does not lead to ${show(to)}.`, {
      columns: [field],
    })
}

/** The error of a move that found its row in another state. */
export const raceError = (table: string, field: string, to: unknown): KantaError =>
  new KantaError(
    'conflict',
    `The row of '${table}' is in another state, so that '${field}' cannot become ${show(to)}.`,
    {
      table,
      columns: [field],
    },
  )
