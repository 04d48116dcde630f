import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll } from 'vitest'

/** A folder that is removed after the tests of a file. */
export const folder: string = mkdtempSync(join(tmpdir(), 'kanta-store-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Returns a program of this folder as one file for Node, since to load all sources takes longer than to run it. */
export async function bundleProgram(name: string): Promise<string> {
  const outfile = join(folder, `${name}.mjs`)
  await build({
    entryPoints: [fileURLToPath(new URL(`./${name}.ts`, import.meta.url))],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['kanta-source'],
  })
  return outfile
}
