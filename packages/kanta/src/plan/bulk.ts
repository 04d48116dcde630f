import type { Dialect } from '../dialect/index.ts'
import { refuse } from '../error/index.ts'
import type { NodeOf } from '../ir/index.ts'
import { internNames } from '../sql/index.ts'
import { type Bound, bind, cell, cellType } from './bind.ts'
import type { Context } from './context.ts'
import type { RowTypes } from './memos.ts'
import { type Plan, type Planning, planOfArrays, planOfColumns, type RowCodecs, rowTypesText } from './plan.ts'

type Row = Readonly<Record<string, unknown>>

/** A statement together with the plan that says how its rows are read. */
export interface Part extends Bound {
  readonly plan: Plan
}

/** The most rows of one statement: a power of two, so that all numbers of rows are served by a few texts. */
function rowsPerStatement(columns: number, dialect: Dialect): number {
  return Math.max(1, 2 ** Math.floor(Math.log2(dialect.bulkParameters / columns)))
}

/**
 * The statements of a query: one, but for inserts of many rows, since one text for each number of rows would have to
 * be prepared anew each time. Rows that leave out columns of the others go in statements of their own, so that they
 * get the defaults.
 */
export function partsOf(plan: Plan, args: readonly unknown[], planning: Planning, context: Context): readonly Part[] {
  const slot = plan.rows
  const { dialect } = planning
  if (slot === undefined) {
    if (plan.tree.kind === 'insert' && plan.tree.ragged) refuseRagged()
    return [{ plan, ...bind(plan, args, dialect, context) }]
  }
  const rows = args[slot.index] as readonly Row[]
  const { rowTypes } = plan.memos
  if (!(plan.tree as NodeOf<'insert'>).ragged) return chunks(plan, rows, rowTypes, planning, context)
  return groups(rows).flatMap((group) => {
    const part = planOfColumns(plan, group.columns, planning)
    if (group.columns.length > 0) return chunks(part, group.rows, rowTypes, planning, context)
    return group.rows.map(() => ({ plan: part, ...bind(part, args, dialect, context) }))
  })
}

/** Returns the text that asks for the types of the rows of a bulk insert; `undefined` where they are known, or not needed. */
export function missingTypes(plan: Plan, args: readonly unknown[], planning: Planning): string | undefined {
  const { rows, memos } = plan
  if (rows === undefined || memos.rowTypes !== undefined || (args[rows.index] as readonly Row[]).length < 2) return
  return rowTypesText(plan, planning)
}

/** Keeps the types of the rows of a bulk insert, as the database told them in JSON. */
export function keepRowTypes({ memos }: Plan, told: string): void {
  memos.rowTypes = new Map(Object.entries(JSON.parse(told)))
}

export function refuseRagged(): never {
  return refuse(
    'Rows that leave out columns of the others take several statements. Give every row the same columns to compile the insert, or to use values in its other clauses.',
  )
}

/** The most rows of one statement that gets them as arrays: each is one text, which both sides hold in memory. */
const ARRAY_ROWS = 32_768

/** Many rows as one array for each column, which takes the same text for any number of them. */
function arrays(plan: Plan, rows: readonly Row[], planning: Planning, context: Context): Part[] {
  const parts: Part[] = []
  for (let at = 0; at < rows.length; at += ARRAY_ROWS) {
    const some = rows.length <= ARRAY_ROWS ? rows : rows.slice(at, at + ARRAY_ROWS)
    const args: unknown[] = []
    args[(plan.slots[0] as NodeOf<'slot'>).index] = some
    parts.push({ plan, ...bind(plan, args, planning.dialect, context) })
  }
  return parts
}

function chunks(
  plan: Plan,
  rows: readonly Row[],
  types: RowTypes | undefined,
  planning: Planning,
  context: Context,
): Part[] {
  const { dialect } = planning
  const { columns, codecs } = plan.rows!.codec as RowCodecs
  if (rows.length === 1) {
    return [{ plan, sql: textFor(plan, 1, dialect), parameters: parametersOf(rows, 0, 1, columns, codecs) }]
  }
  const byColumn = types === undefined ? undefined : planOfArrays(plan, types, planning)
  if (byColumn !== undefined) return arrays(byColumn, rows, planning, context)
  const most = rowsPerStatement(columns.length, dialect)
  const parts: Part[] = []
  let at = 0
  while (at < rows.length) {
    let size = most
    while (size > rows.length - at) size /= 2
    const sql = textFor(plan, size, dialect)
    parts.push({ plan, sql, parameters: parametersOf(rows, at, size, columns, codecs) })
    at += size
  }
  return parts
}

/** Neighbours that give the same columns. */
function groups(rows: readonly Row[]): { readonly columns: readonly string[]; readonly rows: Row[] }[] {
  const found: { columns: readonly string[]; rows: Row[] }[] = []
  for (const row of rows) {
    const columns = internNames(Object.keys(row).filter((name) => row[name] !== undefined))
    const last = found.at(-1)
    if (last?.columns === columns) last.rows.push(row)
    else found.push({ columns, rows: [row] })
  }
  return found
}

function textFor(plan: Plan, rows: number, dialect: Dialect): string {
  const key = rows === 1 ? '1' : String(rows)
  return plan.memos.text(key) ?? plan.memos.keepText(key, writeRows(plan, rows, dialect))
}

function writeRows(plan: Plan, rows: number, dialect: Dialect): string {
  let text = ''
  let position = 0
  const { columns, codecs } = plan.rows!.codec as RowCodecs
  const types = columns.map((_, i) => cellType(codecs?.[i], dialect))
  const place = (type: string | undefined): string => {
    const text = dialect.placeholder(position++)
    return type === undefined ? text : `cast(${text} as ${type})`
  }
  const row = () => `(${types.map(place).join(', ')})`
  for (const piece of plan.pieces)
    text += typeof piece === 'string' ? piece : Array.from({ length: rows }, row).join(', ')
  return text
}

function parametersOf(
  rows: readonly Row[],
  from: number,
  count: number,
  columns: readonly string[],
  codecs: RowCodecs['codecs'],
): unknown[] {
  const parameters = new Array<unknown>(count * columns.length)
  let next = 0
  for (let i = from; i < from + count; i++) {
    const row = rows[i]!
    for (let j = 0; j < columns.length; j++) {
      const codec = codecs?.[j]
      parameters[next++] = codec === undefined ? row[columns[j]!] : cell(rows, i, columns[j]!, codec)
    }
  }
  return parameters
}
