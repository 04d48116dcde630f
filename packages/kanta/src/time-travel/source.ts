import { type Dialect, raise } from '../dialect/index.ts'
import { type Context, type Node, type NodeOf, nodeWith } from '../extend/index.ts'
import { all, choose, column, equal, type Late, literal, word } from '../guard/index.ts'
import { type ColumnDefinition, definitionOf, type TableDefinition, table } from '../table/index.ts'
import { type Micros, OPEN } from './instant.ts'
import { HISTORY_COLUMNS, historyOf, RECORD } from './name.ts'

/** The name of the instant in the context. */
export const AS_OF = 'as of'

const micros = (context: Context): Micros => context[AS_OF] as Micros

/** As the columns of histories hold it. */
const instantOf = (context: Context): bigint => BigInt(micros(context))

type TableNode = NodeOf<'table'>

const other = (table: TableNode, name: string, definition?: TableDefinition): TableNode => ({
  kind: 'table',
  schema: table.schema,
  name,
  definition,
})

/** Whether a database keeps the history of its tables by itself. */
export const isNative = (dialect: Dialect): boolean => dialect.name === 'mariadb'

const kept = definitionOf(
  table('history', (c) => ({ history_id: c.bigint(), history_from: c.bigint(), history_to: c.bigint() })),
)!

/** The history of a table with a definition reads the values of its columns as that does. */
function historyNode(table: TableNode): TableNode {
  const definition = table.definition as TableDefinition | undefined
  const name = historyOf(table.name)
  if (definition === undefined) return other(table, name)
  const columns: ReadonlyMap<string, ColumnDefinition> = new Map([...definition.columns, ...kept.columns])
  return other(table, name, { ...definition, name, columns })
}

/** The columns of a table that statements see, and those by which its rows are known. */
export interface Shown {
  readonly columns: readonly string[]
  readonly key: readonly string[]
}

/** What a table was at the instant of the context, in the place of the table. */
export function pastSource(table: TableNode, { columns, key }: Shown, late: Late, dialect: Dialect): Node {
  if (isNative(dialect)) return nativePast(table, { columns, key }, late, dialect)
  const name = historyOf(table.name)
  const bound = (of: string, op: string, right: Node): Node => ({ kind: 'binary', left: column(name, of), op, right })
  const now = (): Node => late.value(instantOf)
  const { from, to } = HISTORY_COLUMNS
  // The check stands in the bound of an index, which is computed before rows are looked for: also where there are none.
  const inReach = dialect.name === 'sqlite'
  const where = [
    bound(from, '<=', now()),
    bound(to, '>', inReach ? reached(table, now(), late, dialect) : now()),
    inReach ? undefined : isReached(table, late, dialect),
  ]
  return nodeWith('select', {
    items: columns.map((each) => column(name, each)),
    from: [historyNode(table)],
    where: [all(where)!],
  })
}

/**
 * What MariaDB says that a table was. It goes by when statements began: one that waited for another's row leaves two
 * versions of it at one instant, of which the later one is taken. Outside of a query of its own, MariaDB forgets the
 * instant in an outer join.
 */
function nativePast(table: TableNode, { columns, key }: Shown, late: Late, dialect: Dialect): Node {
  const past = (name: string): Node => named({ kind: 'versioned', table, at: serverTime(late) }, name)
  const start = (name: string): Node => ({ kind: 'identifier', names: [name, 'row_start'] })
  const later = nodeWith('select', {
    items: [word('1')],
    from: [past(LATER)],
    where: [
      ...key.map((each) => equal(column(LATER, each), column(table.name, each))),
      { kind: 'binary', left: start(LATER), op: '>', right: start(table.name) },
    ],
  })
  return nodeWith('select', {
    items: columns.map((each) => column(table.name, each)),
    from: [past(table.name)],
    where: [isReached(table, late, dialect), { kind: 'unary', op: 'not exists', operand: later }],
  })
}

const LATER = 'kanta_later'

const named = (operand: Node, name: string): Node => ({ kind: 'alias', operand, name, columns: undefined })

/** All versions of a table's rows, each with its time. */
export function versionsSource(table: TableNode, columns: readonly string[], dialect: Dialect): Node {
  if (isNative(dialect)) {
    const { id, from, to } = HISTORY_COLUMNS
    const ends: Node = { kind: 'binary', left: unixTime('row_end'), op: '>=', right: word(LAST_SECOND) }
    return nodeWith('select', {
      items: [
        ...columns.map((each) => column(table.name, each)),
        named(microsOf('row_start'), from),
        named(choose(ends, word(String(OPEN)), microsOf('row_end')), to),
        named(word('0'), id),
      ],
      from: [named({ kind: 'versioned', table, at: undefined }, table.name)],
    })
  }
  const name = historyOf(table.name)
  return nodeWith('select', {
    items: [...columns, ...Object.values(HISTORY_COLUMNS)].map((each) => column(name, each)),
    from: [historyNode(table)],
  })
}

/** From here on MariaDB says that a row has no end; where timestamps reach further, it says so even later. */
const LAST_SECOND = '2147483647'

/** A column of MariaDB's own, which no definition has. */
const unixTime = (name: string): Node => ({ kind: 'call', name: 'unix_timestamp', args: [word(name)] })

const microsOf = (name: string): Node => ({
  kind: 'cast',
  operand: { kind: 'binary', left: unixTime(name), op: '*', right: word('1000000') },
  type: word('signed'),
})

/** The instant for a database whose sessions have time zones of their own. */
const serverTime = (late: Late): Node => ({
  kind: 'call',
  name: 'from_unixtime',
  args: [{ kind: 'cast', operand: late.value((context) => seconds(micros(context))), type: word('decimal(20,6)') }],
})

/** Seconds with six decimals, exactly. */
export function seconds(micros: Micros): string {
  const whole = Math.floor(micros / 1_000_000)
  return `${whole}.${String(micros - whole * 1_000_000).padStart(6, '0')}`
}

/** A condition that holds if the history of a table reaches back to the instant, and fails the statement if not. */
export function isReached(table: TableNode, late: Late, dialect: Dialect): Node {
  return equal(reached(table, word('1'), late, dialect), word('1'))
}

const nameOf = (node: Node): string | undefined => (node.kind === 'table' ? node.name : undefined)

/** A value, if the history of a table reaches back to the instant; the statement fails if not. */
function reached(table: TableNode, value: Node, late: Late, dialect: Dialect): Node {
  const why = `The history of '${table.name}' does not reach back to that instant`
  const begins: Node = { kind: 'binary', left: column(RECORD, 'began'), op: '<=', right: late.value(instantOf) }
  const query = nodeWith('select', {
    items: [choose(begins, value, raise(why, dialect, column(RECORD, 'began')))],
    from: [other(table, RECORD)],
    where: [equal(column(RECORD, 'table_name'), literal(nameOf(late.around.renames(table)) ?? table.name))],
  })
  // Whoever goes by the tables that a statement reads, such as a cache, knows the table by its own name.
  return { kind: 'trusted', name: 'history', reads: [table.name], writes: [], operand: query }
}
