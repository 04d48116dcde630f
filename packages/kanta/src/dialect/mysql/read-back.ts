import { KantaError, refuse } from '../../error/index.ts'
import { empty, type Node, type NodeOf } from '../../ir/index.ts'
import type { TableDefinition } from '../../table/index.ts'
import type { InsertReading, ReadBack, ReadBackSteps } from '../dialect.ts'

/**
 * Splits an insert that returns rows, where the database cannot return them and the keys of the rows can be known for
 * certain: a plain insert of values into a table whose key is one column, given or numbered by the database.
 */
function split(tree: Node): ReadBack | undefined {
  if (tree.kind !== 'insert' || tree.returning.length === 0) return undefined
  if (!isPlain(tree)) return undefined
  const table = tree.into?.kind === 'alias' ? tree.into.operand : tree.into
  const definition = table?.kind === 'table' ? (table.definition as TableDefinition | undefined) : undefined
  if (definition?.primaryKey?.length !== 1) return undefined
  const key = definition.columns.get(definition.primaryKey[0]!)
  if (key === undefined) return undefined
  const at = tree.columns!.indexOf(key.name)
  if (at < 0 && key.generated !== 'default' && key.generated !== 'identity') return undefined
  const ref = { kind: 'ref', schema: undefined, table: undefined, column: key.name } as const
  const keys = { kind: 'slot', index: 0, role: 'list', codec: undefined } as const
  return {
    insert: { ...tree, returning: [] },
    select: {
      ...empty('select'),
      items: tree.returning,
      from: [tree.into!],
      where: [{ kind: 'binary', left: ref, op: 'in', right: keys }],
      orderBy: [{ kind: 'order', operand: ref, direction: undefined, nulls: undefined, collate: undefined }],
    },
    key,
    position: at < 0 ? undefined : at,
  }
}

/** Nothing else decides how many rows there are, or which. */
function isPlain(n: NodeOf<'insert'>): boolean {
  const others = [n.ctes, n.modifiers, n.output, n.tuples, n.duplicate]
  const absent = [n.or, n.top, n.query, n.conflict]
  return (
    n.verb !== 'replace' &&
    n.rows !== undefined &&
    n.columns !== undefined &&
    others.every((parts) => parts.length === 0) &&
    absent.every((part) => part === undefined)
  )
}

/** The keys that the rows were given, as the parameters have them: row by row. */
function given({ key, position }: ReadBack, parameters: readonly unknown[], rows: number): unknown[] {
  const width = parameters.length / rows
  return Array.from({ length: rows }, (_, row) => {
    const value = parameters[row * width + position!]
    if (value === null)
      refuse(
        `Some rows give the key '${key.name}' and some leave it to the database, which does not tell those it gave. Insert them apart.`,
      )
    return key.codec === undefined ? value : key.codec.decode(value as never)
  })
}

/**
 * The keys that the database gave to the rows of one insert. It takes as many at once as the statement has rows, and
 * tells the first: https://dev.mysql.com/doc/refman/8.4/en/innodb-auto-increment-handling.html (simple inserts).
 */
function numbered({ key }: ReadBack, first: number | bigint, increment: number, rows: number): unknown[] {
  return Array.from({ length: rows }, (_, row) => {
    const id = BigInt(first) + BigInt(row) * BigInt(increment)
    return key.codec?.bigint === true ? id : Number(id)
  })
}

/** For what only a trigger or another writer can bring about. */
const lost = (expected: number, found: number): KantaError =>
  new KantaError(
    'query',
    `The insert wrote ${expected} rows, of which ${found} were found by their keys; it was undone. Read the rows by a query after the insert, in one transaction.`,
  )

async function read(back: ReadBack, parameters: readonly unknown[], steps: ReadBackSteps): Promise<unknown[]> {
  const { changes, insertId } = await steps.write()
  const count = Number(changes)
  const keys =
    back.position === undefined
      ? numbered(back, insertId ?? 0, await increment(steps), count)
      : given(back, parameters, count)
  const rows = await steps.find(keys)
  if (rows.length !== count) throw lost(count, rows.length)
  return rows
}

/** By how much the numbers of the database grow in this session. */
async function increment({ ask }: ReadBackSteps): Promise<number> {
  return Number(Object.values((await ask('select @@auto_increment_increment')) as object)[0])
}

/** Reads what an insert wrote by the keys of its rows. */
export const readBack: InsertReading = { split, read }
