import { writeCodec } from '../dialect/index.ts'
import { KantaError } from '../error/index.ts'
import { type Node, type NodeOf, nodeWith } from '../extend/index.ts'
import { dialectOf } from '../extend/internal/index.ts'
import { semanticsOf } from '../guard/index.ts'
import { fullName } from '../ir/index.ts'
import type { Codec, ColumnDefinition } from '../table/index.ts'
import type { Capture } from './capture.ts'
import type { KeyedTable } from './key.ts'
import { locksOf, star } from './rows.ts'

type Insert = NodeOf<'insert'>

const NEW_ROWS = 'kanta_new'
const ref = (table: string, column: string): Node => ({ kind: 'ref', schema: undefined, table, column })

/**
 * Returns a locking query of the rows that an insert may change or replace; `undefined` for one that only adds rows.
 */
export function conflictingRows(tree: Insert, { table, name, db }: Capture): Node | undefined {
  const { conflict, duplicate, columns = [] } = tree
  const updates = conflict?.kind === 'conflict' && conflict.action === 'update'
  const replaces = tree.verb === 'replace' || /replace/i.test(tree.or ?? '')
  if (!updates && !replaces && duplicate.length === 0) return undefined
  const sets = updates ? conflict.sets : duplicate
  for (const set of sets)
    if (set.kind === 'assignment' && set.column.kind === 'ref' && table.key.includes(set.column.column))
      throw new KantaError(
        'unsupported',
        `The audit cannot follow an upsert that changes the key of '${fullName(table)}'. Update the key in a statement of its own.`,
      )
  const uniques = updates && conflict.columns.length > 0 ? [conflict.columns] : allUniques(table)
  const used = uniques.filter((unique) => mayConflict(unique, columns, table))
  const wanted = columns.filter((column) => used.some((unique) => unique.includes(column)))
  if (wanted.length === 0) return undefined
  const dialect = dialectOf(db)
  const newValue = (column: string): Node => {
    const definition = table.definition?.columns.get(column)
    if (!semanticsOf(dialect).untypedValues || definition === undefined || tree.query !== undefined)
      return ref(NEW_ROWS, column)
    return { kind: 'cast', operand: ref(NEW_ROWS, column), type: { kind: 'word', text: dialect.typeName(definition) } }
  }
  const meets = used.map(
    (unique): Node => ({
      kind: 'and',
      items: unique.map((column) => ({ kind: 'binary', left: ref(name, column), op: '=', right: newValue(column) })),
    }),
  )
  const cte: Node = {
    ...{ kind: 'cte', name: NEW_ROWS, materialized: undefined },
    columns: tree.query === undefined ? wanted : columns,
    query: queryOfRows(tree, columns, wanted, table),
  }
  const on: Node = meets.length === 1 ? meets[0]! : { kind: 'or', items: meets }
  return nodeWith('select', {
    ctes: [...tree.ctes, cte],
    recursive: tree.recursive,
    items: [star(name)],
    from: [{ kind: 'table', schema: undefined, name: NEW_ROWS, definition: undefined }],
    joins: [{ kind: 'joined', style: 'inner join', lateral: false, source: tree.into, on: [on] }],
    locks: locksOf(name, db, replaces ? 'delete' : 'update'),
  })
}

/** Returns all keys in which a new row may conflict with an old one. */
function allUniques(table: KeyedTable): readonly (readonly string[])[] {
  const { definition, key } = table
  if (definition === undefined)
    throw new KantaError(
      'unsupported',
      `The audit does not know the unique columns of '${fullName(table)}', in which new rows may conflict. Give the database its schema, or name the columns: onConflict((c) => c.columns([…])).`,
    )
  const indexes = definition.indexes.filter(({ unique }) => unique)
  return [key, ...definition.uniques.map(({ columns }) => columns), ...indexes.map(({ columns }) => columns)]
}

/** Returns true if rows with some columns can conflict in a unique key. A column that is left out is null or new. */
function mayConflict(unique: readonly string[], columns: readonly string[], table: KeyedTable): boolean {
  for (const name of unique) {
    if (columns.includes(name)) continue
    const column = table.definition?.columns.get(name)
    if (column?.default !== undefined)
      throw new KantaError(
        'unsupported',
        `The audit cannot find the rows of '${fullName(table)}' that conflict with an upsert that leaves '${name}' to its default. Give it a value.`,
      )
    return false
  }
  return true
}

/** Returns the rows of an insert as a query. */
function queryOfRows(tree: Insert, columns: readonly string[], wanted: readonly string[], table: KeyedTable): Node {
  if (tree.query !== undefined) return tree.query
  const codecOf = (name: string): Codec | undefined => {
    const column = table.definition?.columns.get(name)
    return column && writeCodec(column)
  }
  if (tree.rows?.kind === 'slot') {
    const given = (tree.rows.codec as { readonly columns?: readonly string[] } | undefined)?.columns ?? columns
    const keys = wanted.map((name) => given[columns.indexOf(name)]!)
    const codecs = table.definition === undefined ? undefined : wanted.map((name) => orNull(codecOf(name)))
    const values: Node = { kind: 'values', columns: keys, rows: { ...tree.rows, codec: { columns: keys, codecs } } }
    return nodeWith('select', {
      items: keys.map((key) => ref(NEW_ROWS, key)),
      from: [{ kind: 'alias', operand: values, name: NEW_ROWS, columns: undefined }],
    })
  }
  const [first, ...others] = tree.tuples.map((tuple) => {
    const items = tuple.kind === 'tuple' ? tuple.items : []
    return nodeWith('select', {
      items: wanted.map((name) => itemOf(items[columns.indexOf(name)]!, name, codecOf(name))),
    })
  })
  return {
    ...first!,
    setOperations: others.map((query) => ({ kind: 'setOperation', operator: 'union all', query })),
  } as Node
}

function itemOf(item: Node, name: string, codec: ColumnDefinition['codec']): Node {
  const operand: Node =
    item.kind === 'default' ? { kind: 'literal', value: null } : item.kind === 'slot' ? { ...item, codec } : item
  return { kind: 'alias', operand, name, columns: undefined }
}

/** Wraps a codec, so that a missing value is null. */
const orNull = (codec: Codec | undefined): Codec => ({
  name: codec?.name ?? 'value',
  encode: (value) => (value === undefined ? null : codec === undefined ? (value as never) : codec.encode(value)),
  decode: (value) => value,
})
