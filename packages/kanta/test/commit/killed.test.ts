import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { commit } from '../../src/commit/index.ts'
import { type Bank, type KindName, kinds, openBank } from './layers.ts'

const program = fileURLToPath(new URL('program.ts', import.meta.url))
/** The number of calls to drivers at which a program is killed, for each group of databases; all with `COMMIT_KILLS=all`. */
const KILLS = process.env.COMMIT_KILLS ?? '2'

const groups: readonly (readonly KindName[])[] = [
  ['sqlite', 'sqlite', 'sqlite'],
  ['postgres', 'mariadb', 'sqlite', 'postgres'],
  ...(KILLS === 'all'
    ? ([
        ['sqlite', 'postgres', 'mariadb'],
        ['mariadb', 'postgres', 'sqlite'],
      ] as const)
    : []),
]

interface Ended {
  readonly output: string
  readonly errors: string
  readonly signal: NodeJS.Signals | null
}

/** Runs the program until it ends. */
const run = (task: object): Promise<Ended> =>
  new Promise((resolve) => {
    const options = ['--disable-warning=ExperimentalWarning', '--conditions=kanta-source']
    const child = spawn(process.execPath, [...options, program, JSON.stringify(task)])
    let output = ''
    let errors = ''
    child.stdout.on('data', (data: Buffer) => {
      output += data
    })
    child.stderr.on('data', (data: Buffer) => {
      errors += data
    })
    child.on('close', (_, signal) => resolve({ output, errors, signal }))
  })

describe.each(groups.map((names) => ({ names, title: names.join(', ') })))('48: killed, $title', ({ names }) => {
  const missing = names.map((name) => kinds[name].missing).find((reason) => reason !== undefined)
  describe.skipIf(missing !== undefined)(missing ?? 'commit()', () => {
    let bank: Bank
    beforeEach(async () => {
      bank = await openBank(names)
    })
    afterEach(() => bank.end())

    const others = names.length - 1
    const after = (times: number) =>
      Object.fromEntries(
        names.map((_, i) => [String.fromCharCode(97 + i), i === 0 ? 100 - 10 * others * times : 100 + 10 * times]),
      )
    const none = Object.fromEntries(names.map((_, i) => [String.fromCharCode(97 + i), 0]))

    test('all or nothing, wherever it was, and nothing is left over', { timeout: 3_600_000 }, async () => {
      const task = { addresses: bank.addresses, at: 0, when: 'sent', how: 'SIGKILL' }
      const whole = await run(task)
      expect(whole.errors).toBe('')
      const calls = Number(/committed (\d+)/.exec(whole.output)?.[1])
      let moved = 1
      expect(await bank.balances()).toEqual(after(moved))
      const chosen = KILLS === 'all' ? Array.from({ length: calls }, (_, i) => i + 1) : spread(calls, Number(KILLS))
      for (const at of chosen)
        for (const when of KILLS === 'all' ? ['sent', 'answered'] : [at % 2 === 0 ? 'sent' : 'answered']) {
          const ended = await run({ ...task, at, when })
          const where = `killed at call ${at} of ${calls}, ${when}`
          if (ended.signal !== 'SIGKILL') continue
          const shared = commit({ home: 'a', layers: bank.databases, lease: 100 })
          // The server may go on with what the program had sent, so once may be too early.
          let report = await shared.recover()
          const isDone = async () => Object.values(await bank.leftovers()).every((left) => left === 0)
          while (report.waiting.length > 0 || !(await isDone())) report = await shared.recover()
          expect({ where, stuck: report.stuck }).toEqual({ where, stuck: [] })
          await shared.close()
          const now = await bank.balances()
          if (now.a !== after(moved).a) moved++
          if (ended.output.includes('committed')) expect(now.a).toBe(after(moved).a)
          expect({ where, now }).toEqual({ where, now: after(moved) })
          expect({ where, left: await bank.leftovers() }).toEqual({ where, left: none })
        }
    })
  })
})

/** Numbers spread over the last two thirds of the calls, where transactions are prepared, decided and ended. */
const spread = (calls: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.round(calls * (0.4 + (0.55 * (i + 0.5)) / count)))
