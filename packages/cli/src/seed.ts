import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Database } from 'kanta'
import { type GenerateOptions, type GenerateProgress, generate, sandbox } from 'kanta/testing'
import type { Streams } from './run.ts'
import { type Call, UsageError } from './usage.ts'

/** The default export of a file for `kanta seed`: options of `generate()`, or a function that writes rows. */
export type Seed = Partial<GenerateOptions<any>> | ((db: Database<any>) => unknown)

/** Writes rows into the database: those of a file, and those of `--rows`. */
export async function seed(call: Call, db: Database<any>, streams: Streams): Promise<number> {
  const [path] = call.words
  const given = path === undefined ? {} : await loadSeed(path)
  const counts = countsOf(call.rows)
  if (typeof given === 'function') {
    if (call.rows.length > 0)
      throw new UsageError(`${path} is a function, which decides itself how many rows it writes. Leave out --rows.`)
    if (call.seed !== undefined)
      throw new UsageError(`${path} is a function, which makes its own values. Leave out --seed.`)
    return await runFunction(given, call, db, streams)
  }
  const rows = { ...given.rows, ...counts }
  if (Object.keys(rows).length === 0)
    throw new UsageError('seed needs a file or the numbers of rows, such as --rows author=100 --rows book=1000.')
  const dryRun = call.dryRun || given.dryRun === true
  const { tables } = await generate(db, {
    ...given,
    rows,
    seed: call.seed === undefined ? (given.seed ?? 1) : numberOrText(call.seed),
    dryRun,
    signal: streams.signal,
    onProgress: (progress) => streams.error(progressText(progress, streams.isTerminal === true)),
  })
  for (const { table, rows } of tables) streams.out(`${table}  ${rows} ${dryRun ? 'rows would be written' : 'rows'}\n`)
  return 0
}

async function runFunction(
  write: (db: Database<any>) => unknown,
  call: Call,
  db: Database<any>,
  streams: Streams,
): Promise<number> {
  if (call.dryRun) {
    await using box = await sandbox(db)
    await write(box.db)
  } else await write(db)
  streams.out(call.dryRun ? 'Done, and undone.\n' : 'Done.\n')
  return 0
}

async function loadSeed(word: string): Promise<Seed> {
  const path = resolve(word)
  if (!existsSync(path)) throw new UsageError(`There is no file ${path}. Pass the file with the seed.`)
  let module: { readonly default?: unknown }
  try {
    module = await import(pathToFileURL(path).href)
  } catch (cause) {
    throw new UsageError(`Cannot load ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
  const { default: found } = module
  if (typeof found !== 'function' && (typeof found !== 'object' || found === null))
    throw new UsageError(
      `${path} has no default export. Add: export default { seed: 1, rows: { author: 100 } }, or a function (db) => { … }`,
    )
  return found as Seed
}

function countsOf(words: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>()
  for (const word of words) {
    const [, table, count] = /^(.+)=(\d+)$/.exec(word) ?? []
    if (table === undefined) throw new UsageError(`--rows takes table=number, such as author=100, not '${word}'.`)
    if (counts.has(table)) throw new UsageError(`--rows has the table '${table}' twice. Leave one out.`)
    counts.set(table, Number(count))
  }
  return Object.fromEntries(counts)
}

const numberOrText = (word: string): number | string => (/^\d{1,15}$/.test(word) ? Number(word) : word)

const WIDTH = 30

/** Returns a bar that the next one overwrites, or a line for each table where the output is no terminal. */
export function progressText({ table, done, of }: GenerateProgress, isTerminal: boolean): string {
  if (!isTerminal) return done < of ? '' : `${table}  ${done}/${of}\n`
  const filled = Math.round((WIDTH * done) / of)
  const bar = `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)}`
  return `\r${table}  ${bar}  ${done}/${of}${done < of ? '' : '\n'}`
}
