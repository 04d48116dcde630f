import { nearest } from '../../error/index.ts'

const COMMON =
  'abs avg ceil coalesce concat count floor length lower ltrim max min mod nullif power replace round rtrim sign sqrt sum trim upper'

/** Returns a hint at the function that was perhaps meant. `own` has the names of the database, apart by spaces. */
export function hintAtFunction(name: string | undefined, own: string): string {
  const like = name === undefined ? undefined : nearest(name, `${COMMON} ${own}`.split(' '))
  return like === undefined || like === name?.toLowerCase() ? '' : ` Did you mean '${like}'?`
}
