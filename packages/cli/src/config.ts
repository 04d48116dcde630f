import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Database } from 'kanta'
import type { MigrationSource, MigratorOptions } from 'kanta/migrate'
import { folder } from 'kanta/migrate/files'
import { UsageError } from './usage.ts'

/** What the command line has to know; besides, what `migrator()` takes. */
export interface Config extends Omit<MigratorOptions, 'migrations' | 'onProgress'> {
  /** Opens the database. It is closed when the command has ended. */
  readonly db: () => Database<any> | Promise<Database<any>>
  /** A folder of migrations, from the folder of this file on; or what `migrator()` takes. */
  readonly migrations: string | URL | MigrationSource
}

/** Gives what it is given; an editor then knows what belongs in it. */
export const defineConfig = (config: Config): Config => config

/** A configuration with its paths found. */
export interface Loaded {
  readonly open: Config['db']
  /** The folder of the migrations, if they are in one. */
  readonly folder: string | undefined
  readonly options: Omit<MigratorOptions, 'onProgress'>
}

const NAMES = ['kanta.config.ts', 'kanta.config.mts', 'kanta.config.js', 'kanta.config.mjs']

/** Reads a configuration file: that which is named, else the one of this folder. */
export async function loadConfig(named: string | undefined): Promise<Loaded> {
  const path = find(named)
  const { default: config } = await load(path)
  if (typeof config !== 'object' || config === null)
    throw new UsageError(`${path} has no default export. Write: export default defineConfig({ db: …, migrations: … })`)
  const { db, migrations, ...options } = config
  if (typeof db !== 'function')
    throw new UsageError(`${path} has no function db, which opens the database: db: () => kanta({ … })`)
  if (migrations === undefined) throw new UsageError(`${path} has no migrations: migrations: 'migrations'`)
  const inFolder = folderOf(migrations, dirname(path))
  const source = inFolder === undefined ? (migrations as MigrationSource) : folder(inFolder)
  return { open: db, folder: inFolder, options: { ...options, migrations: source } }
}

async function load(path: string): Promise<{ readonly default?: Partial<Config> }> {
  try {
    return await import(pathToFileURL(path).href)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(`${path} cannot be loaded: ${why}`, { cause })
  }
}

function find(named: string | undefined): string {
  const candidates = named === undefined ? NAMES.map((name) => resolve(name)) : [resolve(named)]
  const found = candidates.find((path) => existsSync(path))
  if (found !== undefined) return found
  throw new UsageError(
    named === undefined
      ? `There is no ${NAMES[0]} in ${process.cwd()}. Make one, or name it: --config path`
      : `There is no file ${candidates[0]}.`,
  )
}

function folderOf(migrations: Config['migrations'], base: string): string | undefined {
  if (migrations instanceof URL) return fileURLToPath(migrations)
  return typeof migrations === 'string' ? resolve(base, migrations) : undefined
}
