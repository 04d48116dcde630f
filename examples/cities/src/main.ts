import { existsSync, statSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { KantaError } from 'kanta'
import { type Played, play } from './act.ts'
import { open } from './database.ts'
import { type FileState, inspectFile, removeFile } from './file.ts'
import { type Imported, importEverything } from './import.ts'
import type { Timing } from './measure.ts'
import { prettySql } from './pretty.ts'
import type { Question } from './question.ts'
import { questions } from './questions.ts'
import {
  count,
  duration,
  fold,
  foldCode,
  megabytes,
  ProgressBar,
  paint,
  paragraph,
  print,
  table,
  width,
} from './show.ts'
import { bodyOf, type Step } from './step.ts'
import { steps } from './steps.ts'
import { openTrips, type Ran } from './trips.ts'

const HELP = `Imports 135,000 cities and 250 countries into a SQLite file through Kanta, asks
the file some questions, and shows for each the SQL, the answer, and the time
that it takes. In a second act two travel agencies share the file through
plugins; each step shows the code, the SQL, and the answer.

Usage: npm run demo -- [options]

  -f, --file <path>    the database file (cities.sqlite in examples/cities)
      --fresh          import again, even if the file is there
  -o, --only <names>   only these questions and steps, by name or number,
                       separated by commas; act1 and act2 are all of an act
  -l, --list           list the questions and steps, and end
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

/** What is to be shown: questions in the order that is asked for, steps in their own. */
interface Choice {
  readonly questions: readonly Question[]
  readonly steps: ReadonlySet<Step>
}

function choose(only: readonly string[] = ['act1', 'act2']): Choice {
  const names = only.flatMap((names) => names.split(',')).map((name) => name.trim())
  const found = names.flatMap((name): readonly (Question | Step)[] => {
    if (name === 'act1') return questions
    if (name === 'act2') return steps
    const all = [...questions, ...steps]
    const one = all.find((each) => each.name === name) ?? all[Number(name) - 1]
    if (one === undefined) throw new Refusal(`There is no question or step '${name}'. See --list.`, 2)
    return [one]
  })
  return {
    questions: found.filter((each) => 'answer' in each),
    steps: new Set(found.filter((each) => 'code' in each)),
  }
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

  const told = { sql: options.sql, signal: interrupt.signal }
  if (reuse) await greet(path)
  if (chosen.questions.length > 0) await askAll(chosen.questions, path, told)
  if (chosen.steps.size > 0) await playAll(chosen.steps, path, told)
  print()
  const took = duration(performance.now() - started)
  const size = megabytes(statSync(path).size)
  const end = `Done in ${took}. The file is ${paint('bold', shownPath(path))} (${size}); the next run asks it again.`
  for (const line of paragraph(end, '')) print(line)
}

function list(): void {
  const all = [...questions, ...steps]
  all.forEach((each, i) => {
    if (each === steps[0]) for (const line of paragraph(SECOND_ACT, '')) print(paint('dim', line))
    const [first, ...more] = paragraph(each.asks, ' '.repeat(19))
    print(`${String(i + 1).padStart(4)}  ${paint('bold', each.name.padEnd(13))}${first?.trimStart()}`)
    for (const line of more) print(line)
  })
}

const SECOND_ACT = 'Second act: two agencies, one file. Each step stands on those before it.'

/** How everything is shown, and until when. */
interface Telling {
  readonly sql: boolean
  readonly signal: AbortSignal
}

/** The first act. */
async function askAll(questions: readonly Question[], path: string, { sql, signal }: Telling): Promise<void> {
  // With the settings that Kanta gives its own connections.
  const hand = new DatabaseSync(path)
  hand.exec(
    'pragma busy_timeout = 5000; pragma synchronous = normal; pragma foreign_keys = on; pragma temp_store = memory',
  )
  const db = open(path)
  try {
    const times: { name: string; timing: Timing }[] = []
    for (const question of questions) {
      print()
      const timing = await ask(question, { db, hand, signal }, sql)
      times.push({ name: question.name, timing })
    }
    print()
    summarize(times)
  } finally {
    await db.destroy()
    hand.close()
  }
}

/** The second act: all steps are played, and those that are asked for shown. */
async function playAll(chosen: ReadonlySet<Step>, path: string, { sql, signal }: Telling): Promise<void> {
  const ran: Ran[] = []
  const file = openTrips(path, (statement) => ran.push(statement))
  try {
    print()
    for (const line of paragraph(SECOND_ACT, '')) print(paint('bold', line))
    await play(steps, file, ran, (step, played) => chosen.has(step) && showStep(step, played, sql), signal)
  } finally {
    await file.destroy()
  }
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
async function greet(path: string): Promise<void> {
  const db = open(path)
  const { cities, first } = await db
    .selectFrom('city')
    .select((eb) => [eb.fn.countAll().as('cities'), eb.fn.min('imported_at').as('first')])
    .executeTakeFirstOrThrow()
    .finally(() => db.destroy())
  const when = first?.toISOString().slice(0, 16).replace('T', ' ')
  const found = `${paint('bold', shownPath(path))} is there: ${count(cities)} cities, imported at ${when} UTC.`
  for (const line of paragraph(`${found} --fresh imports them again.`, '')) print(line)
}

function heading(of: Question | Step): void {
  const head = String([...questions, ...steps].indexOf(of) + 1).padStart(2)
  const [first, ...more] = paragraph(of.asks, '    ')
  print(`${paint('cyan', head)}  ${paint('bold', first?.trim() ?? '')}`)
  for (const line of more) print(paint('bold', line))
}

async function ask(question: Question, scene: Parameters<Question['answer']>[0], showSql: boolean): Promise<Timing> {
  heading(question)
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

function showStep(step: Step, { statements, rows }: Played, showSql: boolean): void {
  print()
  heading(step)
  print()
  for (const line of bodyOf(step.shown ?? step.code))
    for (const part of foldCode(line, width() - 4)) print(`    ${paint('cyan', part)}`)
  if (showSql && statements.length > 0) {
    print()
    const shown = statements.filter(({ sql }) => step.shows?.test(sql) !== false)
    const lines = shown.flatMap(({ sql, parameters }) => [...prettySql(sql, width() - 4), ...given(parameters)])
    const more = statements.length - shown.length
    if (more > 0) lines.push(`-- and ${more} more in the same ${more === 1 ? 'transaction' : 'transactions'}`)
    for (const line of lines) print(`    ${paint('gray', line)}`)
  }
  print()
  for (const line of table(rows, '    ', true)) print(line)
  for (const line of paragraph(step.says, '    ')) print(line)
}

/** The values of the question marks, as a comment of SQL. */
function given(parameters: readonly unknown[]): string[] {
  if (parameters.length === 0) return []
  if (parameters.length > 12) return [`-- ${parameters.length} values`]
  const values = parameters.map((value) => (typeof value === 'string' ? `'${value}'` : String(value))).join(', ')
  return fold(values, width() - 7).map((line) => `-- ${line}`)
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
