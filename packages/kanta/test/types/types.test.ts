import { expect, test } from 'vitest'
import { compile, versions } from './compilers.ts'

test.for(versions)(
  'what is right compiles and what is wrong does not: TypeScript %s',
  { timeout: 120_000 },
  (version) => {
    expect(compile(version, import.meta.dirname)).toBe('')
  },
)
