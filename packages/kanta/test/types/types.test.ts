import { expect, test } from 'vitest'
import { compile, versions } from './compilers.ts'

/** The newest; the older ones with `TYPE_VERSIONS=all`, as in `npm run test:long`. */
const chosen = process.env.TYPE_VERSIONS === 'all' ? versions : versions.filter((version) => version === '7.0')

if (chosen.length < versions.length)
  test.skip('TypeScript 5.9 and 6.0 (left out: TYPE_VERSIONS=all runs them, too)', () => {})

test.for(chosen)(
  'what is right compiles and what is wrong does not: TypeScript %s',
  { timeout: 120_000 },
  (version) => {
    expect(compile(version, import.meta.dirname)).toBe('')
  },
)
