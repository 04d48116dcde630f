import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../../../..')

/** The compilers that have to agree, each found from the workspace that installs it. */
const compilers = { '5.9': 'packages/typescript-5', '6.0': 'packages/typescript-6', '7.0': '.' } as const
export type Version = keyof typeof compilers
export const versions = Object.keys(compilers) as Version[]

/** Runs a compiler on a folder with a tsconfig.json and returns what it prints. */
export function compile(version: Version, folder: string, ...options: string[]): string {
  const manifest = createRequire(join(root, compilers[version], 'package.json')).resolve('typescript/package.json')
  const found: string = JSON.parse(readFileSync(manifest, 'utf8')).version
  if (!found.startsWith(version)) throw new Error(`TypeScript ${version} is not installed: found ${found}.`)
  const args = [join(manifest, '../bin/tsc'), '-p', folder, '--pretty', 'false', ...options]
  return spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout
}
