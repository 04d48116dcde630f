// Installs the servers that npm does not provide: `node packages/servers/src/install.ts`, as root.
import { execFileSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { findMariadb, findSpider } from './mariadb.ts'
import { findPgbouncer } from './pgbouncer.ts'
import { findRedis } from './redis.ts'

const POLICY = '/usr/sbin/policy-rc.d'

/** Installs MariaDB with Galera if it is missing. Returns the reason if that fails, otherwise `undefined`. */
export const installMariadb = (): string | undefined => install(['mariadb-server', 'galera-4'], findMariadb)

/** Installs Redis if it is missing. Returns the reason if that fails, otherwise `undefined`. */
export const installRedis = (): string | undefined => install(['redis-server'], findRedis)

/** Installs PgBouncer if it is missing. Returns the reason if that fails, otherwise `undefined`. */
export const installPgbouncer = (): string | undefined => install(['pgbouncer'], findPgbouncer)

/** Installs the engine Spider of MariaDB if it is missing. Returns the reason if that fails, otherwise `undefined`. */
export const installSpider = (): string | undefined =>
  installMariadb() ?? install(['mariadb-plugin-spider'], findSpider)

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
  const foundAfter = find()
  return 'missing' in foundAfter ? String(foundAfter.missing) : undefined
}

function cannotInstall(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can install it'
  return existsSync('/usr/bin/apt-get') ? undefined : 'there is no apt-get on this machine'
}

function apt(...words: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  execFileSync('apt-get', ['--quiet', ...words], { env, stdio: ['ignore', 'ignore', 'pipe'] })
}

/** Writes the policy file that keeps Debian from starting the installed services. */
function withoutServices(work: () => void): void {
  const isNew = !existsSync(POLICY)
  if (isNew) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    work()
  } finally {
    if (isNew) rmSync(POLICY, { force: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(installMariadb() ?? 'MariaDB is installed.')
  console.log(installSpider() ?? 'Spider is installed.')
  console.log(installRedis() ?? 'Redis is installed.')
  console.log(installPgbouncer() ?? 'PgBouncer is installed.')
}
