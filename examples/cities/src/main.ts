import { existsSync, statSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { KantaError } from 'kanta'
import { type Db, open } from './database.ts'
import { type FileState, inspectFile, removeFile } from './file.ts'
import { type Imported, importEverything } from './import.ts'
import type { Timing } from './measure.ts'
import { prettySql } from './pretty.ts'
import type { Question } from './question.ts'
import { questions } from './questions.ts'
import { count, duration, megabytes, ProgressBar, paint, paragraph, print, table, width } from './show.ts'

const HELP = `Imports 135,000 cities and 250 countries into a SQLite file through Kanta, asks the file some
questions, and shows for each the SQL, the answer, and the time that it takes.

Usage: npm run demo -- [options]

  -f, --file <path>    the database file (cities.sqlite in examples/cities)
      --fresh          import again, even if the file is there
  -o, --only <names>   only these questions, by name or number, separated by commas
  -l, --list           list the questions and end
      --no-sql         leave the SQL out
      --no-color       without colours; so does the variable NO_COLOR
  -h, --help           this text`

/** Something that the user can mend: told in one line, without a stack. */
class Refusal extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}

function parse() {
  try {
    return parseArgs({
      options: {
        file: { type: 'string', short: 'f' },
        fresh: { type: 'boolean', default: false },
        only: { type: 'string', short: 'o', multiple: true },
        list: { type: 'boolean', short: 'l', default: false },
        sql: { type: 'boolean', default: true },
        color: { type: 'boolean', default: true },
        help: { type: 'boolean', short: 'h', default: false },
      },
      allowNegative: true,
    }).values
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    const [message] = error.message.split(/\. |\n/)
    throw new Refusal(`${message?.replace(/\.$/, '')}. See --help.`, 2)
  }
}

function choose(only: readonly string[] | undefined): readonly Question[] {
  if (only === undefined) return questions
  const names = only.flatMap((names) => names.split(',')).map((name) => name.trim())
  return names.map((name) => {
    const found = questions.find((question) => question.name === name) ?? questions[Number(name) - 1]
    if (found === undefined) throw new Refusal(`There is no question '${name}'. See --list.`, 2)
    return found
  })
}

/** A path as it was meant: npm changes the folder, and says where it was called. */
function pathOf(file: string | undefined): string {
  if (file === undefined) return fileURLToPath(new URL('../cities.sqlite', import.meta.url))
  if (file.trim() === '') throw new Refusal('--file needs a path. See --help.', 2)
  return resolve(process.env.INIT_CWD ?? process.cwd(), file)
}

function shownPath(path: string): string {
  const near = relative(process.env.INIT_CWD ?? process.cwd(), path)
  return near.startsWith('..') ? path : near
}

async function main(): Promise<void> {
  const options = parse()
  if (!options.color) {
    process.env.NO_COLOR = '1'
    delete process.env.FORCE_COLOR
  }
  if (options.help) return print(HELP)
  if (options.list) return list()
  const chosen = choose(options.only)
  const path = pathOf(options.file)
  const started = performance.now()
  // The second Ctrl-C ends the process at once, which does the file no harm either.
  process.once('SIGINT', () => interrupt.abort())

  const state = inspectFile(path)
  if (state === 'foreign') throw new Refusal(`${path} is there and is not a file of this demo. Give another --file.`, 1)
  if (!existsSync(dirname(path))) throw new Refusal(`There is no folder ${dirname(path)}.`, 1)
  const reuse = state === 'complete' && !options.fresh
  if (!reuse) await fill(path, state, interrupt.signal)

  // With the settings that Kanta gives its own connections.
  const hand = new DatabaseSync(path)
  hand.exec(
    'pragma busy_timeout = 5000; pragma synchronous = normal; pragma foreign_keys = on; pragma temp_store = memory',
  )
  const db = open(path)
  try {
    if (reuse) await greet(db, path)
    const times: { name: string; timing: Timing }[] = []
    for (const question of chosen) {
      print()
      const number = questions.indexOf(question) + 1
      const timing = await ask(question, number, { db, hand, signal: interrupt.signal }, options.sql)
      times.push({ name: question.name, timing })
    }
    print()
    summarize(times)
  } finally {
    await db.destroy()
    hand.close()
  }
  print()
  const took = duration(performance.now() - started)
  const size = megabytes(statSync(path).size)
  const end = `Done in ${took}. The file is ${paint('bold', shownPath(path))} (${size}); the next run asks it again.`
  for (const line of paragraph(end, '')) print(line)
}

function list(): void {
  questions.forEach((question, i) => {
    const [first, ...more] = paragraph(question.asks, ' '.repeat(17))
    print(`${String(i + 1).padStart(4)}  ${paint('bold', question.name.padEnd(11))}${first?.trimStart()}`)
    for (const line of more) print(line)
  })
}

/** Imports into the file. One that this run has made goes again when nothing came into it. */
async function fill(path: string, state: FileState, signal: AbortSignal): Promise<void> {
  const again = state === 'complete' || state === 'old'
  print(`${again ? 'Importing again' : 'Importing'} into ${paint('bold', shownPath(path))}, in one transaction`)
  const started = performance.now()
  const bar = new ProgressBar()
  const db = open(path)
  let imported: Imported
  try {
    imported = await importEverything(db, bar.show, signal)
  } catch (error) {
    bar.stop()
    await db.destroy()
    if (state === 'missing') removeFile(path)
    if (!signal.aborted) throw error
    throw new Refusal(`Interrupted. ${state === 'missing' ? 'No file was left.' : 'The file is as it was.'}`, 130)
  }
  await db.destroy()
  const took = duration(performance.now() - started)
  const { rows, remarks } = imported
  const all = Object.values(rows).reduce((sum, n) => sum + n, 0)
  const parts = Object.entries(rows).map(([what, n]) => `${count(n)} ${what}`.replaceAll(' ', '\u00a0'))
  for (const line of paragraph(`${count(all)} rows in ${took}: ${parts.join(', ')}.`, '  ')) print(line)
  for (const remark of remarks) for (const line of paragraph(remark, '  ')) print(paint('dim', line))
}

/** Says what is in a file that was there. */
async function greet(db: Db, path: string): Promise<void> {
  const { cities, first } = await db
    .selectFrom('city')
    .select((eb) => [eb.fn.countAll().as('cities'), eb.fn.min('imported_at').as('first')])
    .executeTakeFirstOrThrow()
  const when = first.toISOString().slice(0, 16).replace('T', ' ')
  const found = `${paint('bold', shownPath(path))} is there: ${count(cities)} cities, imported at ${when} UTC.`
  for (const line of paragraph(`${found} --fresh imports them again.`, '')) print(line)
}

async function ask(
  question: Question,
  number: number,
  scene: Parameters<Question['answer']>[0],
  showSql: boolean,
): Promise<Timing> {
  const head = String(number).padStart(2)
  const [first, ...more] = paragraph(question.asks, '    ')
  print(`${paint('cyan', head)}  ${paint('bold', first?.trim() ?? '')}`)
  for (const line of more) print(paint('bold', line))
  const { sql, parameters, rows, says, timing } = await question.answer(scene)
  if (showSql) {
    print()
    const lines = sql.flatMap((statement) => prettySql(statement, width() - 4))
    for (const line of [...lines, ...given(parameters)]) print(`    ${paint('gray', line)}`)
  }
  print()
  const most = 12
  for (const line of table(rows.slice(0, most), '    ')) print(line)
  if (rows.length > most) print(paint('dim', `    … and ${count(rows.length - most)} more`))
  if (says !== undefined) for (const line of paragraph(says, '    ')) print(line)
  print()
  print(`    ${timeOf(timing)}`)
  return timing
}

/** The values of the question marks, as a comment of SQL. */
function given(parameters: readonly unknown[]): string[] {
  if (parameters.length === 0) return []
  if (parameters.length > 12) return [`-- ${parameters.length} values`]
  return [`-- ${parameters.map((value) => (typeof value === 'string' ? `'${value}'` : String(value))).join(', ')}`]
}

function timeOf({ kanta, hand }: Timing): string {
  return `${paint('green', duration(kanta))} with Kanta, ${duration(hand)} prepared by hand: × ${(kanta / hand).toFixed(2)}`
}

function summarize(times: readonly { readonly name: string; readonly timing: Timing }[]): void {
  const rows = times.map(({ name, timing }) => ({
    question: name,
    Kanta: duration(timing.kanta),
    'by hand': duration(timing.hand),
    ratio: `× ${(timing.kanta / timing.hand).toFixed(2)}`,
  }))
  for (const line of table(rows, '    ')) print(line)
  print()
  const note =
    'Medians of runs in turns. With Kanta: the query is built, run and its rows decoded, each time. By hand: the same SQL, ' +
    'prepared once with node:sqlite; dates, booleans and JSON stay as they are stored.'
  for (const line of paragraph(note, '    ')) print(paint('dim', line))
}

const interrupt = new AbortController()
let unread = false
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  // As when the output is piped to `head`: nobody reads on.
  unread = true
  interrupt.abort()
})

try {
  await main()
} catch (error) {
  if (unread) {
    process.exitCode = 0
  } else if (error instanceof Refusal) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = error.exitCode
  } else if (error instanceof Error && error.name === 'AbortError') {
    process.stderr.write('Interrupted.\n')
    process.exitCode = 130
  } else if (error instanceof KantaError && error.code === 'connection') {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  } else {
    throw error
  }
}
