import { KantaError } from '../error/index.ts'
import { type Decision, type Home, type OwnerRow, retire } from './home.ts'
import type { Layer } from './layer.ts'
import { Participant } from './participant.ts'
import { parseRedo, redo } from './redo.ts'
import { progress, transactions } from './tables.ts'

/** The result of recovery. */
export interface Recovery {
  /** The transactions that were decided and are committed in every database now. */
  readonly committed: readonly string[]
  /** The transactions without a decision that are rolled back now. */
  readonly rolledBack: readonly string[]
  /** The transactions that wait for a database or for a program that still holds them. They are tried again. */
  readonly waiting: readonly Unsettled[]
  /** The transactions that only a person can end, by `resolve()`: others have changed the rows meanwhile. */
  readonly stuck: readonly Unsettled[]
}

/** A transaction that has not ended in a database. */
export interface Unsettled {
  readonly id: string
  readonly layer: string
  readonly reason: string
}

/** Collects a `Recovery`. */
export class Findings {
  readonly committed = new Set<string>()
  readonly rolledBack = new Set<string>()
  readonly waiting: Unsettled[] = []
  readonly stuck: Unsettled[] = []

  add(other: Findings): void {
    for (const id of other.committed) this.committed.add(id)
    for (const id of other.rolledBack) this.rolledBack.add(id)
    this.waiting.push(...other.waiting)
    this.stuck.push(...other.stuck)
  }

  get report(): Recovery {
    const { waiting, stuck } = this
    const open = new Set([...waiting, ...stuck].map(({ id }) => id))
    return {
      committed: [...this.committed].filter((id) => !open.has(id)),
      rolledBack: [...this.rolledBack].filter((id) => !open.has(id)),
      waiting,
      stuck,
    }
  }
}

/** The name of a transaction, to people and in `resolve()`. */
export const idOf = ({ owner, number }: Pick<Decision, 'owner' | 'number'>): string => `${owner}-${number}`

/** The name of a transaction that is prepared in a database: at most 64 bytes, as XA has it. */
export const preparedId = (
  pool: string,
  { owner, number }: Pick<Decision, 'owner' | 'number'>,
  layer: string,
): string => `kanta:${pool}:${owner}:${number}:${layer}`

interface Prepared {
  readonly id: string
  readonly owner: string
  readonly number: bigint
}

/** Lists the transactions of these databases that are prepared in one of them. */
export async function listPrepared(layer: Layer, pool: string): Promise<Prepared[]> {
  const { twoPhase } = layer.ability
  if (twoPhase === undefined) return []
  const ids = await twoPhase.list((sql) => layer.ask(sql))
  return ids.flatMap((id) => {
    const [kanta, ofPool, owner, number, name] = id.split(':')
    const isOwn = kanta === 'kanta' && ofPool === pool && name === layer.name
    return isOwn ? [{ id, owner: owner!, number: BigInt(number!) }] : []
  })
}

/** Commits or rolls back a transaction that is prepared. Returns why that is not possible now. */
async function endPrepared(
  layer: Layer,
  pool: string,
  { id }: Prepared,
  isDecided: boolean,
): Promise<string | undefined> {
  const twoPhase = layer.ability.twoPhase!
  try {
    await layer.ask(isDecided ? twoPhase.commit(id) : twoPhase.rollback(id))
    return undefined
  } catch (error) {
    // Another may have ended it. While its own connection lives, MariaDB does not know it by that name (1397), but
    // lists it.
    const isThere = (await listPrepared(layer, pool)).some((prepared) => prepared.id === id)
    return isThere ? messageOf(error) : undefined
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The ways to redo statements: run them if they do the same, run them, or do not. */
export type Redoing = 'check' | 'force' | 'skip'

/**
 * Does in a database what was decided, unless it is done: the mark of the transaction says so, and the row of its owner
 * is gone once all of its transactions have ended.
 */
export async function redoIn(layer: Layer, decision: Decision, how: Redoing, patience: number): Promise<void> {
  const participant = await Participant.begin(layer, {}, undefined, undefined)
  const { owner, number } = decision
  try {
    const { locks } = layer.driver.dialect.capabilities
    const row = participant.own.selectFrom(progress).select('floor').where('owner', '=', owner)
    const seen = await (locks ? row.forUpdate() : row).executeTakeFirst()
    const mark = participant.own.selectFrom(transactions).select('number')
    const done = await mark.where('owner', '=', owner).where('number', '=', number).executeTakeFirst()
    if (seen !== undefined && seen.floor <= number && done === undefined) {
      // The mark first: it waits for the transaction itself, if that is still open.
      await participant.own
        .insertInto(transactions)
        .values({ owner, number, layers: JSON.stringify(decision.layers) })
        .execute({ signal: AbortSignal.timeout(patience) })
      const statements = decision.redo === null ? undefined : parseRedo(decision.redo)[layer.name]
      if (how !== 'skip' && statements !== undefined)
        await redo(participant.transaction.session.connection, statements, how === 'force')
    }
    await participant.transaction.commit()
  } catch (error) {
    throw await participant.transaction.abandon(error)
  }
}

/** The errors after which trying again later may help. */
const PASSING: ReadonlySet<string> = new Set([
  ...['busy', 'cancelled', 'closed', 'connection', 'deadlock', 'serialization_failure', 'timeout', 'unknown_outcome'],
])

export const isPassing = (error: unknown): boolean => error instanceof KantaError && PASSING.has(error.code)

/** The databases of `commit()`, as recovery sees them. */
export interface Recovering {
  readonly home: Home
  /** All but the home. */
  readonly others: readonly Layer[]
  readonly patience: number
}

/** Ends the transactions of an owner in a database: commits those that were decided and undoes the others. */
export async function settle(
  layer: Layer,
  { home, patience }: Recovering,
  {
    owner,
    decisions,
    isOpen,
  }: {
    readonly owner: string
    readonly decisions: readonly Decision[]
    /** Tells whether a transaction is still on its way to its decision. */
    isOpen(number: bigint): boolean
  },
  findings: Findings,
): Promise<void> {
  await layer.open()
  const pool = await home.pool()
  const byNumber = new Map(decisions.map((decision) => [decision.number, decision]))
  const note = (list: Unsettled[], number: bigint, reason: string): void =>
    void list.push({ id: idOf({ owner, number }), layer: layer.name, reason })
  for (const prepared of await listPrepared(layer, pool)) {
    const { number } = prepared
    if (prepared.owner !== owner || isOpen(number)) continue
    const isDecided = byNumber.has(number)
    const reason = await endPrepared(layer, pool, prepared, isDecided)
    if (reason !== undefined) note(findings.waiting, number, reason)
    else if (!isDecided) findings.rolledBack.add(idOf(prepared))
  }
  for (const decision of decisions) {
    findings.committed.add(idOf(decision))
    if (decision.redo === null || parseRedo(decision.redo)[layer.name] === undefined) continue
    try {
      await redoIn(layer, decision, 'check', patience)
    } catch (error) {
      if (isPassing(error)) {
        note(findings.waiting, decision.number, messageOf(error))
        continue
      }
      note(findings.stuck, decision.number, messageOf(error))
      await home.noteProblem(decision, `${layer.name}: ${messageOf(error)}`)
    }
  }
}

/** Ends all transactions of an owner that does not answer, and removes what it has left. */
export async function recoverOwner(
  recovering: Recovering,
  row: OwnerRow,
  by: string,
  findings: Findings,
): Promise<void> {
  const { home, others, patience } = recovering
  const { owner } = row
  const before = findings.waiting.length + findings.stuck.length
  /** Does something in a database; `false` if it has to be tried again. */
  const attempt = async (layer: Layer, act: () => Promise<void>): Promise<boolean> => {
    try {
      await act()
      return true
    } catch (error) {
      if (!isPassing(error)) throw error
      findings.waiting.push({ id: `${owner}-*`, layer: layer.name, reason: messageOf(error) })
      return false
    }
  }
  let isOurs = false
  await attempt(home.layer, async () => {
    isOurs = await home.takeOver(row, by, patience)
  })
  if (!isOurs) return
  const decisions = await home.decisions(owner)
  for (const layer of others)
    await attempt(layer, () => settle(layer, recovering, { owner, decisions, isOpen: () => false }, findings))
  if (findings.waiting.length + findings.stuck.length > before) return
  // The home last. What was prepared so late that it was not listed holds the removal up, and is undone the next time.
  for (const layer of [...others, home.layer]) if (!(await attempt(layer, () => retire(layer, owner, patience)))) return
}

/** Undoes what an owner prepared after its transactions had been ended: nobody can decide for it any more. */
export async function undoOrphans({ home, others }: Recovering, findings: Findings): Promise<void> {
  const pool = await home.pool()
  for (const layer of others) {
    try {
      await layer.open()
      const prepared = await listPrepared(layer, pool)
      if (prepared.length === 0) continue
      const known = new Set((await home.owners()).map(({ owner }) => owner))
      for (const one of prepared) {
        if (known.has(one.owner)) continue
        const reason = await endPrepared(layer, pool, one, false)
        if (reason === undefined) findings.rolledBack.add(idOf(one))
        else findings.waiting.push({ id: idOf(one), layer: layer.name, reason })
      }
    } catch (error) {
      if (!isPassing(error)) throw error
      findings.waiting.push({ id: '*', layer: layer.name, reason: messageOf(error) })
    }
  }
}
