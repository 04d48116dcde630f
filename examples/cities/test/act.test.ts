import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { type KantaError, sql } from 'kanta'
import { capability } from 'kanta/plugins'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Played, play } from '../src/act.ts'
import { open } from '../src/database.ts'
import { importEverything } from '../src/import.ts'
import { city, country } from '../src/schema.ts'
import { fold, foldCode, table } from '../src/show.ts'
import { bodyOf, type Step, WrongAnswer } from '../src/step.ts'
import { steps } from '../src/steps.ts'
import { createTrips, openTrips, type Ran, type TripsFile } from '../src/trips.ts'

const going = new AbortController().signal
const COUNTRIES = { PT: 'Portugal', JP: 'Japan' }
const CITIES = {
  Lisbon: [2_267_057, 'PT'],
  Porto: [2_735_943, 'PT'],
  Coimbra: [2_740_637, 'PT'],
  Kyoto: [1_857_910, 'JP'],
} as const

let ran: Ran[]
let file: TripsFile
let folder: string

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kanta-cities-'))
  ran = []
  file = openTrips(join(folder, 'few.sqlite'), (statement) => ran.push(statement))
  for (const one of [country, city]) await file.schema.createTable(one).execute()
  const plain = {
    official_name: '',
    region: '',
    landlocked: false,
    capitals: [],
    currencies: {},
    languages: {},
    borders: [],
  }
  for (const [code, name] of Object.entries(COUNTRIES))
    await file
      .insertInto('country')
      .values({ code, name, ...plain })
      .execute()
  for (const [name, [id, country]] of Object.entries(CITIES))
    await file
      .insertInto('city')
      .values({ id, name, country, kind: 'PPL', latitude: 0, longitude: 0, imported_at: new Date(0) })
      .execute()
})

afterEach(async () => {
  await file.destroy()
  rmSync(folder, { recursive: true })
})

async function played(all: readonly Step[] = steps): Promise<Map<string, Played>> {
  const found = new Map<string, Played>()
  await play(all, file, ran, (step, what) => found.set(step.name, what), going)
  return found
}

/** What is in the file, without what SQLite never takes out again. */
const things = async (): Promise<unknown> =>
  (await sql`select name, sql from sqlite_schema where name <> 'sqlite_sequence' order by name`.execute(file)).rows

test('the second act gives its answers, again and again, and leaves nothing', async () => {
  const before = await things()
  const first = await played()
  expect([...first.keys()]).toEqual(steps.map((step) => step.name))
  for (const step of steps) expect(first.get(step.name)?.rows).toHaveLength(step.expects.length)
  expect(await things()).toEqual(before)

  const texts = (all: Map<string, Played>) =>
    [...all].map(([name, { statements }]) => [name, statements.map((it) => it.sql)])
  expect(texts(await played())).toEqual(texts(first))
})

/** What the undoing of a cascade writes down for itself, by the unique name of the deletion. */
const BOOKKEEPING = /where "stop"\."deletion" (?:= \?|in \(\?\))/
/** The rows in the way of an upsert, for the trail, before the upsert itself is refused. */
const IN_THE_WAY = /^with "kanta_new"/

test('statements run as they are said to', async () => {
  const all = await played()
  const of = (step: string): readonly string[] => all.get(step)?.statements.map((it) => it.sql) ?? []
  expect(of('scope')).toEqual([
    'select "trip"."title", "city"."name" as "city", "stop"."nights", "country"."name" as "country", "stop"."agency" from "stop" ' +
      'inner join "trip" on "trip"."id" = "stop"."trip" and ("trip"."agency" collate binary = ? and "trip"."deleted_at" is null) ' +
      'inner join "city" on "city"."id" = "stop"."city" left join "country" on "country"."code" = "city"."country" ' +
      'where ("stop"."agency" collate binary = ? and "stop"."deleted_at" is null) order by "stop"."id"',
  ])
  // What was refused as SQL text never ran.
  expect(of('raw')).toHaveLength(2)
  for (const sql of of('report')) expect(sql).not.toContain('"agency" collate binary =')
  const others = [...all.keys()].filter((step) => step !== 'report').flatMap(of)
  for (const sql of others) {
    expect(sql).not.toMatch(/^delete/)
    if (!/^(?:select|update|with) .*"(?:trip|stop)"/.test(sql) || BOOKKEEPING.test(sql) || IN_THE_WAY.test(sql))
      continue
    expect(sql).toContain('"agency" collate binary = ?')
  }
  expect(others.filter((sql) => sql.includes('"agency" collate binary = ?')).length).toBeGreaterThan(20)
})

test('what the steps say besides is so', async () => {
  const more: Step = {
    ...steps[0]!,
    name: 'more',
    expects: [
      { undone: 'a mistake', by: 'Aino', conflict: 'conflict', actor: 'policy', capability: 'policy', past: 'policy' },
    ],
    async code({ db, lynx, after }) {
      const code = (failing: Promise<unknown>): Promise<unknown> =>
        failing.then(
          () => 'none',
          (error: KantaError) => error.code,
        )
      const undone = (await lynx.audit.history('trip', 1)).at(-1)!
      await lynx.updateTable('trip').set({ price: 1 }).where('id', '=', 1).execute()
      const changed = (await lynx.audit.history('trip', 1)).at(-1)!
      await lynx.updateTable('trip').set({ price: 2 }).where('id', '=', 1).execute()
      const nobody = db.as({ agency: 'Lynx' }).updateTable('trip').set({ price: 3 })
      const early = new Date(after('plugins').getTime() - 60_000)
      return [
        {
          undone: undone.reason,
          by: undone.actor,
          conflict: await code(lynx.audit.undoTransaction(changed.transaction)),
          actor: await code(nobody.execute()),
          capability: await code(Promise.resolve().then(() => db.unscoped(capability('mine'), 'curiosity'))),
          past: await code(lynx.asOf(early).selectFrom('trip').selectAll().execute()),
        },
      ]
    },
  }
  expect((await played([...steps, more])).has('more')).toBe(true)
})

test('an answer that is not as it is said fails, and is not shown', async () => {
  const shown: string[] = []
  const lie: Step = { ...steps[0]!, expects: steps[0]!.expects.slice(1) }
  await expect(play([lie], file, ran, (step) => shown.push(step.name), going)).rejects.toThrow(WrongAnswer)
  const pattern: Step = { ...steps[0]!, expects: steps[0]!.expects.map(() => ({ plugin: /^nobody$/ })) }
  await expect(play([pattern], file, ran, (step) => shown.push(step.name), going)).rejects.toThrow(/nobody/)
  expect(shown).toEqual([])
})

test('whoever interrupts it finds the file as it was', async () => {
  const before = await things()
  const interrupt = new AbortController()
  const shown: string[] = []
  const stop = (step: Step): void => {
    shown.push(step.name)
    if (step.name === 'delete') interrupt.abort()
  }
  await expect(play(steps, file, ran, stop, interrupt.signal)).rejects.toThrow('aborted')
  expect(shown.at(-1)).toBe('delete')
  expect(await things()).toEqual(before)
})

test('what a run that was killed has left is in the way neither of the next one nor of an import', async () => {
  const leave = async (): Promise<void> => {
    await createTrips(file)
    const own = { id: 1, agency: 'Lynx', created_at: new Date(), updated_at: new Date() }
    await file
      .insertInto('trip')
      .values({ ...own, title: 'Left', price: 1 })
      .execute()
    await file
      .insertInto('stop')
      .values({ ...own, trip: 1, city: CITIES.Lisbon[0], nights: 1 })
      .execute()
  }
  await leave()
  await played()
  await leave()
  const db = open(join(folder, 'few.sqlite'))
  try {
    await importEverything(db, () => {}, going)
    expect(
      (
        await db
          .selectFrom('city')
          .select((eb) => eb.fn.countAll().as('n'))
          .executeTakeFirstOrThrow()
      ).n,
    ).toBeGreaterThan(100_000)
  } finally {
    await db.destroy()
  }
})

test('code is shown as it stands in its file, and in a narrow terminal within its width', () => {
  expect(bodyOf(steps.find((step) => step.name === 'undo')!.code)[0]).toMatch(/^await lynx.restore\(.trip.\)/)
  for (const step of steps) expect(bodyOf(step.shown ?? step.code).length).toBeGreaterThan(1)
  expect(foldCode("  const answer = await lynx.selectFrom('trip')", 24)).toEqual([
    '  const answer =',
    '      await',
    "      lynx.selectFrom('trip')",
  ])
  expect(fold('a narrow cell', 8)).toEqual(['a narrow', 'cell'])
})

test('a table puts long cells on several lines', () => {
  const long = 'word '.repeat(40).trim()
  const lines = table(
    [
      { name: 'one', text: long },
      { name: 'two', text: 'short' },
    ],
    '',
    true,
  ).map(stripVTControlCharacters)
  expect(lines.join(' ').split('word')).toHaveLength(41)
  expect(lines.at(-1)).toBe('two    short')
})
