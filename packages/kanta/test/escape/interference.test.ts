import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromJSON, toJSON } from '../../src/index.ts'
import { type Any, engines, type Place } from './ground.ts'
import { Dice, Mutator, mayRecur } from './mutate.ts'
import { reads } from './reads.ts'
import { type Answer, answerOf, type Contents, FIRST, POLICIES, SECOND, Twin, textOf, withoutSecrets } from './twins.ts'
import { writes } from './writes.ts'

/** `KANTA_INTERFERENCE=1000000` for a long run on each engine, `KANTA_ESCAPE_SEED` for another one. */
const runs = Number(process.env.KANTA_INTERFERENCE ?? 800)
const seed = Number(process.env.KANTA_ESCAPE_SEED ?? 20261130)

/** What Kanta refuses before a database sees it, whatever is in that. */
const REFUSED: ReadonlySet<string> = new Set(['invalid_input', 'unsupported'])
/** After so many faults a run ends. */
const MOST_FOUND = 12

/**
 * Goguen and Meseguer's noninterference (1982): two databases in which tenant 1 sees the same, and all that it must not
 * see differs, have to answer every statement alike, whatever a stored query or a text says.
 */
describe.each(engines)('what is hidden changes no answer on $name', (engine: Place) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let first: Twin
  let second: Twin
  beforeAll(async () => {
    first = await Twin.open(engine, FIRST)
    second = await Twin.open(engine, SECOND)
  })
  afterAll(async () => {
    await first?.close()
    await second?.close()
  })

  test(
    'stored queries with every node in every part, and text in every place',
    async () => {
      console.log(`noninterference on ${engine.name}: seed ${seed}, ${runs} statements`)
      const dice = new Dice(seed)
      const mutator = new Mutator(dice, corpus(engine, first.guarded.get('rows')), TEXTS)
      const tally = new Map<string, number>()
      const count = (what: string): void => void tally.set(what, (tally.get(what) ?? 0) + 1)
      const found: string[] = []
      for (let run = 0; run < runs && found.length < MOST_FOUND; run++) {
        const json = mutator.next()
        const policies = dice.one(Object.keys(POLICIES))
        const trustText = dice.below(2) === 0
        if (mayRecur(json)) {
          count('left out, as it may never end')
          continue
        }
        const query = (twin: Twin): (() => Any) => {
          return () => (fromJSON as Any)(twin.guarded.get(policies), json, { trustText }).execute()
        }
        const one = await answerOf(query(first))
        if ('code' in one && REFUSED.has(one.code)) {
          count(`refused: ${one.code}`)
          continue
        }
        const other = await answerOf(query(second))
        const outcome = compare(one, other, policies, json)
        count(outcome)
        const describe = (what: string): void =>
          void found.push(`${policies}, ${what}: ${textOf(one)}\nagainst ${textOf(other)}\n${textOf(json)}\n`)
        if (outcome.startsWith('differs')) describe(outcome)
        if (json.kind !== 'select' || JSON.stringify(json).includes('"kind":"built"'))
          for (const twin of [first, second]) await checkTables(twin, policies, describe)
        // Lets the event loop turn, so that finished statements are freed.
        if (run % 500 === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      console.log(`${engine.name}: `, Object.fromEntries([...tally].sort(([, a], [, b]) => b - a)))
      expect(found.join('\n')).toBe('')
      expect(tally.get('same rows') ?? 0).toBeGreaterThan(runs / 20)
    },
    24 * 60 * 60 * 1000,
  )
})

/** Queries as honest programs store them. */
function corpus(engine: Place, db: Any): readonly Any[] {
  const made: Any[] = []
  const forms = [
    ...reads.filter(({ on }) => on === undefined || on.includes(engine.name)).map(({ read }) => read),
    ...writes(engine)
      .filter(([, on]) => on === undefined || on.includes(engine.name))
      .map(([, , run]) => run),
  ]
  for (const form of forms) {
    try {
      const json = JSON.parse(JSON.stringify((toJSON as Any)(form(db))))
      if (json.kanta !== undefined && !json.recursive) made.push(json)
    } catch {
      // What cannot be built or stored is no query to begin with.
    }
  }
  expect(made.length).toBeGreaterThan(50)
  return made
}

const TEXTS: readonly string[] = [
  ...['users', 'posts', '"users"', 'users.secret', 'secret', 'users.*', '*', 'main.users', 'public.users', 'u', 'id'],
  ...['1', 'null', '1 = 1', 'id > 0', "name like '%'", 'id = 1 or id = 2', '1) or (1 = 1', '1 -- ', '/* */ 1', '1 /*'],
  ...['(select secret from users)', '(select count(*) from users)', '(table users)', '(values (1))', 'count(*)'],
  ...[
    '1 union select id from users',
    'id limit 1',
    'users as x',
    'row_to_json(users)',
    'users::text',
    'to_jsonb(users)',
  ],
  ...[
    'exists (select 1 from users where tenant = 2)',
    'max(secret)',
    'old',
    'new.secret',
    'excluded.secret',
    '(users)',
  ],
  ...[
    "query_to_xml('table users', true, true, '')",
    "load_file('/etc/passwd')",
    'pg_class',
    'sqlite_master',
    'x.rowid',
  ],
  ...[
    'for update',
    'with x as (select 1)',
    ';',
    "'",
    '"',
    '`',
    '$$',
    "E'\\x27'",
    '#',
    '?',
    '$1',
    ':x',
    '@a',
    'returning *',
  ],
  ...['users u join posts p on true', 'lateral (select 1) x', 'open', 'open.id', '[users]', '`users`', 'users.id'],
]

function compare(one: Answer, other: Answer, policies: string, json: Any): string {
  if (hasHidden(one, policies) || hasHidden(other, policies)) return 'differs: what is hidden came out'
  if ('rows' in one && 'rows' in other) {
    // Under the policy on columns alone all rows are there.
    if (policies === 'column') return 'same rows'
    const [mine, others] = [withoutSecrets(String(one.rows)), withoutSecrets(String(other.rows))]
    if (mine === others) return 'same rows'
    if ([...mine].sort().join('') === [...others].sort().join('')) return 'same rows in another order'
    if (isAnyOfSome(json)) return 'any of the rows'
    return skipsConflicts(json) && isCount(one) && isCount(other)
      ? 'one of both skipped a taken key'
      : 'differs: other rows'
  }
  if ('code' in one && 'code' in other) return `refused: ${[...new Set([one.code, other.code])].sort().join(' or ')}`
  const { code } = ('code' in one ? one : other) as { code: string }
  // A database evaluates conditions in what order it likes, and keys are unique among hidden rows, too.
  return `one of both failed: ${code}`
}

/** A limit without an order keeps any of the rows: PostgreSQL gives those first that lie first in its file. */
function isAnyOfSome(part: Any): boolean {
  if (typeof part !== 'object' || part === null) return false
  const names: readonly string[] = Array.isArray(part.calls) ? part.calls.map(([name]: Any) => name) : []
  const isCut = names.some((name) => ['limit', 'offset', 'fetch', 'top', 'distinctOn'].includes(name))
  const isUnordered = !names.includes('orderBy') || names.includes('distinctOn')
  return (isCut && isUnordered) || Object.values(part).some(isAnyOfSome)
}

/** An insert that skips a row whose key is taken tells that it is, as `unique_violation` does. */
const skipsConflicts = (json: Any): boolean =>
  json.kind === 'insert' && /"or ignore"|"ignore"|"nothing"|"doNothing"/.test(JSON.stringify(json.calls))
const isCount = (answer: Answer): boolean =>
  'rows' in answer && /^\{("insertId",)?"num\w+":[01]\}$/.test(String(answer.rows))

const HIDDEN: Readonly<Record<string, RegExp>> = {
  rows: /(?:first|other)-[a-z]/i,
  column: /(?:first|other)-\d/i,
  all: /(?:first|other)-/i,
}
const hasHidden = (answer: Answer, policies: string): boolean =>
  'rows' in answer && HIDDEN[policies]!.test(String(answer.rows))

/** No row that is hidden has changed, and none that is seen holds a part of one; then all is as it was before. */
async function checkTables(twin: Twin, policies: string, describe: (what: string) => void): Promise<void> {
  const now = await twin.contents()
  const before = await original(twin)
  if (String([now.seen, now.hidden]) === String([before.seen, before.hidden])) return
  if (policies !== 'column') {
    if (before.hidden.some((row) => !now.hidden.includes(row))) describe('a hidden row has changed')
    // What tenant 1 deletes is gone, and hidden from then on.
    else if (now.hidden.some((row) => !before.hidden.includes(row) && !row.includes('"tenant":1,')))
      describe('a row went to another tenant')
    else if (now.seen.some((row) => HIDDEN.rows!.test(row))) describe('what is hidden was copied')
  }
  await twin.refill()
}

const originals = new WeakMap<Twin, Contents>()

async function original(twin: Twin): Promise<Contents> {
  const known = originals.get(twin)
  if (known !== undefined) return known
  await twin.refill()
  const found = await twin.contents()
  originals.set(twin, found)
  return found
}
