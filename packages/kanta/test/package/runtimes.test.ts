import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { allRuntimes, findRuntime } from './runtime.ts'
import { type Installed, install, place, run } from './tarball.ts'

describe('the installed package runs on', () => {
  let installed: Installed
  beforeAll(() => {
    installed = install()
  }, 60_000)
  afterAll(() => installed?.remove())

  test.for(allRuntimes)('$name', { timeout: 120_000 }, async (runtime, { skip, expect }) => {
    const found = findRuntime(runtime)
    if ('missing' in found) return skip(found.missing)
    const version = await run(found.path, ['--version'], installed.folder)
    expect(version.output).toMatch(runtime.version)
    const folder = join(installed.folder, runtime.name.replace(' ', '-').toLowerCase())
    mkdirSync(folder)
    const program = place(installed, `${folder.slice(installed.folder.length)}/smoke.js`, smoke)
    const { output } = await run(found.path, [...runtime.args, program], folder)
    expect(output).toMatch(/^smoke: ok$/m)
    console.log(`${runtime.name} (${version.output.split('\n')[0]}): ok`)
  })
})

const smoke = readFileSync(join(import.meta.dirname, 'smoke.js'), 'utf8')
