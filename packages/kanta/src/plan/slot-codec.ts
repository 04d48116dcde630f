// How the values of slots are written.
import type { Node, NodeOf } from '../ir/index.ts'
import type { Codec } from '../table/index.ts'

/** Sets how a value is written, unless that is known. */
export function setCodec(slot: NodeOf<'slot'>, codec: unknown): void {
  if (codec !== undefined) (slot as { codec: unknown }).codec ??= codec
}

/** Sets how a value is written that is compared. */
export const setCompared = (slot: NodeOf<'slot'>, codec: Codec | undefined): void =>
  setCodec(slot, codec?.compared ?? codec)

/** A policy that renames columns leaves the keys of the user's rows on the slot. */
export function setRows(
  slot: NodeOf<'slot'>,
  columns: readonly string[],
  codecs: readonly (Codec | undefined)[] | undefined,
): void {
  const known = slot.codec as RowCodecs | undefined
  ;(slot as { codec: unknown }).codec = { columns: known?.columns ?? columns, codecs: codecs ?? known?.codecs }
}

/** How given rows are written. */
export interface RowCodecs {
  readonly columns: readonly string[]
  readonly codecs: readonly (Codec | undefined)[] | undefined
}

/** How the columns of given rows are written, where a policy has said so. */
export function codecsOf(rows: Node): RowCodecs['codecs'] {
  return rows.kind === 'slot' ? (rows.codec as RowCodecs | undefined)?.codecs : undefined
}
