import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const here = import.meta.dirname
const root = join(here, '../../../..')

/** The compilers that have to agree, each found from the workspace that installs it; the older with `TYPE_VERSIONS=all`. */
const compilers: Readonly<Record<string, string>> =
  process.env.TYPE_VERSIONS === 'all' ? { '5.9': 'packages/typescript-5', '7.0': '.' } : { '7.0': '.' }

/** The programs, which the whole repository's check holds against npm's kysely, with one import line changed. */
test.for(Object.entries(compilers))(
  'programs that compile with kysely compile with kanta/kysely, and what is wrong is wrong: TypeScript %s',
  { timeout: 120_000 },
  ([version, workspace]) => {
    const folder = join(here, `.own-${version}`)
    mkdirSync(folder, { recursive: true })
    try {
      for (const file of ['programs.ts', 'schema-programs.ts', 'server-programs.ts', 'types-programs.ts', 'world.ts']) {
        const text = readFileSync(join(here, file), 'utf8')
        writeFileSync(join(folder, file), text.replaceAll("from 'kysely'", "from '../../../src/compat/kysely.ts'"))
      }
      const extended = join(root, 'tsconfig.base.json')
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: extended, include: ['*.ts'] }))
      const manifest = createRequire(join(root, workspace, 'package.json')).resolve('typescript/package.json')
      const args = [join(dirname(manifest), 'bin/tsc'), '-p', folder, '--pretty', 'false']
      expect(spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout).toBe('')
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
)
