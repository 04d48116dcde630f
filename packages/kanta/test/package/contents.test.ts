import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { home, root, sources } from './sources.ts'
import { type Installed, install, place, run } from './tarball.ts'

const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
  exports: Record<string, string | Record<string, string>>
}

let installed: Installed
beforeAll(() => {
  installed = install()
}, 60_000)
afterAll(() => installed?.remove())

test('the tarball holds the sources, what is built of them, and nothing else', () => {
  const built = sources().flatMap(({ path }) => {
    const name = `dist/${path.replace(/\.ts$/, '')}`
    return [`src/${path}`, `${name}.js`, `${name}.js.map`, `${name}.d.ts`, `${name}.d.ts.map`]
  })
  expect(installed.files).toEqual(['LICENSE', 'README.md', 'package.json', ...built].sort())
})

test('every export leads to a file of the tarball', () => {
  const paths = Object.values(manifest.exports).flatMap((entry) =>
    typeof entry === 'string' ? [entry] : Object.values(entry),
  )
  const missing = paths.filter((path) => !installed.files.includes(path.slice(2)))
  expect(missing).toEqual([])
})

test('publint has nothing to say', async () => {
  const tarball = readFileSync(installed.tarball)
  const { messages, pkg } = await publint({
    strict: true,
    pack: { tarball: tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.byteLength) },
  })
  expect(messages.map((message) => formatMessage(message, pkg, { color: false })).join('\n')).toBe('')
})

// It reads the declarations of every entry for each way of finding modules.
test.skipIf(process.env.TYPE_VERSIONS !== 'all')(
  'types resolve wherever modules are supported (TYPE_VERSIONS=all)',
  { timeout: 240_000 },
  async () => {
    const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js')
    const args = [attw, installed.tarball, '--profile', 'esm-only', '--no-color', '--no-emoji', '--format', 'ascii']
    const { ok, output } = await run(process.execPath, args, installed.folder)
    expect(ok, output).toBe(true)
  },
)

const USE = `
  import { kanta, table } from 'kanta'
  import { betterSqlite3 } from 'kanta/better-sqlite3'
  import { camelCase } from 'kanta/plugins'
  import { sqlite } from 'kanta/sqlite'

  const city = table('city', (c) => ({ id: c.integer().primaryKey(), name: c.text() }))
  export const one = kanta({ driver: sqlite(':memory:'), schema: { city } })
  export const other = kanta({ driver: betterSqlite3(':memory:'), plugins: [camelCase()] })
  export const name: string | undefined = (await one.selectFrom(city).select('name').executeTakeFirst())?.name
`

/** Each version is a package of its own folder, since they all have one name. */
const compilers = [
  ['5.9', 'packages/typescript-5'],
  ['6.0', 'packages/typescript-6'],
  ['7.0', '.'],
] as const

test.for(compilers)(
  'the declarations are right by themselves in TypeScript %s',
  { timeout: 60_000 },
  async ([, folder]) => {
    const config = {
      compilerOptions: {
        ...{ target: 'es2023', lib: ['es2024', 'esnext.disposable'], module: 'nodenext', strict: true, noEmit: true },
        ...{ skipLibCheck: false, exactOptionalPropertyTypes: true, types: ['node'] },
        typeRoots: [join(root, 'node_modules/@types')],
      },
      files: ['use.ts'],
    }
    place(installed, 'use.ts', USE)
    place(installed, 'tsconfig.json', JSON.stringify(config))
    const tsc = join(root, folder, 'node_modules/typescript/bin/tsc')
    const { ok, output } = await run(process.execPath, [tsc, '-p', 'tsconfig.json'], installed.folder)
    expect(ok, output).toBe(true)
  },
)

/** Bundles a program that uses the installed package. */
async function bundle(contents: string, platform: 'node' | 'browser'): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: installed.folder },
    external: ['better-sqlite3', 'cockatiel', 'sql-formatter', '@opentelemetry/api'],
    bundle: true,
    format: 'esm',
    logLevel: 'silent',
    minify: true,
    platform,
    target: 'es2023',
    write: false,
  })
  return outputFiles[0]!.contents
}

/** What is bundled, and how many bytes it may have, minified and gzipped. */
const CEILINGS: readonly (readonly [name: string, bytes: number, program: string])[] = [
  // A driver, every builder, the printer of one dialect, codecs, the pool and transactions, and since there are servers
  // also cancelling, retries and trying idle connections; since there are plugins their order, context and transaction hooks,
  // and reads that are answered without a connection. The aim is 24,000; decision 20 says what each step costs.
  ['kanta with kanta/sqlite', 64_110, "export { kanta } from 'kanta'; export { sqlite } from 'kanta/sqlite'"],
]

test.for(CEILINGS)('%s has at most %i bytes', async ([name, most, program]) => {
  const bytes = gzipSync(await bundle(program, 'node'), { level: 9 }).length
  console.log(
    `${name}: ${bytes.toLocaleString('en')} bytes, minified and gzipped; at most ${most.toLocaleString('en')}`,
  )
  expect(bytes).toBeLessThanOrEqual(most)
})

test('what does not reach a database needs nothing of Node', async () => {
  await expect(bundle("export * from 'kanta'; export * from 'kanta/plugins'", 'browser')).resolves.toBeDefined()
})

test('what is not imported costs nothing', async () => {
  const entries = [
    '',
    '/plugins',
    '/sqlite',
    '/rls',
    '/audit',
    '/time-travel',
    '/cache',
    '/search',
    '/store',
    '/problem',
    '/filter',
    '/repository',
    '/page',
    '/dal',
    '/pipe',
    '/infra',
    '/commit',
    '/debug',
    '/otel',
  ]
  const left = await bundle(entries.map((entry) => `import 'kanta${entry}'`).join('; '), 'node')
  expect(new TextDecoder().decode(left).trim()).toBe('')
})
