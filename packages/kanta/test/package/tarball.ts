import { type ExecFileSyncOptionsWithStringEncoding, execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { home, src } from './sources.ts'

/** A folder into which the packed package has been installed, as a user has it. */
export interface Installed {
  readonly folder: string
  readonly tarball: string
  /** The paths of the files in the tarball. */
  readonly files: readonly string[]
  remove(): void
}

/** Packs the built package and installs it into a folder of its own. */
export function install(): Installed {
  checkBuild()
  const folder = mkdtempSync(join(tmpdir(), 'kanta-package-'))
  const [packed] = JSON.parse(npm(home, 'pack', '--json', '--pack-destination', folder)) as [
    { filename: string; files: { path: string }[] },
  ]
  const tarball = join(folder, packed.filename)
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  npm(folder, 'install', '--offline', '--omit=peer', tarball)
  return {
    folder,
    tarball,
    files: packed.files.map(({ path }) => path).sort(),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Makes a folder beside the installed package, from which a program finds it. */
export function place(installed: Installed, name: string, text: string): string {
  const file = join(installed.folder, name)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, text)
  return file
}

/** Runs npm by the Node that it came with: a distribution's npm does not run on another. */
function npm(cwd: string, ...args: string[]): string {
  const { npm_execpath: path, npm_node_execpath: node } = process.env
  const all = [...args, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  // Settings that npm hands down to scripts are those of the repository.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_config_/i.test(name)))
  const options: ExecFileSyncOptionsWithStringEncoding = { cwd, env, encoding: 'utf8', stdio: 'pipe' }
  if (path !== undefined && node !== undefined && path.endsWith('.js'))
    return execFileSync(node, [path, ...all], options)
  return execFileSync('npm', all, { ...options, shell: process.platform === 'win32' })
}

function checkBuild(): void {
  const built = join(home, 'dist/index.js')
  const newest = Math.max(
    ...readdirSync(src, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  )
  if (!existsSync(built) || statSync(built).mtimeMs < newest) {
    throw new Error('packages/kanta/dist is missing or older than the sources. Run: npm run build')
  }
}

/** What a program wrote, or why it failed. */
export interface Outcome {
  readonly ok: boolean
  readonly output: string
}

/** Runs a program; its failure is an outcome, too. */
export function run(command: string, args: readonly string[], cwd: string, env = process.env): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd, env, encoding: 'utf8', timeout: 120_000 }, (error, stdout, stderr) => {
      const why = error === null ? '' : `\n${error.message}`
      resolve({ ok: error === null, output: `${stdout}${stderr}${why}`.trim() })
    })
  })
}
