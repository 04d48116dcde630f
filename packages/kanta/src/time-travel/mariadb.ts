import type { Dialect } from '../dialect/index.ts'
import { type Node, nodeWith } from '../extend/index.ts'
import { choose, column, equal, type RunValues, word } from '../guard/index.ts'
import { type Micros, OPEN } from './instant.ts'
import { affectedBy, type Keeper, rowsOf } from './keeper.ts'
import { HISTORY_COLUMNS, quoted } from './name.ts'
import { isReached, micros, type Shown, type TableNode } from './source.ts'
import { type HistoryText, keyOf, pathsOf } from './statements.ts'

/** MariaDB keeps histories by itself: https://mariadb.com/kb/en/system-versioned-tables/ */
export function mariadbText(dialect: Dialect): HistoryText {
  return {
    schemaOf: ({ schema }) => schema,
    changesWithTable: true,
    aroundChange: [['set system_versioning_alter_history = keep'], ['set system_versioning_alter_history = default']],
    fill: () => [],
    drop: ({ table }) => `alter table ${table} drop system versioning`,
    retype: () => [],
    prune: (db, name, at, batch) => prune(db, quoted(name, dialect), at, batch),
    past: (table, shown, runValues) => pastOf(table, shown, runValues, dialect),
    versions: versionsOf,
    triggers: [],
    now: 'cast(unix_timestamp(now(6)) * 1000000 as signed)',
    same: (one, other) => `${one} <=> ${other}`,
    create: (table) => {
      keyOf(table)
      return [`alter table ${pathsOf(table, dialect).table} add system versioning`]
    },
    later: (one, other) => `greatest(${one}, ${other})`,
    reindex: () => [],
    follow: () => [],
    unfollow: () => [],
  }
}

/**
 * What MariaDB says that a table was. It goes by when statements began: one that waited for another's row leaves two
 * versions of it at one instant, of which the later one is taken. Outside of a query of its own, MariaDB forgets the
 * instant in an outer join.
 */
function pastOf(table: TableNode, { columns, key }: Shown, runValues: RunValues, dialect: Dialect): Node {
  const past = (name: string): Node => named({ kind: 'versioned', table, at: serverTime(runValues) }, name)
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
    where: [isReached(table, runValues, dialect), { kind: 'unary', op: 'not exists', operand: later }],
  })
}

const LATER = 'kanta_later'

const named = (operand: Node, name: string): Node => ({ kind: 'alias', operand, name, columns: undefined })

/** Versions with their time, from what MariaDB says of it. */
function versionsOf(table: TableNode, columns: readonly string[]): Node {
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
const serverTime = (runValues: RunValues): Node => ({
  kind: 'call',
  name: 'from_unixtime',
  args: [
    { kind: 'cast', operand: runValues.value((context) => seconds(micros(context))), type: word('decimal(20,6)') },
  ],
})

/** Seconds with six decimals, exactly. */
function seconds(micros: Micros): string {
  const whole = Math.floor(micros / 1_000_000)
  return `${whole}.${String(micros - whole * 1_000_000).padStart(6, '0')}`
}

/** MariaDB takes history away by time only, so a batch ends where as many versions have ended. */
async function prune(db: Keeper, table: string, at: Micros, batch: number): Promise<number> {
  let removed = 0
  for (;;) {
    const [last] = await rowsOf<{ at: number | string | bigint }>(
      db,
      `select cast(unix_timestamp(row_end) * 1000000 as signed) as \`at\` from ${table} for system_time all
      where row_end <= from_unixtime(${seconds(at)}) order by row_end limit 1 offset ${batch - 1}`,
    )
    const until = Math.min(at, last === undefined ? at : Number(last.at)) + 1
    removed += await affectedBy(db, `delete history from ${table} before system_time from_unixtime(${seconds(until)})`)
    if (last === undefined) return removed
  }
}
