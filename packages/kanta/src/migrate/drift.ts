import { KantaError } from '../error/index.ts'
import { compareNames, type NamedMigration } from './migration.ts'
import type { MigrationRecord, RecordState } from './record.ts'

/** A difference between the migrations of a program and the records of a database. */
export type Drift = 'changed' | 'missing' | 'out of order'

/** The state of a migration in the program and the database. */
export interface MigrationStatus {
  readonly name: string
  /** `dirty` if it ran outside of a transaction and did not finish: see `resolve()`. */
  readonly state: 'pending' | 'applied' | 'dirty'
  /**
   * `changed`: it differs from what was applied. `missing`: it was applied, but the program does not have it.
   * `out of order`: it is pending, but a later one is applied.
   */
  readonly drift: readonly Drift[]
  readonly appliedAt: Date | undefined
  /** The duration in milliseconds; `undefined` if it was only marked as applied. */
  readonly duration: number | undefined
  /** The version of Kanta that applied it. */
  readonly kanta: string | undefined
}

/** Returns the status of every migration, sorted by name. */
export function statusOf(named: readonly NamedMigration[], records: readonly MigrationRecord[]): MigrationStatus[] {
  const recorded = new Map(records.map((record) => [record.name, record]))
  const known = new Map(named.map((each) => [each.name, each]))
  const last = records.map(({ name }) => name).reduce((a, b) => (compareNames(a, b) > 0 ? a : b), '')
  const names = [...new Set([...known.keys(), ...recorded.keys()])].sort(compareNames)
  return names.map((name) => {
    const record = recorded.get(name)
    return {
      name,
      state: record === undefined ? 'pending' : record.state === 'applied' ? 'applied' : 'dirty',
      drift: driftOf(known.get(name), record, compareNames(name, last) < 0),
      appliedAt: record?.applied_at,
      duration: record?.duration ?? undefined,
      kanta: record?.kanta,
    }
  })
}

function driftOf(named: NamedMigration | undefined, record: MigrationRecord | undefined, isLate: boolean): Drift[] {
  if (record === undefined) return isLate ? ['out of order'] : []
  if (named === undefined) return ['missing']
  const { checksum } = named.migration
  const changed = checksum !== undefined && record.checksum !== null && checksum !== record.checksum
  return changed ? ['changed'] : []
}

const REASONS: Readonly<Record<Drift, string>> = {
  changed: 'differs from what was applied; undo the change, and put it into a new migration',
  missing: 'was applied, but is missing in the program; restore it',
  'out of order': 'is pending, but sorts before an applied one; give it a later name',
}

/** Throws if the migrations of the program differ from the records of the database. */
export function refuseDrift(statuses: readonly MigrationStatus[], allowed: readonly Drift[]): void {
  const found = statuses.flatMap(({ name, drift }) =>
    drift.filter((kind) => !allowed.includes(kind)).map((kind) => ({ kind, text: `'${name}' ${REASONS[kind]}` })),
  )
  if (found.length === 0) return
  const kinds = [...new Set(found.map(({ kind }) => `'${kind}'`))].join(', ')
  throw new KantaError(
    'migration_drift',
    `The migrations differ from the records of the database: ${found.map(({ text }) => text).join('. ')}. Or allow it: { allow: [${kinds}] }.`,
  )
}

/** Throws if a migration is dirty. */
export function refuseDirty(records: readonly MigrationRecord[]): void {
  const dirty = records.find(({ state }) => state !== 'applied')
  if (dirty === undefined) return
  throw new KantaError(
    'migration_dirty',
    `The migration '${dirty.name}' began ${VERBS[dirty.state]} on ${dirty.applied_at.toISOString()}, outside of a transaction, and did not finish. Check what it did, and repair it by hand. Then record the result: resolve('${dirty.name}', 'applied') or resolve('${dirty.name}', 'rolled back').`,
  )
}

const VERBS: Readonly<Record<RecordState, string>> = {
  applied: 'to be applied',
  applying: 'to be applied',
  reverting: 'to be reverted',
}
