import { globSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../package/sources.ts'
import { makeReference } from './reference.ts'

const { pages, undocumented } = makeReference()

// `vitest run -u` writes them.
test.for([...pages])('%s is what the doc comments say', async ([path, text]) => {
  await expect(text).toMatchFileSnapshot(join(root, path))
})

test('every export has a doc comment', () => {
  // The names of Kysely are documented by Kysely.
  expect(undocumented.filter((name) => !/^kanta\/kysely(\/|:)/.test(name))).toEqual([])
})

test('every page is of an entry', () => {
  const found = globSync('docs/reference/*.md', { cwd: root }).map((path) => path.replaceAll('\\', '/'))
  expect(found.filter((path) => !pages.has(path))).toEqual([])
})
