import type { Dialect } from '../dialect/index.ts'
import { type Node, nodeWith } from '../extend/index.ts'
import { all, column, type RunValues } from '../guard/index.ts'
import { type ColumnDefinition, definitionOf, type TableDefinition, table } from '../table/index.ts'
import { OPEN } from './instant.ts'
import { affectedBy } from './keeper.ts'
import { beside, HISTORY_COLUMNS, historyOf, quoted } from './name.ts'
import { besideTable, instantOf, type Shown, type TableNode } from './source.ts'
import { type HistoryText, pathsOf } from './statements.ts'

type Shared = Pick<HistoryText, 'fill' | 'drop' | 'changesWithTable' | 'aroundChange' | 'prune' | 'versions'>

/** What is the same wherever triggers keep a history in a table of its own. */
export const keptTable = (dialect: Dialect): Shared => ({
  changesWithTable: false,
  aroundChange: [[], []],
  fill: (table) => {
    const { table: own, history, record } = pathsOf(table, dialect)
    const columns = table.columns.map(({ name }) => dialect.quote(name)).join(', ')
    const since = `(select began from ${record} where table_name = ${dialect.literal(table.name)})`
    return [
      `insert into ${history} (${columns}, history_from, history_to) select ${columns}, ${since}, ${OPEN} from ${own}`,
    ]
  },
  drop: ({ history }) => `drop table ${history}`,
  prune: async (db, name, at, batch) => {
    const history = quoted(beside(name, historyOf(name.name)), dialect)
    const some = `select history_id from ${history} where history_to <= ${at} limit ${batch}`
    let removed = 0
    for (;;) {
      const count = await affectedBy(db, `delete from ${history} where history_id in (${some})`)
      removed += count
      if (count < batch) return removed
    }
  },
  versions: (table, columns) => {
    const name = historyOf(table.name)
    return nodeWith('select', {
      items: [...columns, ...Object.values(HISTORY_COLUMNS)].map((each) => column(name, each)),
      from: [historyNode(table)],
    })
  },
})

/**
 * The rows whose time the instant is in. `until` makes the bound of their end of the instant, and `demand` is a
 * condition besides: one of the two fails where the history does not reach back so far.
 */
export function pastRows(
  table: TableNode,
  { columns }: Shown,
  runValues: RunValues,
  until: (instant: Node) => Node,
  demand?: () => Node,
): Node {
  const name = historyOf(table.name)
  const bound = (of: string, op: string, right: Node): Node => ({ kind: 'binary', left: column(name, of), op, right })
  const now = (): Node => runValues.value(instantOf)
  const { from, to } = HISTORY_COLUMNS
  const where = [bound(from, '<=', now()), bound(to, '>', until(now())), demand?.()]
  return nodeWith('select', {
    items: columns.map((each) => column(name, each)),
    from: [historyNode(table)],
    where: [all(where)!],
  })
}

const kept = definitionOf(
  table('history', (c) => ({ history_id: c.bigint(), history_from: c.bigint(), history_to: c.bigint() })),
)!

/** The history of a table with a definition reads the values of its columns as that does. */
function historyNode(table: TableNode): TableNode {
  const definition = table.definition as TableDefinition | undefined
  const name = historyOf(table.name)
  if (definition === undefined) return besideTable(table, name)
  const columns: ReadonlyMap<string, ColumnDefinition> = new Map([...definition.columns, ...kept.columns])
  return besideTable(table, name, { ...definition, name, columns })
}
