import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import * as internal from '../../src/extend/internal/index.ts'
import * as run from '../../src/run/index.ts'
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

/** What features share and users have, too: it opens nothing. */
const HARMLESS: ReadonlySet<unknown> = new Set([
  internal.table,
  internal.prepare,
  internal.contextOf,
  internal.dialectOf,
])

test('no entry exports what opens the settings, the session or the policies of a handle', async () => {
  const openers = [run.settingsOf, run.sessionOf, run.executorOf, run.withSettings, run.exempt, run.DatabaseHandle]
  const shut = new Set<unknown>([...openers, ...Object.values(internal)].filter((value) => !HARMLESS.has(value)))
  const found: string[] = []
  for (const [entry, path] of Object.entries(entries)) {
    const loaded: object = await import(/* @vite-ignore */ pathToFileURL(join(src, path)).href)
    for (const [name, value] of Object.entries(loaded)) if (shut.has(value)) found.push(`${entry}: ${name}`)
  }
  expect(found).toEqual([])
})

test('only run/ and extend/ open a handle', () => {
  const opens = /\b(?:settingsOf|executorOf|withSettings)\b/
  const wrong = [...files.values()].filter(
    ({ path, text }) =>
      !/^(?:run|extend)\//.test(path) && importedFrom(text, 'run/index.ts').some((it) => opens.test(it)),
  )
  expect(wrong.map(({ path }) => path)).toEqual([])
})

/** The lists of names that a text imports from the files whose path ends so. */
const importedFrom = (text: string, end: string): string[] =>
  [...text.matchAll(/^import\s+([^'"]*?)\s+from\s+'([^']+)'/gm)].flatMap(([, names, from]) =>
    from!.endsWith(end) ? [names!] : [],
  )
