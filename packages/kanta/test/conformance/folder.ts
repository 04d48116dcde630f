import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'

/** A folder of its own for the tests of a file, removed when they have run. */
export function temporaryFolder(): { path(name: string): string } {
  let folder = ''
  let files = 0
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kanta-'))
  })
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  return { path: (name) => join(folder, `${++files}-${name}`) }
}
