import { KantaError } from '../../error/index.ts'
import { type Node, type NodeOf, nodeWith } from '../../ir/index.ts'
import type { Codec, ColumnDefinition } from '../../table/index.ts'
import { arrayText } from './array.ts'
import { arrayType, columnCodec } from './type.ts'

type Row = Readonly<Record<string, unknown>>

/** One column of many rows as an array. */
function columnOf(key: string, codec: Codec | undefined): Codec {
  const cell = (row: Row, i: number): unknown => {
    const value = row[key]
    if (codec === undefined || value === null) return value
    try {
      return codec.encode(value)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new KantaError('invalid_input', `Row ${i}, column '${key}': ${why}`, { cause })
    }
  }
  return {
    name: 'column',
    encode: (rows) => arrayText((rows as readonly Row[]).map(cell)),
    decode: (value) => value,
  }
}

/** `select * from unnest($1::integer[], $2::text[])`: one text for any number of rows. */
export function rowsQuery(
  rows: NodeOf<'slot'>,
  keys: readonly string[],
  columns: readonly ColumnDefinition[],
): Node | undefined {
  const args: Node[] = []
  for (const [i, column] of columns.entries()) {
    const type = arrayType(column)
    if (type === undefined) return undefined
    const codec = columnOf(keys[i]!, columnCodec(column))
    const slot: Node = { kind: 'slot', index: rows.index, role: 'value', codec }
    args.push({ kind: 'operation', left: slot, operator: { kind: 'word', text: `::${type}` }, right: NOTHING })
  }
  const unnest: Node = { kind: 'call', name: 'unnest', args }
  return nodeWith('select', { items: [{ kind: 'star', table: undefined }], from: [unnest] })
}

/** A cast stands after its operand. */
const NOTHING: Node = { kind: 'word', text: '' }
