import { KantaError } from '../error/index.ts'
import { byName, type Named } from './migration.ts'
import type { MigrationRecord, RecordState } from './record.ts'

/** How the migrations of a program and the records of a database can disagree. */
export type Drift = 'changed' | 'missing' | 'out of order'

/** A migration, as the program and the database see it. */
export interface MigrationStatus {
  readonly name: string
  /** `dirty` when it did not come to its end outside of a transaction: see `resolve()`. */
  readonly state: 'pending' | 'applied' | 'dirty'
  /**
   * `changed`: it is not what was applied. `missing`: it was applied, and the program does not have it.
   * `out of order`: it is pending, and a later one is applied.
   */
  readonly drift: readonly Drift[]
  readonly appliedAt: Date | undefined
  /** Milliseconds that it took; `undefined` where it was only marked as applied. */
  readonly duration: number | undefined
  /** The version of Kanta that applied it. */
  readonly kanta: string | undefined
}

/** Every migration in the order of the names. */
export function statusOf(named: readonly Named[], records: readonly MigrationRecord[]): MigrationStatus[] {
  const recorded = new Map(records.map((record) => [record.name, record]))
  const known = new Map(named.map((each) => [each.name, each]))
  const last = records.map(({ name }) => name).reduce((a, b) => (byName(a, b) > 0 ? a : b), '')
  const names = [...new Set([...known.keys(), ...recorded.keys()])].sort(byName)
  return names.map((name) => {
    const record = recorded.get(name)
    return {
      name,
      state: record === undefined ? 'pending' : record.state === 'applied' ? 'applied' : 'dirty',
      drift: driftOf(known.get(name), record, byName(name, last) < 0),
      appliedAt: record?.applied_at,
      duration: record?.duration ?? undefined,
      kanta: record?.kanta,
    }
  })
}

function driftOf(named: Named | undefined, record: MigrationRecord | undefined, late: boolean): Drift[] {
  if (record === undefined) return late ? ['out of order'] : []
  if (named === undefined) return ['missing']
  const { checksum } = named.migration
  const changed = checksum !== undefined && record.checksum !== null && checksum !== record.checksum
  return changed ? ['changed'] : []
}

const REASONS: Readonly<Record<Drift, string>> = {
  changed: 'is not what was applied; undo the change, and make a new migration of it',
  missing: 'was applied, and is not among the migrations; bring it back',
  'out of order': 'is pending, and comes before one that is applied; give it a later name',
}

/** Refuses to go on where program and database disagree. */
export function refuseDrift(statuses: readonly MigrationStatus[], allowed: readonly Drift[]): void {
  const found = statuses.flatMap(({ name, drift }) =>
    drift.filter((kind) => !allowed.includes(kind)).map((kind) => ({ kind, text: `'${name}' ${REASONS[kind]}` })),
  )
  if (found.length === 0) return
  const kinds = [...new Set(found.map(({ kind }) => `'${kind}'`))].join(', ')
  throw new KantaError(
    'migration_drift',
    `The migrations are not those that the database has: ${found.map(({ text }) => text).join('. ')}. Or allow it: { allow: [${kinds}] }.`,
  )
}

/** Refuses to go on after a migration that stopped in its midst. */
export function refuseDirty(records: readonly MigrationRecord[]): void {
  const dirty = records.find(({ state }) => state !== 'applied')
  if (dirty === undefined) return
  throw new KantaError(
    'migration_dirty',
    `The migration '${dirty.name}' began ${VERBS[dirty.state]} on ${dirty.applied_at.toISOString()}, outside of a transaction, and did not come to its end. Look at what it did and mend it by hand; then say how it stands: resolve('${dirty.name}', 'applied') or resolve('${dirty.name}', 'rolled back').`,
  )
}

const VERBS: Readonly<Record<RecordState, string>> = {
  applied: 'to be applied',
  applying: 'to be applied',
  reverting: 'to be reverted',
}
