import { execFileSync } from 'node:child_process'
import { chownSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The user that a server runs as. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** Database servers refuse to run as root: then they run as `nobody`, else as whoever runs this. */
export function unprivileged(): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** A folder of its own, which belongs to the owner. */
export function temporaryFolder(name: string, owner: Owner | undefined): string {
  const folder = mkdtempSync(join(tmpdir(), `kanta-${name}-`))
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid)
  return folder
}
