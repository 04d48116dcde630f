import { KantaError } from '../../error/index.ts'
import type { Policy } from '../../extend/index.ts'
import {
  isNotNull,
  isNull,
  literal,
  type Row,
  type RowUse,
  type RunValues,
  type Stamp,
  sameName,
  type TablePolicy,
  type TableReference,
  type TableRule,
  tablePolicy,
} from '../../guard/index.ts'
import { fullName } from '../../ir/index.ts'
import { momentFor } from './moment.ts'
import type { Settled } from './option.ts'
import { isSoft, referencesOf, resolved, sameTable } from './reference.ts'

export const NAME = 'softDelete'

/** The rows that statements can see: live ones, all, or deleted ones. */
export type Sight = 'live' | 'all' | 'deleted'

/** The operation of the plugin that a database handle is for. */
export type Act = 'restore' | 'hard delete' | 'cascade'

/** The state of the policy for a database handle. */
export interface State {
  /** The default for tables that are not in `sights`. */
  readonly sight: Sight
  readonly sights: Readonly<Record<string, Sight>>
  readonly act: Act | undefined
}

export const PLAIN: State = { sight: 'live', sights: {}, act: undefined }

/** Notes for the transaction hook that a statement deletes rows that others may reference. */
export class Deleted {
  readonly settled: Settled
  readonly table: string
  /**
   * The indexes of the id of the deletion and of the moment among the arguments. Without an index the database makes
   * the moment.
   */
  readonly deletion: number
  readonly moment: number | undefined

  constructor(settled: Settled, table: string, deletion: number, moment: number | undefined) {
    this.settled = settled
    this.table = table
    this.deletion = deletion
    this.moment = moment
  }
}

/** Notes for the transaction hook that a statement restores rows that others may reference. */
export class Restored {
  readonly settled: Settled
  readonly table: string

  constructor(settled: Settled, table: string) {
    this.settled = settled
    this.table = table
  }
}

/** The policies of all states. Each is created once, so that its query plans can be reused. */
export class SoftPolicies {
  readonly #settled: Settled
  readonly #made = new Map<string, TablePolicy>()
  readonly #states = new WeakMap<Policy, State>()

  constructor(settled: Settled) {
    this.#settled = settled
  }

  in(state: State): TablePolicy {
    const key = keyOf(state)
    let made = this.#made.get(key)
    if (made === undefined) {
      made = this.#policy(state)
      this.#made.set(key, made)
      this.#states.set(made, state)
    }
    return made
  }

  /** Returns the state of a policy; `undefined` for other policies. */
  stateOf(policy: Policy): State | undefined {
    return this.#states.get(policy)
  }

  #policy(state: State): TablePolicy {
    const settled = this.#settled
    const { capability } = settled
    return tablePolicy({
      name: NAME,
      opens: (held) => capability !== undefined && held === capability,
      tables: settled.tables,
      rule: (given, use, runValues) => {
        const table = resolved(given, runValues)
        return isSoft(settled, table) ? ruleOf(table, use, state, settled) : undefined
      },
    })
  }
}

/** Returns a name for a state. */
export const keyOf = ({ sight, sights, act }: State): string =>
  `${NAME} ${JSON.stringify([sight, act, Object.entries(sights).sort(([a], [b]) => (a < b ? -1 : 1))])}`

function ruleOf(table: TableReference, use: RowUse | 'insert', state: State, settled: Settled): TableRule {
  const { column, deletedBy } = settled
  const { act } = state
  const sight = sightOf(table, state)
  const tie = tieOf(table, settled)
  const own = [column, deletedBy?.column, tie].filter((name) => name !== undefined)
  const sees = (row: Row, use: RowUse) => {
    if (act === 'cascade') return undefined
    if (act === 'restore' && use === 'update') return isNotNull(row(column))
    // A deleted row cannot be deleted again, except permanently.
    if (use === 'delete' && act !== 'hard delete') return isNull(row(column))
    if (use === 'delete' && sight === 'live') return undefined
    return sight === 'all' ? undefined : sight === 'live' ? isNull(row(column)) : isNotNull(row(column))
  }
  if (act === 'cascade' || use === 'select') return { sees }
  const set = new Set<string>()
  return {
    sees,
    column: (name, use, runValues) => {
      const written = use === 'read' ? undefined : own.find((each) => sameName(each, name))
      if (written === undefined) return
      // A restore sets these columns itself, once.
      if (act !== 'restore' || use !== 'update' || set.has(written)) throw writtenByPlugin(table, name)
      set.add(written)
      if (written === column) tellRestored(table, settled, runValues)
    },
    deletes: act === 'hard delete' ? undefined : stampsOf(table, settled, tie),
  }
}

const sightOf = (table: TableReference, { sight, sights }: State): Sight =>
  Object.entries(sights).find(([name]) => sameTable(name, fullName(table)))?.[1] ?? sight

/** Returns the column for the id of the deletion, if the table has it. */
export function tieOf(table: TableReference, { cascade }: Settled): string | undefined {
  if (cascade === undefined) return undefined
  if (table.definition !== undefined) return table.definition.columns.has(cascade.column) ? cascade.column : undefined
  const name = fullName(table)
  const isNamed = cascade.along.some((each) => sameTable(each.table, name) || sameTable(each.references.table, name))
  return isNamed ? cascade.column : undefined
}

function stampsOf(table: TableReference, settled: Settled, tie: string | undefined): Readonly<Record<string, Stamp>> {
  const { column, deletedBy } = settled
  let moment: number | undefined
  const stamps: Record<string, Stamp> = {
    [column]: {
      userValue: 'refuse',
      value: (_, runValues) => {
        const { value, date } = momentFor(table, settled, runValues)
        moment = date
        return value
      },
    },
  }
  if (deletedBy !== undefined)
    stamps[deletedBy.column] = { userValue: 'refuse', value: (_, runValues) => runValues.context(deletedBy.context) }
  if (tie !== undefined)
    stamps[tie] = {
      userValue: 'refuse',
      value: (_, runValues) => {
        if (!isReferredTo(table, settled, runValues)) return literal(null)
        const id = runValues.value(() => crypto.randomUUID())
        runValues.addNote(new Deleted(settled, fullName(table), id.index, moment))
        return id
      },
    }
  return stamps
}

const isReferredTo = (table: TableReference, settled: Settled, runValues: RunValues): boolean =>
  referencesOf(settled, runValues.surroundings.schema).some((each) => sameTable(each.references.table, fullName(table)))

function tellRestored(table: TableReference, settled: Settled, runValues: RunValues): void {
  if (tieOf(table, settled) !== undefined && isReferredTo(table, settled, runValues))
    runValues.addNote(new Restored(settled, fullName(table)))
}

const writtenByPlugin = ({ name }: TableReference, column: string): KantaError =>
  new KantaError(
    'policy',
    `'${name}.${column}' is written by the plugin '${NAME}'. Use deleteFrom('${name}') and restore('${name}').`,
  )
