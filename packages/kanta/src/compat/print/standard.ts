import { type Printers, standard } from '../../dialect/index.ts'
import type { Kind } from '../../ir/index.ts'

/** Returns the standard printers of some kinds. */
export const standardPrinters = <K extends Kind>(...kinds: readonly K[]): Pick<Printers, K> =>
  Object.fromEntries(kinds.map((kind) => [kind, standard[kind]])) as unknown as Pick<Printers, K>
