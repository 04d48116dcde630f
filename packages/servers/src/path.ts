import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Debian puts servers where the path of a user need not lead. */
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']

/** Where a program is. */
export const find = (program: string): string | undefined =>
  FOLDERS.map((folder) => join(folder, program)).find((path) => existsSync(path))
