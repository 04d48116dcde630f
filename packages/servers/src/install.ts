// Installs the servers that npm does not bring, where that may be done: `node packages/servers/src/install.ts`.
import { execFileSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { findMariadb } from './mariadb.ts'
import { findRedis } from './redis.ts'

const POLICY = '/usr/sbin/policy-rc.d'

/** Installs MariaDB with Galera where it is not there; `undefined` when it is, else why it is left out. */
export const installMariadb = (): string | undefined => install(['mariadb-server', 'galera-4'], findMariadb)

/** Installs Redis where it is not there; `undefined` when it is, else why it is left out. */
export const installRedis = (): string | undefined => install(['redis-server'], findRedis)

function install(packages: readonly string[], find: () => object | { readonly missing: string }): string | undefined {
  const found = find()
  if (!('missing' in found)) return undefined
  const why = cannotInstall()
  if (why !== undefined) return `${found.missing} (${why})`
  console.log(`Installing ${packages.join(' and ')} for the tests …`)
  try {
    withoutServices(() => {
      apt('update')
      apt('install', '--yes', '--no-install-recommends', ...packages)
    })
  } catch (error) {
    return `${found.missing} (apt-get failed: ${String((error as { stderr?: Buffer }).stderr ?? error).trim()})`
  }
  const now = find()
  return 'missing' in now ? String(now.missing) : undefined
}

function cannotInstall(): string | undefined {
  if (process.getuid?.() !== 0) return 'it can be installed only by root'
  return existsSync('/usr/bin/apt-get') ? undefined : 'there is no apt-get on this machine'
}

function apt(...words: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  execFileSync('apt-get', ['--quiet', ...words], { env, stdio: ['ignore', 'ignore', 'pipe'] })
}

/** Debian starts a service that is installed, unless this file says no. */
function withoutServices(work: () => void): void {
  const own = !existsSync(POLICY)
  if (own) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    work()
  } finally {
    if (own) rmSync(POLICY, { force: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(installMariadb() ?? 'MariaDB is installed.')
  console.log(installRedis() ?? 'Redis is installed.')
}
