import { readFileSync } from 'node:fs'
import { type MigrationRun, type Migrator, migrator, none } from 'kanta/migrate'
import { type MakeOptions, make } from 'kanta/migrate/files'
import { type Loaded, loadConfig } from './config.ts'
import { doctor } from './doctor.ts'
import { progress, script, summary, table } from './print.ts'
import { compare, pull } from './schema.ts'
import { seed } from './seed.ts'
import { type Call, HELP, readCall, UsageError } from './usage.ts'

/** The outputs of a command, and the signal that stops it. */
export interface Streams {
  out(text: string): void
  error(text: string): void
  readonly signal: AbortSignal
  /** Is true if what goes to `error` is read on a terminal, where a line can be overwritten. */
  readonly isTerminal?: boolean | undefined
}

/** Runs a command and returns its exit code. */
export async function run(args: readonly string[], streams: Streams): Promise<number> {
  try {
    const call = readCall(args)
    if (call === 'help') streams.out(HELP)
    else if (call === 'version') streams.out(`${version()}\n`)
    else return await perform(call, streams)
    return 0
  } catch (error) {
    const { message, sql } = error as { message?: string; sql?: string }
    streams.error(`kanta: ${message ?? String(error)}\n${sql === undefined ? '' : `\n${sql}\n`}`)
    return error instanceof UsageError ? 2 : 1
  }
}

function version(): string {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version
}

async function perform(call: Call, streams: Streams): Promise<number> {
  const config = await loadConfig(call.config)
  if (call.command === 'make') {
    streams.out(`${await makeFile(call, config)}\n`)
    return 0
  }
  const db = await config.open()
  try {
    if (call.command === 'doctor') return await doctor(call, config, db, streams)
    if (call.command === 'seed') return await seed(call, db, streams)
    if (call.command === 'pull') return await pull(call, db, streams)
    if (call.command === 'diff') return await compare(call, config, db, streams)
    const onProgress = (event: Parameters<typeof progress>[0]): void => {
      const line = progress(event)
      if (line !== undefined) streams.error(`${line}\n`)
    }
    return await migrate(call, migrator(db, { ...config.options, onProgress }), streams)
  } finally {
    await db.destroy()
  }
}

async function makeFile({ words, kind }: Call, { folder }: Loaded): Promise<string> {
  if (folder === undefined)
    throw new UsageError('make needs a folder of migrations. Set it in the configuration: migrations: "migrations"')
  return make(folder, words[0]!, kind === undefined ? {} : { kind: kind as NonNullable<MakeOptions['kind']> })
}

async function migrate(call: Call, migrate: Migrator, streams: Streams): Promise<number> {
  const { command, words, dryRun } = call
  const [first, second] = words
  const { signal } = streams
  const report = (run: MigrationRun): number => {
    streams.out(dryRun ? script(run) : `${summary(run)}\n`)
    return 0
  }
  const options = { dryRun, signal }
  switch (command) {
    case 'up':
    case 'down':
      return report(await migrate[command](readCount(command, first), options))
    case 'to':
      return report(await migrate.to(first === 'none' ? none : first!, options))
    case 'status': {
      const statuses = await migrate.status({ signal })
      streams.out(table(statuses))
      const isUpToDate = statuses.every(({ state, drift }) => state === 'applied' && drift.length === 0)
      return call.check && !isUpToDate ? 3 : 0
    }
    case 'baseline': {
      const marked = await migrate.baseline(first!, { signal })
      streams.out(`Marked as applied: ${marked.length === 0 ? 'none, all were' : marked.join(', ')}.\n`)
      return 0
    }
    case 'resolve':
      if (second !== 'applied' && second !== 'rolled-back')
        throw new UsageError(`migrate resolve takes the state 'applied' or 'rolled-back', not '${second}'.`)
      await migrate.resolve(first!, second === 'applied' ? 'applied' : 'rolled back', { signal })
      streams.out(`${first} is now recorded as ${second.replace('-', ' ')}.\n`)
      return 0
    default:
      return report(await migrate.latest(options))
  }
}

function readCount(command: string, word: string | undefined): number {
  if (word === undefined) return 1
  const n = Number(word)
  if (!Number.isInteger(n) || n < 1)
    throw new UsageError(`migrate ${command} takes a whole number from 1 on, not '${word}'.`)
  return n
}
