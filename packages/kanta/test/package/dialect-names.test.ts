import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { dialectAsks } from './dialect-names.ts'
import { root } from './sources.ts'

/** A driver makes its dialect, so that it may name it; what is given to it may not be asked. */
const MAKES = /^kanta\/src\/driver\/(?!cluster\/)/
const READS: readonly string[] = ['reads the name of a dialect', 'takes the name out of a dialect']

/** Public options and what tools of others call databases. */
const PUBLIC: Readonly<Record<string, readonly string[]>> = {
  "  flavor?: 'mysql' | 'mariadb'": ['kanta/src/compat/contract.ts'],
}

test('no feature asks a dialect for its name: what differs is a fact on it, or a facet of the feature', () => {
  const wrong: string[] = []
  for (const folder of ['kanta/src', 'cli/src'])
    for (const entry of readdirSync(join(root, 'packages', folder), { recursive: true }) as string[]) {
      const path = `${folder}/${entry}`
      if (!path.endsWith('.ts') || path.startsWith('kanta/src/dialect/')) continue
      const text = readFileSync(join(root, 'packages', path), 'utf8')
      for (const { what, line } of dialectAsks(text)) {
        if (MAKES.test(path) && !READS.includes(what)) continue
        if (PUBLIC[text.split('\n')[line - 1]!]?.includes(path)) continue
        wrong.push(`packages/${path}:${line}  ${what}`)
      }
    }
  expect(wrong.join('\n')).toBe('')
})

test.each([
  "if (db.settings.planning.dialect.name === 'x') return",
  'const { name } = db.dialect',
  'function go({ name, print }: Dialect) {}',
  'const key = dialectOf(db).name',
  'first!.dialect.name',
  "name !== 'postgres'",
  "case 'mysql':",
  "['mysql', 'mariadb'].includes(name)",
  '/^(?:mysql|mariadb)$/.test(name)',
  "function go(dialect: 'mysql' | 'mariadb') {}",
  'const all = { sqlite: 1, postgres: 2 }',
  'const all: Record<DialectName, string> = other',
  "type Name = Dialect['name']",
])('this asks: %s', (code) => {
  expect(dialectAsks(code)).toHaveLength(1)
})

test.each([
  "diff(from, to, { dialect: 'sqlite' })",
  'const facets = facetsOf<(a: Map<string, Set<B>>) => void>(\n  "x",\n  { sqlite, postgres: (a) => go(a), mysql, mariadb: mysql, mssql: undefined },\n)',
  'titleOf(dialect)',
  'table.name',
  "// dialect.name === 'sqlite'",
  "import { sqlite } from 'kanta/sqlite'",
])('this does not: %s', (code) => {
  expect(dialectAsks(code)).toEqual([])
})
