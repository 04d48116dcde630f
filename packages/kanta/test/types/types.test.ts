import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '../../../..')

/** The compilers that have to agree, each found from the workspace that installs it. */
const compilers = { '5.9': 'packages/typescript-5', '6.0': 'packages/typescript-6', '7.0': '.' } as const

test.for(Object.entries(compilers))(
  'what is right compiles and what is wrong does not: TypeScript %s',
  { timeout: 120_000 },
  ([version, folder]) => {
    const manifest = createRequire(join(root, folder, 'package.json')).resolve('typescript/package.json')
    expect(JSON.parse(readFileSync(manifest, 'utf8')).version).toContain(version)
    const tsc = join(dirname(manifest), 'bin/tsc')
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', here, '--pretty', 'false'], { encoding: 'utf8' })
    expect(stdout).toBe('')
  },
)
