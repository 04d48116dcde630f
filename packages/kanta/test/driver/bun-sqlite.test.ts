import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bunSqlite } from '../../src/driver/bun-sqlite/index.ts'
import { allRuntimes, findRuntime } from '../package/runtime.ts'
import { root } from '../package/sources.ts'
import { run } from '../package/tarball.ts'

test('the suite of drivers, run by Bun', { timeout: 120_000 }, async ({ skip }) => {
  const found = findRuntime(allRuntimes.find(({ name }) => name === 'Bun')!)
  if ('missing' in found) return skip(found.missing)
  const suite = join(import.meta.dirname, 'bun/suite.ts')
  const { ok, output } = await run(found.path, ['test', suite], root)
  const summary = /^ *(\d+) pass$/m.exec(output)
  expect(ok, output).toBe(true)
  expect(Number(summary?.[1])).toBeGreaterThan(100)
  console.log(`Bun: ${summary?.[0].trim()}; ${[...new Set(output.match(/left out: [^)]*/g))].join('; ')}`)
})

test('elsewhere it is refused, with what to use there', () => {
  expect(() => bunSqlite(':memory:')).toThrow(/kanta\/sqlite/)
})
