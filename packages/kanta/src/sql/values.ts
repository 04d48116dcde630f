import { refuse, show } from '../error/index.ts'
import { type Node, node, pin } from '../ir/index.ts'
import { Aliased } from './expression.ts'
import { checkName, isOperand } from './operand.ts'

const ROWS = pin({ kind: 'arg', role: 'rows' })
const VALUE = pin({ kind: 'arg', role: 'value' })

/** Something that becomes a table once it has a name. */
class TableValues {
  readonly #node: Node
  readonly #args: readonly unknown[]

  constructor(node: Node, args: readonly unknown[]) {
    this.#node = node
    this.#args = args
  }

  as(name: string): Aliased {
    const alias = checkName(name, 'an alias')
    return new Aliased(node({ kind: 'alias', operand: this.#node, name: alias, columns: undefined }), this.#args)
  }
}

/** Rows given from here, as a table: `values([{ id: 1, name: 'a' }]).as('v')`. */
export function values(rows: readonly Readonly<Record<string, unknown>>[]): TableValues {
  if (!Array.isArray(rows) || rows.length === 0)
    return refuse('values([]) has no rows; a VALUES list takes one or more.')
  const columns = columnsOf(rows[0], 0)
  if (columns.length === 0) refuse('values([{}]) has no columns.')
  for (const column of columns) checkName(column, 'a column')
  rows.forEach((row, i) => {
    checkRow(row, columns, i)
  })
  return new TableValues(node({ kind: 'values', columns, rows: ROWS }), [rows.slice()])
}

function columnsOf(row: unknown, i: number): readonly string[] {
  if (typeof row === 'object' && row !== null && !Array.isArray(row) && !isOperand(row)) return Object.keys(row)
  return refuse(`values(): row ${i} is ${show(row)}; a row is an object of columns and values.`)
}

function checkRow(row: Readonly<Record<string, unknown>>, columns: readonly string[], i: number): void {
  const own = columnsOf(row, i)
  if (own.length !== columns.length)
    refuse(`values(): row ${i} has the columns ${own.join(', ')} where the first row has ${columns.join(', ')}.`)
  for (const column of columns) {
    if (!Object.hasOwn(row, column) || row[column] === undefined)
      refuse(
        `values(): ${show(column)} of row ${i} is undefined. Every row gives every column; use null for SQL's null.`,
      )
    if (isOperand(row[column]))
      refuse(`values(): ${show(column)} of row ${i} is an expression; a VALUES list takes plain values.`)
  }
}

/** Values in their order, as a table with the columns `value` and `position` (from 1): `list([3, 1, 2]).as('l')`. */
export function list(items: readonly unknown[]): TableValues {
  if (!Array.isArray(items)) return refuse(`list(${show(items)}) takes an array.`)
  items.forEach((item, i) => {
    if (item === undefined) refuse(`list(): item ${i} is undefined.`)
  })
  return new TableValues(node({ kind: 'listTable', values: VALUE }), [items])
}
