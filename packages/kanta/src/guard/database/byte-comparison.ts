import type { Node } from '../../ir/index.ts'
import type { ColumnDefinition } from '../../table/index.ts'

/**
 * How a database compares texts by their bytes, whatever the collation of their columns takes for equal: letters of both
 * cases, letters with accents, spaces at the end.
 */
export interface ByteComparison {
  /** A text for one side of a comparison, in a form that only the same bytes are equal to. */
  of(text: Node): Node
  /** A text as a parameter that is compared with `of`. */
  parameter(text: string): string
  /** Tells whether values of any type, and indexes, stay what they are in `of`. Otherwise it stands beside a plain comparison. */
  readonly takesAll: boolean
  /** Tells whether a number beside a text makes numbers of both, so that numbers are compared as texts, too. */
  readonly readsNumbers: boolean
  /** The types of columns that hold texts here. */
  readonly texts: ReadonlySet<ColumnDefinition['type']>
}

export const bytesOf = (comparison: Partial<ByteComparison> & Pick<ByteComparison, 'of'>): ByteComparison => ({
  parameter: (text) => text,
  takesAll: false,
  readsNumbers: false,
  texts: new Set(['text', 'varchar', 'enum', 'uuid']),
  ...comparison,
})

export const castTo = (operand: Node, type: string): Node => ({
  kind: 'cast',
  operand,
  type: { kind: 'word', text: type },
})

export const collated = (operand: Node, collation: string): Node => ({
  kind: 'raw',
  strings: ['', ` collate ${collation}`],
  parts: [operand],
})
