import { KantaError } from '../error/index.ts'
import type { DatabaseHandle } from '../extend/internal/index.ts'

/** What a database may lack as it is here, though its kind has it. */
export interface Checked {
  /** Why, and what to do; `undefined` where nothing is missing. */
  whyMissing?(db: DatabaseHandle): Promise<string | undefined>
}

/** Throws where the database as it is here lacks what a facet needs. */
export async function requireHere(facet: Checked, db: DatabaseHandle): Promise<void> {
  const why = await facet.whyMissing?.(db)
  if (why !== undefined) throw unsupported(why)
}

export const unsupported = (why: string): KantaError => new KantaError('unsupported', why)
