import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { entries, exportsOf, home, sources, src } from './sources.ts'

const files = new Map(sources().map((file) => [file.path, file]))
const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
  exports: Record<string, string | Record<string, string>>
}

test('the entries of the package are those of its manifest', () => {
  const expected: Record<string, object | string> = { './package.json': './package.json' }
  for (const [name, path] of Object.entries(entries)) {
    const built = `./dist/${path.replace(/\.ts$/, '')}`
    // The sources first, for this repository; a name that no other program asks for.
    expected[name.replace('kanta', '.')] = {
      'kanta-source': `./src/${path}`,
      types: `${built}.d.ts`,
      default: `${built}.js`,
    }
  }
  expect(manifest.exports).toEqual(expected)
})

test('the names that users can import are those that were agreed on', async () => {
  const list = Object.entries(entries).map(([name, path]) => {
    const { values, types } = exportsOf(path, files)
    const lines = (names: Iterable<string>) => [...names].sort().map((each) => `    ${each}`)
    return [name, '  values', ...lines(values), '  types', ...lines(types), ''].join('\n')
  })
  await expect(list.join('\n')).toMatchFileSnapshot('exports.txt')
})

test.for(Object.entries(entries))('what %s exports when it is loaded is what its source says', async ([, path]) => {
  const loaded = await import(/* @vite-ignore */ pathToFileURL(join(src, path)).href)
  expect(Object.keys(loaded).sort()).toEqual([...exportsOf(path, files).values].sort())
})
