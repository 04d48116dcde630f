import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KantaError } from '../../src/index.ts'
import { type Any, ground, knowing, run, undone } from './ground.ts'
import { type Call, type Subject, subjects } from './wrong-calls.ts'
import { accepted, printed, wrong } from './wrong-values.ts'

/** The methods of an object: its own, and those of its classes. */
function methodsOf(subject: object): string[] {
  const names = new Set<string>()
  for (
    let at = subject;
    at !== null && at !== Object.prototype && at !== Function.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    // A query refuses `toJSON()`, which only JSON.stringify calls.
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at)))
      if (typeof value === 'function' && name !== 'constructor' && name !== 'toJSON') names.add(name)
  }
  return [...names]
}

const callsOf = (calls: Call | readonly Call[]): readonly Call[] => (Array.isArray(calls) ? calls : [calls as Call])

let db: Any

beforeAll(async () => {
  db = await ground('node:sqlite', true)
})
afterAll(() => db.destroy())

/** Runs what a call gives, as far as the database can. */
async function outcome(
  on: Any,
  subject: Subject,
  method: string,
  args: readonly unknown[],
  compiles: boolean,
): Promise<unknown> {
  const made = subject.make(on)[method](...args)
  // A case that waits for its result has a `then`, too, so that only promises are waited for.
  if (made instanceof Promise) return made
  const statement = made === undefined || made === null ? made : subject.finish(made, on)
  if (statement instanceof Promise) return statement
  if (compiles && typeof statement?.compile === 'function') {
    const { sql, parameters } = statement.compile()
    const places = parameters.map(() => '?').join(', ')
    if (parameters.length > 0) await db.executeQuery({ sql: `select ${places}`, parameters })
    return sql
  }
  if (typeof statement?.execute === 'function') return statement.execute()
  if (typeof statement?.[Symbol.asyncIterator] === 'function') return Array.fromAsync(statement)
  return statement
}

let attempts = 0
let refusals = 0
afterAll(() => console.log(`${attempts} wrong calls, ${refusals} refused`))

async function attempt(
  subject: Subject,
  method: string,
  args: (db: Any) => readonly unknown[],
  compiles: boolean,
): Promise<unknown> {
  attempts++
  if (compiles) return result(() => outcome(knowing, subject, method, args(knowing), true))
  return undone(db, async (trx) => {
    const found = await result(() => outcome(trx, subject, method, args(trx), false))
    if (!(found instanceof KantaError) && method !== 'dropTable' && method !== 'ifExists') {
      // Whatever else it did, it did it to no other row.
      expect(await run(trx, 'select id, n, s from item where id = 2'), method).toEqual([{ id: 2, n: null, s: 'two' }])
    }
    return found
  })
}

async function result(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work()
  } catch (error) {
    return error instanceof Error ? error : new Error(`threw ${String(error)}`)
  }
}

/** The right call, by what runs it: the database, or only the printer where the database lacks the clause. */
async function compilesOnly(subject: Subject, method: string, call: Call): Promise<boolean> {
  const found = await attempt(subject, method, call.args, false)
  if (!(found instanceof Error)) return false
  const printed = await attempt(subject, method, call.args, true)
  expect(printed, `the right call of ${method} failed: ${found.message}`).not.toBeInstanceOf(Error)
  return true
}

describe.each(Object.entries(subjects))('%s', (_, subject) => {
  it('has a call for each of its methods', () => {
    const missing = methodsOf(subject.make(knowing)).filter(
      (name) => name !== 'then' && !(name in subject.calls) && !subject.internal?.includes(name),
    )
    expect(missing).toEqual([])
  })

  const calls = Object.entries(subject.calls).flatMap(([method, given]) =>
    callsOf(given).map((call, i) => [method, i, call] as const),
  )
  it.each(calls)('%s (%i) refuses what means nothing', async (method, __, call) => {
    const compiles = await compilesOnly(subject, method, call)
    const found: string[] = []
    for (const [position, kind] of call.kinds.entries()) {
      expect(accepted[kind], `the kind of argument '${kind}'`).toBeDefined()
      for (const [name, value] of Object.entries(wrong)) {
        const args = (on: Any): readonly unknown[] => call.args(on).map((arg, i) => (i === position ? value : arg))
        const given = await attempt(subject, method, args, compiles)
        const where = `argument ${position + 1}, ${name}`
        if (given instanceof KantaError) refusals++
        if (given instanceof Error) {
          if (!(given instanceof KantaError || isOwn(given, name)))
            found.push(`${where}: ${given.name}: ${given.message}`)
        } else if (!accepted[kind]!.includes(name) && !(compiles && printed[kind]?.includes(name))) {
          found.push(`${where}: accepted, ${shown(given)}`)
        }
      }
    }
    if (found.length > 0) throw new Error(`${method}\n${found.join('\n')}`)
  })
})

/** A class that is called as a callback fails in its own words, as what a callback throws is thrown as it is. */
function isOwn(error: Error, name: string): boolean {
  return name === 'a class' && error.message.includes('Class constructor')
}

function shown(value: unknown): string {
  try {
    return JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? `${v}n` : v)).slice(0, 200)
  } catch {
    return String(value)
  }
}
