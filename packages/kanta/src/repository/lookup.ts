import { checkOptions, refuse } from '../error/index.ts'
import { schemaOf } from '../extend/internal/index.ts'
import { isFilter, whereOf } from '../filter/index.ts'
import { fullName, node } from '../ir/index.ts'
import { Expr, expressionBuilder, jsonRows, type SelectBuilder, show } from '../sql/index.ts'
import { definitionOf, type TableDefinition } from '../table/index.ts'
import { isPlain } from './key.ts'
import type { Rows } from './rows.ts'

/** Rows of another table that go with each row, where no relation is declared. */
export interface Lookup {
  /** The other table: its name, or a `table()` value. */
  readonly from: unknown
  readonly localField: string
  readonly foreignField: string
  /** The name of the rows; that of the table unless given. */
  readonly as?: string
  /** Gives the first row by the key, or null, in place of all. */
  readonly single?: boolean
  /** The columns: a list, or an object of 1 for those to give or 0 for those to leave out. */
  readonly select?: unknown
  readonly where?: unknown
}

const MOST = 10
const MEMBERS = ['from', 'localField', 'foreignField', 'as', 'single', 'select', 'where']

/**
 * Adds the rows of other tables to a query, each as a list or one row.
 *
 * @throws KantaError `invalid_input` for a table or a column that is unknown, and for two of one name.
 */
export function withLookups(rows: Rows, query: SelectBuilder, lookups: unknown): SelectBuilder {
  if (!Array.isArray(lookups) || lookups.length === 0)
    return refuse(`lookupPopulate({ lookups: ${show(lookups)} }) takes at least one lookup.`)
  if (lookups.length > MOST) refuse(`lookupPopulate() takes ${MOST} lookups at most, not ${lookups.length}.`)
  const names = new Set(rows.table.columns.keys())
  return lookups.reduce((now: SelectBuilder, lookup: Lookup, i) => {
    checkOptions(`Lookup ${i}`, lookup, MEMBERS)
    const target = tableOf(rows, lookup.from, i)
    const name = lookup.as ?? target.name
    if (typeof name !== 'string' || name === '' || names.has(name))
      refuse(`Lookup ${i} gives ${show(name)} a second time. Name it by 'as'.`)
    names.add(name)
    return now.select(jsonRows(rowsOf(rows, target, lookup, i), lookup.single === true).as(name))
  }, query)
}

function tableOf(rows: Rows, from: unknown, i: number): TableDefinition {
  const name = definitionOf(from) === undefined ? from : fullName(definitionOf(from)!)
  const found = typeof name === 'string' ? schemaOf(rows.db).get(name) : undefined
  return found ?? refuse(`Lookup ${i}: the database does not know the table ${show(name)}.`)
}

function rowsOf(rows: Rows, target: TableDefinition, lookup: Lookup, i: number): SelectBuilder {
  const { localField, foreignField, select, where, single = false } = lookup
  const alias = `lookup${i}`
  const ref = (column: unknown): Expr => {
    if (typeof column !== 'string' || !target.columns.has(column))
      refuse(`Lookup ${i}: '${fullName(target)}' has no column ${show(column)}.`)
    return new Expr(node({ kind: 'ref', schema: undefined, table: alias, column: column as string }))
  }
  const same = expressionBuilder()(ref(foreignField), '=', rows.ref(localField))
  let query = rows.db
    .selectFrom(`${fullName(target)} as ${alias}`)
    .select(columnsOf(target, select, i).map(ref))
    .where(same)
  if (where !== undefined) {
    if (!isFilter(where)) refuse(`Lookup ${i}: where is ${show(where)}, and no filter.`)
    query = query.where(whereOf(rows.db as never, where as never, `${fullName(target)} as ${alias}`))
  }
  for (const column of target.primaryKey) query = query.orderBy(ref(column))
  return single ? query.limit(1) : query
}

function columnsOf({ columns }: TableDefinition, select: unknown, i: number): readonly string[] {
  const all = [...columns.keys()]
  if (select === undefined) return all
  if (Array.isArray(select) && select.length > 0) return select as readonly string[]
  const entries = isPlain(select) ? Object.entries(select) : []
  const [first] = entries
  if (first === undefined || entries.some(([, flag]) => flag !== first[1] || (flag !== 0 && flag !== 1)))
    return refuse(`Lookup ${i}: select is ${show(select)}. Give a list of columns, or an object of 1 or of 0.`)
  const unknown = entries.find(([name]) => !columns.has(name))
  if (unknown !== undefined) refuse(`Lookup ${i}: there is no column ${show(unknown[0])}.`)
  return first[1] === 1 ? entries.map(([name]) => name) : all.filter((name) => !entries.some(([left]) => left === name))
}
