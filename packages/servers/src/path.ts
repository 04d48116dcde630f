import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The folders of programs. Debian puts servers into folders that may be missing in the user's PATH. */
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']

/** Returns the path of a program, or `undefined` if it is not found. */
export const findProgram = (program: string): string | undefined =>
  FOLDERS.map((folder) => join(folder, program)).find((path) => existsSync(path))
