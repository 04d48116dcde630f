import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { layers, root } from './sources.ts'
import { run } from './tarball.ts'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const pages = globSync(['*.md', 'docs/**/*.md', 'bench/*.md', 'examples/*/*.md', 'packages/*/*.md'], { cwd: root })
  .map((path) => path.replaceAll('\\', '/'))
  .sort()
const architecture = read('ARCHITECTURE.md')

/** The name by which a heading can be linked to. */
const anchor = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')

/** What the pages that npm shows write before a path of this repository. */
const { repository } = JSON.parse(read('packages/kanta/package.json')) as { repository: { url: string } }
const online = `${repository.url.replace(/^git\+|\.git$/g, '')}/blob/main/`

test.for(pages)('every link of %s leads somewhere', (page) => {
  const broken: string[] = []
  const text = read(page).replace(/```[\s\S]*?```/g, '')
  for (const [, link] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^https?:/.test(link!) && !link!.startsWith(online)) continue
    const [path, heading] = link!.replace(online, '').split('#') as [string, string?]
    const file = path === '' ? page : link!.startsWith(online) ? path : join(dirname(page), path)
    if (!existsSync(join(root, file))) broken.push(link!)
    else if (heading !== undefined) {
      const headings = [...read(file).matchAll(/^#+ (.+)$/gm)].map((match) => anchor(match[1]!))
      if (!headings.includes(heading)) broken.push(link!)
    }
  }
  expect(broken).toEqual([])
})

test('what npm shows has no link that leads out of the package', () => {
  for (const page of ['packages/kanta/README.md', 'packages/cli/README.md'])
    expect(read(page).match(/\]\((?!https:|#)[^)]+\)/g) ?? []).toEqual([])
})

test.for(pages)('every command of %s is there', (page) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const names = [...read(page).matchAll(/\bnpm run ([\w:-]+)/g)].map((match) => match[1]!)
  expect(names.filter((name) => !(name in scripts))).toEqual([])
})

test('what the pages say is in a file is in it', () => {
  const missing: string[] = []
  for (const page of pages) {
    for (const [, name, path] of read(page).matchAll(/`(#?\w+)`(?: of `\w+`)? in \[[^\]]*\]\(([^)]+\.ts)\)/g)) {
      const text = read(join(dirname(page), path!))
      if (!new RegExp(`(?<![\\w#])${name}\\b`).test(text)) missing.push(`${page}: ${name} in ${path}`)
    }
  }
  expect(missing).toEqual([])
})

test('each word of the vocabulary is something that its file exports', () => {
  const [, section] = architecture.split(/^## Vocabulary$/m)
  const rows = [...section!.matchAll(/^\| (\w+) +\| .* \| `(\w+)` in \[[^\]]*\]\(([^)]+)\) +\|$/gm)]
  expect(rows.length).toBeGreaterThan(12)
  const missing = rows.filter(
    ([, , name, path]) => !new RegExp(`^export (?:type|interface|class) ${name}\\b`, 'm').test(read(path!)),
  )
  expect(missing.map(([row]) => row)).toEqual([])
})

test('the layers are those of the code', () => {
  const listed = [...architecture.matchAll(/^ {2}([\w-]+)\/ +(\d+) /gm)].map(([, name, layer]) => [name, Number(layer)])
  expect(Object.fromEntries(listed)).toEqual(layers)
})

test('the page on errors says of every error code what to do', () => {
  const type = /export type ErrorCode =([\s\S]*?)\n\n/.exec(read('packages/kanta/src/error/index.ts'))![1]!
  const codes = [...type.matchAll(/'(\w+)'/g)].map((match) => match[1]!.replace(/^migration_.*/, 'migration_…'))
  const rows = [...read('docs/guide/errors.md').matchAll(/^\| `([\w…]+)` +\| [^|]+ \| [^|]* \|$/gm)].map(
    (match) => match[1],
  )
  expect(codes.length).toBeGreaterThan(20)
  expect([...new Set(codes)].filter((code) => !rows.includes(code))).toEqual([])
})

test('every page of docs/ is in the list of the README', () => {
  const readme = read('README.md')
  const listed = (page: string): boolean => readme.includes(`](${page})`)
  expect(pages.filter((page) => /^docs\/(guide\/)?[^/]+\.md$/.test(page) && !listed(page))).toEqual([])
})

test('pages that should be read in one go are short', () => {
  const lines = (path: string): number => read(path).split('\n').length - 1
  expect(lines('ARCHITECTURE.md')).toBeLessThanOrEqual(210)
  const long = pages.filter((page) => page.startsWith('docs/decisions/') && lines(page) > 60)
  expect(long).toEqual([])
})

test('the start in the README is the example, and it runs', { timeout: 60_000 }, async () => {
  const example = 'examples/quickstart/src/main.ts'
  expect(read('README.md')).toContain(`\`\`\`ts\n${read(example)}\`\`\``)
  const { ok, output } = await run(process.execPath, ['--conditions=kanta-source', example], root)
  expect(ok, output).toBe(true)
  expect(output).toMatch(/Helsinki.*Finland.*true/)
})

test('the license of the package is that of the repository', () => {
  expect(read('packages/kanta/LICENSE')).toBe(read('LICENSE'))
})
