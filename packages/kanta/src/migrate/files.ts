import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { basename, extname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { DialectName } from '../dialect/index.ts'
import { KantaError, refuse } from '../error/index.ts'
import { show } from '../sql/index.ts'
import { engines } from './engine.ts'
import type { Migration, Migrations } from './migration.ts'
import { compareNames } from './migration.ts'
import { sqlMigration } from './sql-migration.ts'

/**
 * Returns a function that loads the migrations of a folder.
 *
 * Each file is a migration, named as the file without its extension: a `.ts` or `.js` module with `up` and optionally
 * `down`, or SQL in `name.sql` with the way back in `name.down.sql`. It also reads folders that drizzle-kit has written
 * (with `meta/_journal.json`). The checksum of a migration is the SHA-256 of its file, independent of line endings; for
 * SQL, of the `up` file.
 *
 * @throws KantaError `invalid_input` when it loads: for a missing folder, a file that is not a migration, or two files of
 * one name.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { migrator } from 'kanta/migrate'
 * import { folder } from 'kanta/migrate/files'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const db = kanta({ driver: sqlite('cities.db') })
 * const migrate = migrator(db, { migrations: folder('migrations') })
 * ```
 */
export function folder(path: string | URL): () => Promise<Migrations> {
  const root = pathOf('folder()', path)
  return async () => {
    const entries = await listFolder(root)
    const journal = await readJournal(root)
    return journal === undefined ? loadFiles(root, entries) : loadDrizzle(root, entries, journal)
  }
}

/** Options of `make()`. */
export interface MakeOptions {
  /** The language of the file; by default `ts`. `sql` creates two files, one for each direction. */
  readonly kind?: 'ts' | 'js' | 'sql' | undefined
  /** The time at the start of the file name; by default the current time. */
  readonly now?: Date | undefined
  /** The text of the two files of the kind `sql`; by default they are empty. */
  readonly sql?: { readonly up: string; readonly down: string } | undefined
}

/**
 * Writes the file of a new migration, and returns its path. The name begins with the time (UTC), so that it sorts last.
 *
 * @throws KantaError `invalid_input` for a name with other characters than letters, digits, `_` and `-`, and in a folder
 * that drizzle-kit writes.
 *
 * @example
 * ```ts
 * import { make } from 'kanta/migrate/files'
 *
 * const path = await make('migrations', 'create_city', { now: new Date('2026-01-31T12:30:00Z') })
 * path.endsWith('20260131_123000_create_city.ts') // true
 * ```
 */
export async function make(path: string | URL, name: string, options: MakeOptions = {}): Promise<string> {
  const root = pathOf('make()', path)
  const { sql, kind = sql === undefined ? 'ts' : 'sql', now = new Date() } = options
  if (typeof name !== 'string' || !/^[\p{L}\p{N}_-]{1,200}$/u.test(name))
    refuse(`make(): the name of a migration must consist of letters, digits, '_' and '-', not ${show(name)}.`)
  if (!Object.hasOwn(TEMPLATES, kind)) refuse(`make(): kind must be 'ts', 'js' or 'sql', not ${show(kind)}.`)
  if (sql !== undefined && kind !== 'sql') refuse(`make(): the SQL of a migration needs kind 'sql', not ${show(kind)}.`)
  if ((await readJournal(root)) !== undefined)
    refuse(`drizzle-kit writes the folder '${root}'. Create migrations with drizzle-kit, or use another folder.`)
  await mkdir(root, { recursive: true })
  const time = now
    .toISOString()
    .replaceAll(/[-:]|\..*/g, '')
    .replace('T', '_')
  const contents = sql === undefined ? TEMPLATES[kind]! : { '.sql': sql.up, '.down.sql': sql.down }
  const files = Object.entries(contents).map(([ending, text]) => [join(root, `${time}_${name}${ending}`), text])
  // Never overwrite an existing file.
  for (const [file, text] of files) await writeNew(file!, text!)
  return files[0]![0]!
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new KantaError('invalid_input', `Cannot write the migration '${file}': ${why}`, { cause })
  }
}

const text = (...lines: readonly string[]): string => `${lines.join('\n')}\n`

const TEMPLATES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ts: {
    '.ts': text(
      "import { sql } from 'kanta'",
      "import type { Migration } from 'kanta/migrate'",
      '',
      "export const up: Migration['up'] = async (db) => {",
      '  await sql``.execute(db)',
      '}',
      '',
      "export const down: Migration['down'] = async (db) => {",
      '  await sql``.execute(db)',
      '}',
    ),
  },
  js: {
    '.js': text(
      "import { sql } from 'kanta'",
      '',
      '/** @type {import("kanta/migrate").Migration["up"]} */',
      'export async function up(db) {',
      '  await sql``.execute(db)',
      '}',
      '',
      '/** @type {import("kanta/migrate").Migration["down"]} */',
      'export async function down(db) {',
      '  await sql``.execute(db)',
      '}',
    ),
  },
  sql: { '.sql': text('-- The statements of the change.'), '.down.sql': text('-- The statements that undo it.') },
}

function pathOf(owner: string, path: unknown): string {
  if (path instanceof URL) return fileURLToPath(path)
  if (typeof path !== 'string' || path.trim() === '')
    return refuse(`${owner} takes the path of a folder, not ${show(path)}.`)
  return resolve(path)
}

interface Entry {
  readonly file: string
  readonly isFolder: boolean
}

async function listFolder(root: string): Promise<readonly Entry[]> {
  try {
    const found = await readdir(root, { withFileTypes: true })
    return found.map((entry) => ({ file: entry.name, isFolder: entry.isDirectory() }))
  } catch (cause) {
    throw new KantaError('invalid_input', `Cannot read the migrations: there is no folder '${root}'.`, { cause })
  }
}

const CODE_EXTENSIONS = ['.ts', '.mts', '.js', '.mjs', '.cjs']
/** The files in a folder of migrations to ignore. */
const IGNORED = /^[._]|\.d\.m?ts$|\.map$|\.md$/

async function loadFiles(root: string, entries: readonly Entry[]): Promise<Migrations> {
  const found: Record<string, Migration> = {}
  const files = entries.filter(({ file }) => !IGNORED.test(file)).sort((a, b) => compareNames(a.file, b.file))
  const names = new Map<string, string>()
  const downs = new Set(files.map(({ file }) => file).filter((file) => file.endsWith('.down.sql')))
  for (const { file, isFolder } of files) {
    const ending = extname(file)
    if (isFolder || (ending !== '.sql' && !CODE_EXTENSIONS.includes(ending)))
      refuse(`'${join(root, file)}' is not a migration. Move it away, or begin its name with '_'.`)
    if (downs.has(file)) continue
    const name = basename(file, ending)
    const twin = names.get(name)
    if (twin !== undefined) refuse(`The files '${twin}' and '${file}' are both the migration '${name}'. Keep one.`)
    names.set(name, file)
    const down = `${name}.down.sql`
    if (ending !== '.sql') found[name] = await loadModule(join(root, file))
    else found[name] = await loadSql(root, file, downs.delete(down) ? down : undefined)
  }
  for (const down of downs)
    refuse(`'${join(root, down)}' has no migration to revert. Add the migration, or remove the file.`)
  return found
}

const readText = async (path: string): Promise<string> =>
  (await readFile(path, 'utf8')).replace(/^\uFEFF/, '').replaceAll('\r\n', '\n')
const checksumOf = (text: string): string => createHash('sha256').update(text).digest('hex')

async function loadSql(
  root: string,
  file: string,
  down: string | undefined,
  dialects?: readonly DialectName[],
): Promise<Migration> {
  const text = await readText(join(root, file))
  const back = down === undefined ? undefined : await readText(join(root, down))
  try {
    return sqlMigration(splitStatements(text), back, { checksum: checksumOf(text), dialects })
  } catch (error) {
    if (error instanceof KantaError) error.message = `'${join(root, file)}': ${error.message}`
    throw error
  }
}

/** Replaces the separators of drizzle-kit with semicolons, since they are not comments in every database. */
const splitStatements = (text: string): string => text.replaceAll('--> statement-breakpoint', ';')

async function loadModule(path: string): Promise<Migration> {
  let loaded: Record<string, unknown>
  try {
    loaded = await import(pathToFileURL(path).href)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const place = cause instanceof SyntaxError ? placeOf(cause) : undefined
    throw new KantaError(
      'invalid_input',
      place === undefined
        ? `Cannot load the migration '${path}': ${why}`
        : `Cannot load the migration '${path}', line ${place.line}: ${why}\n${place.code}`,
      { cause },
    )
  }
  const inner = (loaded.default ?? {}) as Record<string, unknown>
  const { up, down, transaction, foreignKeys, checksum } = (typeof loaded.up === 'function'
    ? loaded
    : inner) as unknown as Migration
  if (typeof up !== 'function') refuse(`The file '${path}' does not export a function up(db). Add one.`)
  return { up, down, transaction, foreignKeys, checksum: checksum ?? checksumOf(await readText(path)) } as Migration
}

/** Returns the place of a syntax error in TypeScript. Node writes it before the message of the stack. */
function placeOf({ stack = '' }: SyntaxError): { readonly line: string; readonly code: string } | undefined {
  const [, line, code] = /^[^\n]+:(\d+)\n(.*?)\n\n\w*Error/s.exec(stack) ?? []
  return line === undefined ? undefined : { line, code: code! }
}

/** The journal of drizzle-kit: https://orm.drizzle.team/docs/drizzle-kit-generate. */
interface Journal {
  readonly dialect: string
  readonly entries: readonly { readonly idx: number; readonly tag: string }[]
}

/** Returns the databases of a journal, or `undefined` if Kanta does not support them. */
function dialectsOf({ dialect }: Journal): readonly DialectName[] | undefined {
  const names = engines.names(({ drizzleNames }) => drizzleNames.includes(dialect))
  return names.length === 0 ? undefined : names
}

async function readJournal(root: string): Promise<Journal | undefined> {
  const path = join(root, 'meta', '_journal.json')
  const isThere = await stat(path).then(
    () => true,
    () => false,
  )
  if (!isThere) return undefined
  try {
    const journal = JSON.parse(await readText(path)) as Journal
    if (!Array.isArray(journal.entries) || !journal.entries.every(({ tag }) => typeof tag === 'string'))
      refuse('It has no entries with tags.')
    return journal
  } catch (cause) {
    throw new KantaError(
      'invalid_input',
      `Cannot read the journal '${path}' of drizzle-kit: ${(cause as Error).message}`,
      {
        cause,
      },
    )
  }
}

async function loadDrizzle(root: string, entries: readonly Entry[], journal: Journal): Promise<Migrations> {
  const tags = journal.entries.map(({ tag }) => tag)
  const sorted = tags.toSorted(compareNames)
  const wrong = tags.findIndex((tag, i) => tag !== sorted[i])
  if (wrong >= 0)
    refuse(
      `The journal of '${root}' has '${tags[wrong]}' where '${sorted[wrong]}' comes by name. Set the prefix of drizzle-kit to 'index' or 'timestamp'.`,
    )
  const files = new Set(entries.map(({ file }) => file).filter((file) => file.endsWith('.sql')))
  const dialects = dialectsOf(journal)
  const found: Record<string, Migration> = {}
  for (const tag of tags) {
    if (!files.delete(`${tag}.sql`)) refuse(`The journal of '${root}' has '${tag}', but there is no '${tag}.sql'.`)
    const down = files.delete(`${tag}.down.sql`) ? `${tag}.down.sql` : undefined
    found[tag] = await loadSql(root, `${tag}.sql`, down, dialects)
  }
  for (const file of files)
    refuse(`'${join(root, file)}' is not in the journal of drizzle-kit. Add it there, or remove it.`)
  return found
}
