import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Database } from 'kanta'
import { type Difference, diff, type Finding, needsForeignKeysOff, type Step, schemaCode, stepSql } from 'kanta/diff'
import { introspect } from 'kanta/introspect'
import { make } from 'kanta/migrate/files'
import type { Loaded } from './config.ts'
import type { Streams } from './run.ts'
import { type Call, UsageError } from './usage.ts'

/** The exit code of a check that finds a difference. */
const DIFFERS = 3

/** Writes the tables of a database as TypeScript, to the standard output or a file. */
export async function pull({ out }: Call, db: Database<any>, streams: Streams): Promise<number> {
  const code = schemaCode(await introspect(db, { signal: streams.signal }))
  if (out === undefined) {
    streams.out(code)
    return 0
  }
  try {
    await writeFile(resolve(out), code, { flag: 'wx' })
  } catch (cause) {
    const isThere = (cause as { code?: string }).code === 'EEXIST'
    throw new UsageError(
      isThere ? `${out} is already there. Remove it, or pass another path after --out.` : (cause as Error).message,
      { cause },
    )
  }
  streams.out(`${out}\n`)
  return 0
}

/** Shows the SQL that leads from a database to the tables of a module, or writes the migration. */
export async function compare(call: Call, config: Loaded, db: Database<any>, streams: Streams): Promise<number> {
  const tables = await loadTables(call.words[0], config)
  if (call.out !== undefined && config.folder === undefined)
    throw new UsageError(
      'diff --out needs a folder of migrations. Set it in the configuration: migrations: "migrations"',
    )
  const catalog = await introspect(db, { signal: streams.signal })
  const difference = await diff(catalog, tables, { renames: renamesOf(call.renames) })
  for (const finding of difference.warnings) streams.error(`${warningLine(finding)}\n`)
  const texts = { up: scriptOf(difference.up, difference), down: scriptOf(difference.down, difference) }
  if (difference.up.length === 0) streams.out('-- The database has the tables of the module.\n')
  else if (call.out === undefined) streams.out(texts.up)
  else streams.out(`${await make(config.folder!, call.out, { sql: texts })}\n`)
  return call.check && difference.up.length > 0 ? DIFFERS : 0
}

async function loadTables(word: string | undefined, { schema }: Loaded): Promise<object> {
  const path = word === undefined ? schema : resolve(word)
  if (path === undefined)
    throw new UsageError(
      "diff needs the module with the tables. Pass its path, or set it in the configuration: schema: 'schema.ts'",
    )
  if (!existsSync(path)) throw new UsageError(`There is no file ${path}. Pass the module with the tables.`)
  try {
    return await import(pathToFileURL(path).href)
  } catch (cause) {
    throw new UsageError(`Cannot load ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/** Returns what `diff()` takes from words such as `city.nmae=name`; nothing after the sign means that it was dropped. */
function renamesOf(words: readonly string[]): Record<string, string | null> {
  return Object.fromEntries(
    words.map((word) => {
      const [from = '', to] = word.split('=')
      if (from === '' || to === undefined)
        throw new UsageError(
          `--rename takes old=new, such as city.nmae=name, and old= for what is dropped; not '${word}'.`,
        )
      return [from, to === '' ? null : to]
    }),
  )
}

function scriptOf(steps: readonly Step[], { dialect }: Difference): string {
  const lines = steps.flatMap((step) => stepSql(step, dialect)).map((text) => `${text};\n`)
  return [...(needsForeignKeysOff(steps) ? ['-- kanta: foreign keys off\n'] : []), ...lines].join('')
}

const warningLine = ({ severity, rule, message, safer }: Finding): string => `${severity} ${rule}: ${message} ${safer}`
