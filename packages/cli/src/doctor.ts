import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import type { Database } from 'kanta'
import { diff } from 'kanta/diff'
import { checkSettings, health } from 'kanta/infra'
import { introspect } from 'kanta/introspect'
import { type MigrationStatus, migrator } from 'kanta/migrate'
import type { Loaded } from './config.ts'
import type { Streams } from './run.ts'

/** One check of a database. */
export interface Check {
  readonly check: string
  readonly state: 'ok' | 'warning' | 'error'
  readonly message: string
  /** The way to mend it. */
  readonly remedy?: string
}

/** The exit code of a doctor that finds what should be mended. */
const FOUND = 3

/** Checks the connection, the pool, the settings, the migrations and the tables of a database. */
export async function doctor(
  { json }: { readonly json: boolean },
  config: Loaded,
  db: Database<any>,
  streams: Streams,
): Promise<number> {
  const checks: Check[] = [...(await checkConnection(db))]
  const isReached = checks[0]!.state !== 'error'
  if (isReached)
    for (const look of [settingChecks, migrationChecks, tableChecks]) checks.push(...(await look(db, config, streams)))
  const isSick = checks.some(({ state }) => state === 'error')
  const status = isSick ? 'error' : checks.some(({ state }) => state === 'warning') ? 'warning' : 'ok'
  streams.out(json ? `${JSON.stringify({ status, checks }, undefined, 2)}\n` : checks.map(line).join(''))
  if (!isReached) return 1
  return isSick ? FOUND : 0
}

function line({ check, state, message, remedy }: Check): string {
  const way = remedy === undefined ? '' : ` ${remedy}`
  return `${state.padEnd(7)}  ${check.padEnd(12)}  ${message}${way}\n`
}

async function checkConnection(db: Database<any>): Promise<readonly Check[]> {
  const { body, error } = await health(db, { timeout: 10_000 })
  const { status, database, version, latency, pool, reasons, machines = [] } = body
  if (error !== undefined)
    return [
      { check: 'connection', state: 'error', message: error.message, remedy: 'Check the driver in the configuration.' },
    ]
  const state = status === 'healthy' ? 'ok' : 'warning'
  const answered = [`${database} ${version}, answered in ${latency.toFixed(1)} ms.`, ...reasons].join(' ')
  return [
    { check: 'connection', state, message: answered },
    { check: 'pool', state: 'ok', message: `${pool.open} of at most ${pool.max} connections open.` },
    ...machines.map(({ number, role, isUp, lag }): Check => {
      const behind = lag === undefined ? '' : `, ${Math.round(lag)} ms behind`
      return isUp
        ? { check: 'machine', state: 'ok', message: `Machine ${number} is a ${role}${behind}.` }
        : { check: 'machine', state: 'error', message: `Machine ${number} does not answer.` }
    }),
  ]
}

async function settingChecks(db: Database<any>, _config: Loaded, { signal }: Streams): Promise<readonly Check[]> {
  try {
    const found = await checkSettings(db, { signal })
    if (found.length === 0) return [{ check: 'settings', state: 'ok', message: 'None that hurts.' }]
    return found.map(({ setting, value, severity, message, remedy }) => ({
      ...{ check: 'settings', state: severity, message: `${setting} is ${value}: ${message}`, remedy },
    }))
  } catch (error) {
    return [failed('settings', error)]
  }
}

async function migrationChecks(db: Database<any>, { options }: Loaded, { signal }: Streams): Promise<readonly Check[]> {
  let statuses: readonly MigrationStatus[]
  try {
    statuses = await migrator(db, options).status({ signal })
  } catch (error) {
    return [failed('migrations', error)]
  }
  const named = (which: (status: MigrationStatus) => boolean): string =>
    statuses
      .filter(which)
      .map(({ name }) => name)
      .join(', ')
  const pending = named(({ state }) => state === 'pending')
  const dirty = named(({ state }) => state === 'dirty')
  const drifted = statuses
    .filter(({ drift }) => drift.length > 0)
    .map(({ name, drift }) => `${name} (${drift.join(', ')})`)
  const checks: Check[] = []
  const add = (message: string, remedy: string): number =>
    checks.push({ check: 'migrations', state: 'error', message, remedy })
  if (pending !== '') add(`Pending: ${pending}.`, 'Run kanta migrate latest.')
  if (dirty !== '') add(`Dirty: ${dirty}.`, 'Mend the database, then run kanta migrate resolve.')
  if (drifted.length > 0) add(`Drifted: ${drifted.join(', ')}.`, 'See kanta migrate status.')
  if (checks.length > 0) return checks
  return [{ check: 'migrations', state: 'ok', message: `${statuses.length} applied.` }]
}

/** Compares the tables of the database with those of the module that the configuration names. */
async function tableChecks(db: Database<any>, { schema }: Loaded, { signal }: Streams): Promise<readonly Check[]> {
  if (schema === undefined) return []
  try {
    if (!existsSync(schema)) throw new Error(`There is no file ${schema}.`)
    const catalog = await introspect(db, { signal })
    const { up } = await diff(catalog, await import(pathToFileURL(schema).href))
    if (up.length === 0) return [{ check: 'tables', state: 'ok', message: 'Those of the schema.' }]
    const message = `They differ from the schema in ${up.length} ${up.length === 1 ? 'step' : 'steps'}.`
    return [{ check: 'tables', state: 'error', message, remedy: 'See kanta diff.' }]
  } catch (error) {
    return [failed('tables', error)]
  }
}

const failed = (check: string, error: unknown): Check => ({
  ...{ check, state: 'error', message: error instanceof Error ? error.message : String(error) },
})
