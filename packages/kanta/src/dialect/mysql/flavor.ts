import { KantaError } from '../../error/index.ts'
import type { Writer } from '../writer.ts'
import type { JsonFlavor } from './json.ts'

/** In what the printers of the two databases differ. */
export interface Flavor {
  readonly name: 'mysql' | 'mariadb'
  readonly json: JsonFlavor
}

export function unsupported(what: string, alternative: string, w: Writer): never {
  throw new KantaError('unsupported', `${what} is not available in ${w.dialect.name}. ${alternative}`)
}
