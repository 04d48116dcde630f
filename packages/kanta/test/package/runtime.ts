import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { root } from './sources.ts'

/** The binaries come as packages of npm; `packages/runtimes` has those that the root has not. */
const runtimes = createRequire(join(root, 'packages/runtimes/package.json'))
const system = process.platform === 'win32' ? 'win' : process.platform
const arm = process.arch === 'arm64'

export interface Runtime {
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
export const allRuntimes: readonly Runtime[] = [
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
export function findRuntime(runtime: Runtime): { readonly path: string } | { readonly missing: string } {
  try {
    const path = join(dirname(runtime.from.resolve(`${runtime.package}/package.json`)), runtime.binary)
    return existsSync(path) ? { path } : { missing: `${runtime.package} has no ${runtime.binary}` }
  } catch {
    return {
      missing: `${runtime.package} is not installed, as its registry has none for this machine or npm left it out`,
    }
  }
}
