import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { basename, extname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { DialectName } from '../dialect/index.ts'
import { KantaError, refuse } from '../error/index.ts'
import { show } from '../sql/index.ts'
import { engines } from './engine.ts'
import type { Migration, Migrations } from './migration.ts'
import { byName } from './migration.ts'
import { sqlMigration } from './sql-migration.ts'

/**
 * The migrations of a folder, read when they are needed.
 *
 * A file is a migration, and its name without the ending is the name of that: `.ts` and `.js` modules with `up` and
 * perhaps `down`, or SQL, with the way back in a file of its own: `name.sql` and `name.down.sql`. A folder that
 * drizzle-kit has written (with `meta/_journal.json`) is read as it is. The checksum of a migration is the SHA-256 of
 * its file, whatever its line ends; of SQL that of the way there.
 *
 * @throws KantaError `invalid_input` when it is loaded: for a folder that is not there, a file that is no migration, or
 * two files of one name.
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
    const entries = await list(root)
    const journal = await readJournal(root)
    return journal === undefined ? loadFiles(root, entries) : loadDrizzle(root, entries, journal)
  }
}

export interface MakeOptions {
  /** What the file is in; `ts` unless said. For `sql` there are two: one for each way. */
  readonly kind?: 'ts' | 'js' | 'sql' | undefined
  /** The time that begins its name; now unless said. */
  readonly now?: Date | undefined
}

/**
 * Writes the file of a new migration, and gives its path. Its name begins with the time (UTC), so that it is the last.
 *
 * @throws KantaError `invalid_input` for a name that is not of letters, digits, `_` and `-`, and in a folder that
 * drizzle-kit writes.
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
  const { kind = 'ts', now = new Date() } = options
  if (typeof name !== 'string' || !/^[\p{L}\p{N}_-]{1,200}$/u.test(name))
    refuse(`make(): a migration has a name of letters, digits, '_' and '-', not ${show(name)}.`)
  if (!Object.hasOwn(TEMPLATES, kind)) refuse(`make(): kind is 'ts', 'js' or 'sql', not ${show(kind)}.`)
  if ((await readJournal(root)) !== undefined)
    refuse(`The folder '${root}' is written by drizzle-kit. Make migrations with that, or in another folder.`)
  await mkdir(root, { recursive: true })
  const time = now
    .toISOString()
    .replaceAll(/[-:]|\..*/g, '')
    .replace('T', '_')
  const files = Object.entries(TEMPLATES[kind]!).map(([ending, text]) => [join(root, `${time}_${name}${ending}`), text])
  // Never over a file that is there.
  for (const [file, text] of files) await writeNew(file!, text!)
  return files[0]![0]!
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new KantaError('invalid_input', `The migration '${file}' cannot be written: ${why}`, { cause })
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
  sql: { '.sql': text('-- The way there.'), '.down.sql': text('-- The way back.') },
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

async function list(root: string): Promise<readonly Entry[]> {
  try {
    const found = await readdir(root, { withFileTypes: true })
    return found.map((entry) => ({ file: entry.name, isFolder: entry.isDirectory() }))
  } catch (cause) {
    throw new KantaError('invalid_input', `The migrations cannot be read: there is no folder '${root}'.`, { cause })
  }
}

const CODE = ['.ts', '.mts', '.js', '.mjs', '.cjs']
/** What lies beside migrations, and is none. */
const BESIDE = /^[._]|\.d\.m?ts$|\.map$|\.md$/

async function loadFiles(root: string, entries: readonly Entry[]): Promise<Migrations> {
  const found: Record<string, Migration> = {}
  const files = entries.filter(({ file }) => !BESIDE.test(file)).sort((a, b) => byName(a.file, b.file))
  const names = new Map<string, string>()
  const downs = new Set(files.map(({ file }) => file).filter((file) => file.endsWith('.down.sql')))
  for (const { file, isFolder } of files) {
    const ending = extname(file)
    if (isFolder || (ending !== '.sql' && !CODE.includes(ending)))
      refuse(`'${join(root, file)}' is no migration. Move it away, or begin its name with '_'.`)
    if (downs.has(file)) continue
    const name = basename(file, ending)
    const twin = names.get(name)
    if (twin !== undefined) refuse(`The files '${twin}' and '${file}' are both the migration '${name}'. Keep one.`)
    names.set(name, file)
    const down = `${name}.down.sql`
    if (ending !== '.sql') found[name] = await loadModule(join(root, file))
    else found[name] = await loadSql(root, file, downs.delete(down) ? down : undefined)
  }
  for (const down of downs) refuse(`'${join(root, down)}' is the way back of a migration that is not there.`)
  return found
}

const read = async (path: string): Promise<string> =>
  (await readFile(path, 'utf8')).replace(/^\uFEFF/, '').replaceAll('\r\n', '\n')
const checksumOf = (text: string): string => createHash('sha256').update(text).digest('hex')

async function loadSql(
  root: string,
  file: string,
  down: string | undefined,
  dialects?: readonly DialectName[],
): Promise<Migration> {
  const text = await read(join(root, file))
  const back = down === undefined ? undefined : await read(join(root, down))
  try {
    return sqlMigration(statements(text), back, { checksum: checksumOf(text), dialects })
  } catch (error) {
    if (error instanceof KantaError) error.message = `'${join(root, file)}': ${error.message}`
    throw error
  }
}

/** What drizzle-kit writes between statements is no comment in every database; a semicolon ends a statement in all. */
const statements = (text: string): string => text.replaceAll('--> statement-breakpoint', ';')

async function loadModule(path: string): Promise<Migration> {
  let loaded: Record<string, unknown>
  try {
    loaded = await import(pathToFileURL(path).href)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new KantaError('invalid_input', `The migration '${path}' cannot be loaded: ${why}`, { cause })
  }
  const inner = (loaded.default ?? {}) as Record<string, unknown>
  const { up, down, transaction, foreignKeys, checksum } = (typeof loaded.up === 'function'
    ? loaded
    : inner) as unknown as Migration
  if (typeof up !== 'function') refuse(`The file '${path}' exports no function up(db).`)
  return { up, down, transaction, foreignKeys, checksum: checksum ?? checksumOf(await read(path)) } as Migration
}

/** What drizzle-kit keeps of a folder: https://orm.drizzle.team/docs/drizzle-kit-generate. */
interface Journal {
  readonly dialect: string
  readonly entries: readonly { readonly idx: number; readonly tag: string }[]
}

/** The databases of a journal; `undefined` for one that Kanta does not know. */
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
    const journal = JSON.parse(await read(path)) as Journal
    if (!Array.isArray(journal.entries) || !journal.entries.every(({ tag }) => typeof tag === 'string'))
      refuse('It has no entries with tags.')
    return journal
  } catch (cause) {
    throw new KantaError(
      'invalid_input',
      `The journal '${path}' of drizzle-kit cannot be read: ${(cause as Error).message}`,
      {
        cause,
      },
    )
  }
}

async function loadDrizzle(root: string, entries: readonly Entry[], journal: Journal): Promise<Migrations> {
  const tags = journal.entries.map(({ tag }) => tag)
  const sorted = tags.toSorted(byName)
  const wrong = tags.findIndex((tag, i) => tag !== sorted[i])
  if (wrong >= 0)
    refuse(
      `The journal of '${root}' has '${tags[wrong]}' where '${sorted[wrong]}' comes by name. Give drizzle-kit a prefix: 'index' or 'timestamp'.`,
    )
  const files = new Set(entries.map(({ file }) => file).filter((file) => file.endsWith('.sql')))
  const dialects = dialectsOf(journal)
  const found: Record<string, Migration> = {}
  for (const tag of tags) {
    if (!files.delete(`${tag}.sql`)) refuse(`The journal of '${root}' has '${tag}', and there is no '${tag}.sql'.`)
    const down = files.delete(`${tag}.down.sql`) ? `${tag}.down.sql` : undefined
    found[tag] = await loadSql(root, `${tag}.sql`, down, dialects)
  }
  for (const file of files)
    refuse(`'${join(root, file)}' is not in the journal of drizzle-kit. Add it there, or remove it.`)
  return found
}
