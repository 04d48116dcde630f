import { utf8 } from './id-order.ts'
import { copyBytes } from './record.ts'
import type { RecordRow } from './row.ts'

/** A row whose bytes are in parts beside it; `parts` is empty for a row that is whole. */
export interface SplitRow {
  readonly row: RecordRow
  readonly parts: readonly Uint8Array[]
}

/** The beginning of the payload of a split row, which no other payload has. */
const MARK = '{"parts":'

/** Splits a row that exceeds a number of bytes. What remains of it tells the number of parts. */
export function splitRow(row: RecordRow, partBytes: number | undefined): SplitRow {
  const { kind, payload, blob } = row
  if (partBytes === undefined || payload.length * 3 + (blob?.byteLength ?? 0) <= partBytes) return { row, parts: [] }
  const bytes = blob === null ? utf8(payload) : copyBytes(blob)
  if (bytes.length <= partBytes / 2) return { row, parts: [] }
  const parts: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += partBytes) parts.push(bytes.slice(at, at + partBytes))
  const rest = { parts: parts.length, payload: blob === null ? undefined : payload }
  return { row: { kind, payload: JSON.stringify(rest), blob: null }, parts }
}

/** Returns the number of parts of a split row; `undefined` for a whole one. */
export const partCountOf = ({ payload }: RecordRow): number | undefined =>
  payload.startsWith(MARK) ? (JSON.parse(payload) as { parts: number }).parts : undefined

/** Returns the row that was split. */
export function joinParts<R extends RecordRow>(row: R, given: readonly unknown[]): R {
  const parts = given.map(copyBytes)
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  const { payload } = JSON.parse(row.payload) as { payload?: string }
  return payload === undefined ? { ...row, payload: new TextDecoder().decode(bytes) } : { ...row, payload, blob: bytes }
}
