import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Database } from 'kanta'
import type { MigrationSource, MigratorOptions } from 'kanta/migrate'
import { folder } from 'kanta/migrate/files'
import { UsageError } from './usage.ts'

/** The configuration of the command line, with the options of `migrator()`. */
export interface Config extends Omit<MigratorOptions, 'migrations' | 'onProgress'> {
  /** Opens the database. The command closes it at the end. */
  readonly db: () => Database<any> | Promise<Database<any>>
  /** A folder of migrations, relative to the configuration file, or a source of migrations for `migrator()`. */
  readonly migrations: string | URL | MigrationSource
  /** The module with the `table()` values, relative to the configuration file, for `kanta diff`. */
  readonly schema?: string | undefined
}

/** Returns its argument, so that editors check and complete the configuration. */
export const defineConfig = (config: Config): Config => config

/** A loaded configuration with resolved paths. */
export interface Loaded {
  readonly open: Config['db']
  /** The folder of the migrations, if the configuration names one. */
  readonly folder: string | undefined
  /** The path of the module with the tables, if the configuration names one. */
  readonly schema: string | undefined
  readonly options: Omit<MigratorOptions, 'onProgress'>
}

const NAMES = ['kanta.config.ts', 'kanta.config.mts', 'kanta.config.js', 'kanta.config.mjs']

/** Loads a configuration file: the given one, or else the one in the current folder. */
export async function loadConfig(givenPath: string | undefined): Promise<Loaded> {
  const path = findFile(givenPath)
  const { default: config } = await importFile(path)
  if (typeof config !== 'object' || config === null)
    throw new UsageError(`${path} has no default export. Add: export default defineConfig({ db: …, migrations: … })`)
  const { db, migrations, schema, ...options } = config
  if (typeof db !== 'function')
    throw new UsageError(`${path} has no function db that opens the database. Add: db: () => kanta({ … })`)
  if (migrations === undefined) throw new UsageError(`${path} has no migrations. Add: migrations: 'migrations'`)
  const inFolder = folderOf(migrations, dirname(path))
  const source = inFolder === undefined ? (migrations as MigrationSource) : folder(inFolder)
  const tables = schema === undefined ? undefined : resolve(dirname(path), schema)
  return { open: db, folder: inFolder, schema: tables, options: { ...options, migrations: source } }
}

async function importFile(path: string): Promise<{ readonly default?: Partial<Config> }> {
  try {
    return await import(pathToFileURL(path).href)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(`Cannot load ${path}: ${why}`, { cause })
  }
}

function findFile(givenPath: string | undefined): string {
  const candidates = givenPath === undefined ? NAMES.map((name) => resolve(name)) : [resolve(givenPath)]
  const found = candidates.find((path) => existsSync(path))
  if (found !== undefined) return found
  throw new UsageError(
    givenPath === undefined
      ? `There is no ${NAMES[0]} in ${process.cwd()}. Create one, or pass its path: --config path`
      : `There is no file ${candidates[0]}. Check the path after --config.`,
  )
}

function folderOf(migrations: Config['migrations'], base: string): string | undefined {
  if (migrations instanceof URL) return fileURLToPath(migrations)
  return typeof migrations === 'string' ? resolve(base, migrations) : undefined
}
