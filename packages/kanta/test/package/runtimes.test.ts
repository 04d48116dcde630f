import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { root } from './sources.ts'
import { type Installed, install, place, run } from './tarball.ts'

/** The binaries come as packages of npm; `packages/runtimes` has those that the root has not. */
const runtimes = createRequire(join(root, 'packages/runtimes/package.json'))
const system = process.platform === 'win32' ? 'win' : process.platform
const arm = process.arch === 'arm64'

interface Runtime {
  readonly name: string
  /** The package that holds the binary on this machine, and where. */
  readonly from: NodeJS.Require
  readonly package: string
  readonly binary: string
  /** What stands before the name of the program. */
  readonly args: readonly string[]
  readonly version: RegExp
}

const node = {
  package: `node-${system}-${process.arch}`,
  binary: system === 'win' ? 'bin/node.exe' : 'bin/node',
  args: [],
}
const deno = { darwin: 'darwin', linux: 'linux', win: 'win32' }[system as string] ?? system
const all: readonly Runtime[] = [
  { name: 'Node 22', from: runtimes, ...node, version: /^v22\./ },
  { name: 'Node 24', from: createRequire(join(root, 'package.json')), ...node, version: /^v24\./ },
  {
    name: 'Bun',
    from: runtimes,
    package: `@oven/bun-${system === 'win' ? 'windows' : system}-${arm ? 'aarch64' : process.arch}`,
    binary: system === 'win' ? 'bin/bun.exe' : 'bin/bun',
    args: [],
    version: /^1\./,
  },
  {
    name: 'Deno',
    from: runtimes,
    package: `@deno/${deno}-${process.arch}${deno === 'linux' ? '-glibc' : ''}`,
    binary: system === 'win' ? 'deno.exe' : 'deno',
    // No more than a program with a database in a file needs.
    args: ['run', '--no-prompt', '--allow-read', '--allow-write'],
    version: /^deno 2\./,
  },
]

/** Where the binary is, or why there is none. */
function find(runtime: Runtime): { readonly path: string } | { readonly missing: string } {
  try {
    const path = join(dirname(runtime.from.resolve(`${runtime.package}/package.json`)), runtime.binary)
    return existsSync(path) ? { path } : { missing: `${runtime.package} has no ${runtime.binary}` }
  } catch {
    return {
      missing: `${runtime.package} is not installed, as its registry has none for this machine or npm left it out`,
    }
  }
}

describe('the installed package runs on', () => {
  let installed: Installed
  beforeAll(() => {
    installed = install()
  }, 60_000)
  afterAll(() => installed?.remove())

  test.for(all)('$name', { timeout: 120_000 }, async (runtime, { skip, expect }) => {
    const found = find(runtime)
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
