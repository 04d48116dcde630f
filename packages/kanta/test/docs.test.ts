import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { answersOf, examples, moduleOf } from './docs/example.ts'
import * as prelude from './docs/prelude.ts'
import { destroyShown } from './docs/sql.ts'
import { exportsOf, home, root, sources } from './package/sources.ts'
import { run } from './package/tarball.ts'

const all = examples().map((example, i) => ({ ...example, file: `${i}-${example.place.replaceAll(/[^\w]/g, '-')}.ts` }))

describe('examples', () => {
  // Beside the tests, so that they find the package; not among them, so that nothing else does.
  const folder = join(home, 'test/docs/.examples')
  const away = process.cwd()
  const scratch = mkdtempSync(join(tmpdir(), 'kanta-docs-'))

  beforeAll(async () => {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    const files = new Map(sources().map((file) => [file.path, file]))
    const types = [...exportsOf('index.ts', files).types, 'City', 'Country', 'Tables']
    const names = { values: Object.keys(prelude), types: [...new Set(types)] }
    writeFileSync(join(folder, 'prelude.ts'), "export * from '../prelude.ts'\n")
    writeFileSync(join(folder, 'schema.ts'), "export { city, country } from '../prelude.ts'\n")
    writeFileSync(join(folder, 'same.ts'), "export * from '../same.ts'\n")
    writeFileSync(join(folder, 'sql.ts'), "export * from '../sql.ts'\n")
    for (const example of all) writeFileSync(join(folder, example.file), moduleOf(example, names))
    const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false }
    const config = { extends: join(root, 'tsconfig.base.json'), compilerOptions, include: ['*.ts'] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    await prelude.create()
    // Examples open 'cities.db'.
    process.chdir(scratch)
    for (const method of ['debug', 'info', 'log', 'table', 'warn'] as const)
      vi.spyOn(console, method).mockImplementation(() => {})
  })

  afterAll(async () => {
    vi.restoreAllMocks()
    process.chdir(away)
    await prelude.destroy()
    await destroyShown()
    rmSync(folder, { recursive: true, force: true })
    rmSync(scratch, { recursive: true, force: true })
  })

  test('compile', { timeout: 60_000 }, async () => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const { output } = await run(process.execPath, [tsc, '-p', '.', '--pretty', 'false'], folder)
    // The line of a file that is gone says nothing; that of the example does.
    const told = output.replaceAll(
      /^(\d+)-[^(]*\.ts\((\d+),\d+\)/gm,
      (_, i, line) => `${all[Number(i)]!.place} (line ${line})`,
    )
    expect(told).toBe('')
  })

  test.for(all)('$place runs', async ({ file }) => {
    const loaded = await import(/* @vite-ignore */ pathToFileURL(join(folder, file)).href)
    await loaded.example?.()
  })
})

test('both programs of a page that sets libraries side by side say the same answers', () => {
  const programs = all.filter(({ place }) => /-(?:Drizzle|Kanta)$/.test(place))
  expect(programs.map(({ place }) => place.replace(/:\d+/, ''))).toEqual([
    'docs/from-drizzle.md-Drizzle',
    'docs/from-drizzle.md-Kanta',
  ])
  const [drizzle, kanta] = programs.map(answersOf)
  expect(drizzle!.length).toBeGreaterThan(5)
  expect(kanta).toEqual(drizzle)
})
