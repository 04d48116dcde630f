import type { Codec } from '../table/index.ts'

/** How a codec reads that is there for writing alone: the value is what the database gives. */
export const asGiven = (value: unknown): never => value as never

/** Returns whether a codec makes anything of what it reads. */
export const reads = (codec: Codec | undefined): codec is Codec => codec !== undefined && codec.decode !== asGiven
