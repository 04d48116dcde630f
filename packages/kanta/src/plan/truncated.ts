import { refuse } from '../error/index.ts'
import type { Codec } from '../table/index.ts'

const dayOf = (value: unknown): unknown => {
  const text = value instanceof Date ? value.toISOString() : value
  return typeof text === 'string' ? text.slice(0, 10) : text
}

/** Returns how the value of `fn.dateTrunc` is read, given the codec of what it truncates. */
export function truncatedCodec(codec: Codec | undefined): Codec | undefined {
  if (codec?.name.startsWith('unix'))
    refuse("fn.dateTrunc takes a date or a timestamp, not a timestamp of mode 'unix' or 'unixms', which is a number.")
  if (codec?.name !== 'date') return codec
  // Some databases truncate moments only, and give a date with a time.
  const read = (value: unknown): unknown => codec.decode(dayOf(value) as never)
  return { ...codec, decode: read, fromJson: read }
}
