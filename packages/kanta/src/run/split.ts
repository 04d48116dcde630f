import type { Session } from '../connect/index.ts'
import type { Driver } from '../driver/index.ts'
import { KantaError, refuse } from '../error/index.ts'
import type { Plan } from '../plan/index.ts'
import { runTransaction } from './transact.ts'

type Row = Readonly<Record<string, unknown>>
type Read = (plan: Plan, args: readonly unknown[]) => Promise<unknown[]>

/** Reads the rows of a plan, then those of its further statements by their keys, and joins them. */
export async function readSplit(plan: Plan, args: readonly unknown[], read: Read): Promise<unknown[]> {
  const rows = (await read(plan, args)) as Row[]
  const { split, decoding } = plan
  if (split === undefined) return rows
  const found: Row[][] = []
  for (const [i, own] of split.plans.entries()) {
    const parts: unknown[][] = []
    for (const lists of split.listsOf(rows, i)) parts.push(await readSplit(own, [...args, ...lists], read))
    found.push(parts.flat() as Row[])
  }
  return split.join(rows, found, decoding.rename ?? ((name) => name)) as unknown[]
}

/** Levels at which all reads of a transaction see one state of the data. */
const SNAPSHOTS: ReadonlySet<string | undefined> = new Set(['repeatable read', 'serializable', 'snapshot'])

/** Runs reads that see one state of the data: in the transaction of the session, else in one of their own. */
export function inSnapshot<T>(
  session: Session,
  driver: Driver,
  signal: AbortSignal | undefined,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { snapshot } = driver.dialect.transaction
  if (!session.inTransaction) {
    const settings = { isolation: snapshot, access: 'read only' } as const
    return runTransaction(session, { driver, signal, settings, isOfStatement: true }, (own) => work(own.session))
  }
  if (snapshot === 'serializable' || SNAPSHOTS.has(session.transaction?.settings.isolation)) return work(session)
  throw new KantaError(
    'unsupported',
    `{ load: 'split' } reads by several statements, which this transaction may show different data. Begin it with the isolation level '${snapshot}', or leave { load } out.`,
  )
}

/** Refuses what takes one statement. */
export function refuseSplit({ split }: Plan, what: string): void {
  if (split !== undefined)
    refuse(`${what} takes one statement, and { load: 'split' } makes several of the query. Leave { load } out.`)
}

/** Returns the slots of a plan and of the further statements of its rows. */
export const slotsOf = ({ slots, split }: Plan): Plan['slots'] =>
  split === undefined ? slots : [...slots, ...split.plans.flatMap(slotsOf)]
