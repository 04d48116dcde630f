import { cellError } from '../../error/index.ts'
import { type Node, type NodeOf, nodeWith } from '../../ir/index.ts'
import type { Codec } from '../../table/index.ts'
import type { ArrayRows } from '../dialect.ts'
import { arrayText } from './array.ts'
import { quote, stringLiteral } from './literal.ts'

type Row = Readonly<Record<string, unknown>>

/** One column of many rows as an array. */
function columnOf(key: string, codec: Codec | undefined): Codec {
  const cell = (row: Row, i: number, rows: readonly Row[]): unknown => {
    const value = row[key]
    if (codec === undefined || value === null) return value
    try {
      return codec.encode(value)
    } catch (cause) {
      throw cellError(cause, key, rows.length > 1 ? i : undefined)
    }
  }
  return {
    name: 'column',
    encode: (rows) => arrayText((rows as readonly Row[]).map(cell)),
    decode: (value) => value,
  }
}

/** Types whose bare name means a length of one. */
const UNSIZED: Readonly<Record<string, string>> = { 'character[]': 'bpchar[]', 'bit[]': 'varbit[]' }

/**
 * `select * from unnest($1::integer[], $2::text[])`: one text for any number of rows. The types are those of the columns
 * in the database, so that each item is read as a parameter for the column would be.
 */
export const arrayRows: ArrayRows = {
  // An array of arrays is one of their items, and one of rows becomes a column for each of theirs.
  typesText({ schema, name }) {
    const table = schema === undefined ? quote(name) : `${quote(schema)}.${quote(name)}`
    return (
      `select coalesce(json_object_agg(a.attname, t.typarray::regtype::text), '{}')::text as "types" ` +
      'from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid ' +
      `where a.attrelid = ${stringLiteral(table)}::regclass and t.typarray <> 0 and t.typcategory not in ('A', 'C')`
    )
  },
  query(rows, types) {
    const { columns, codecs } = rows.codec as { columns: readonly string[]; codecs?: readonly (Codec | undefined)[] }
    const args: Node[] = []
    for (const [i, type] of types.entries()) {
      if (type === undefined) return undefined
      const slot: Node = {
        kind: 'slot',
        index: rows.index,
        role: 'value',
        codec: columnOf(columns[i]!, codecs?.[i]),
      }
      const operator: Node = { kind: 'word', text: `::${UNSIZED[type] ?? type}` }
      args.push({ kind: 'operation', left: slot, operator, right: NOTHING })
    }
    const unnest: Node = { kind: 'call', name: 'unnest', args }
    return nodeWith('select', { items: [{ kind: 'star', table: undefined }], from: [unnest] })
  },
}

/** A cast stands after its operand. */
const NOTHING: NodeOf<'word'> = { kind: 'word', text: '' }
