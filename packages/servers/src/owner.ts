import { execFileSync } from 'node:child_process'
import { chownSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The system user of a server. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** Returns the user `nobody` if this process runs as root, since database servers refuse to run as root. */
export function unprivileged(): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** Creates a temporary folder that belongs to the owner. */
export function temporaryFolder(name: string, owner: Owner | undefined): string {
  const folder = mkdtempSync(join(tmpdir(), `kanta-${name}-`))
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid)
  return folder
}
