import { type CastCodec, type Dialect, gap } from '../dialect/index.ts'
import { cellError, KantaError } from '../error/index.ts'
import type { NodeOf } from '../ir/index.ts'
import { show } from '../sql/index.ts'
import type { Codec } from '../table/index.ts'
import { type Context, contextValue } from './context.ts'
import type { Plan, RowCodecs, Slot } from './plan.ts'

/** A statement that is ready to run. */
export interface Bound {
  readonly sql: string
  readonly parameters: readonly unknown[]
}

type Row = Readonly<Record<string, unknown>>

/** Gathers parameters. */
class Binding {
  readonly parameters: unknown[] = []

  text(_text: string): void {}

  /** A parameter; with a type, one that is cast to it. */
  value(value: unknown, _type?: string): void {
    this.parameters.push(value)
  }
}

/** Gathers parameters and writes the text around them. */
class TextBinding extends Binding {
  sql = ''
  /** What was written last: to look at the end of the whole text would join it anew each time. */
  #last = ''
  readonly #dialect: Dialect
  /** Past the most parameters of a statement, values are written into the text. */
  readonly #inline: boolean

  constructor(dialect: Dialect, inline: boolean) {
    super()
    this.#dialect = dialect
    this.#inline = inline
  }

  override text(text: string): void {
    this.sql += text
    this.#last = text
  }

  override value(value: unknown, type?: string): void {
    const text = this.#inline ? this.#dialect.literal(value) : this.#dialect.placeholder(this.parameters.length)
    this.text(gap(this.#last, text) + (type === undefined ? text : `cast(${text} as ${type})`))
    if (!this.#inline) this.parameters.push(value)
  }
}

export function encode(codec: unknown, value: unknown): unknown {
  if (codec === undefined || value === null) return value
  try {
    return (codec as Codec).encode(value)
  } catch (cause) {
    if (cause instanceof KantaError) throw new KantaError(cause.code, cause.message, { cause, columns: [] })
    throw new KantaError('invalid_input', `${show(value)} could not be written: ${said(cause)}`, { cause, columns: [] })
  }
}

const said = (cause: unknown): string => (cause instanceof Error ? cause.message : show(cause))

/** Binds arguments to a plan. */
export function bind(plan: Plan, args: readonly unknown[], dialect: Dialect, context: Context): Bound {
  if (plan.sql !== undefined) return { sql: plan.sql, parameters: bindFixed(plan, args, context) }
  let count = 0
  let key = ''
  for (const slot of plan.slots) {
    const places = size(slot, args, dialect)
    count += places
    if (varies(slot)) key += variant(places, typesOf(slot, args, dialect))
  }
  const inline = plan.inline || count > dialect.maxParameters
  const known = inline ? undefined : plan.memos.text(key)
  const binding = known === undefined ? new TextBinding(dialect, inline) : new Binding()
  for (const piece of known === undefined ? plan.pieces : plan.slots) {
    if (typeof piece === 'string') binding.text(piece)
    else bindSlot(piece, args, context, binding, dialect)
  }
  const sql = known ?? (binding as TextBinding).sql
  if (known === undefined && !inline) plan.memos.keepText(key, sql)
  return { sql, parameters: binding.parameters }
}

/** What the values of a slot make of the text. */
const variant = (places: number, types: readonly unknown[]): string =>
  types.length === 0 ? `${places},` : `${places}${JSON.stringify(types)},`

export function bindFixed(plan: Plan, args: readonly unknown[], context: Context): readonly unknown[] {
  if (plan.direct) return args
  const parameters = new Array<unknown>(plan.slots.length)
  for (let i = 0; i < parameters.length; i++) {
    const slot = plan.slots[i]!
    parameters[i] = slot.kind === 'context' ? contextValue(slot.name, context) : encode(slot.codec, args[slot.index])
  }
  return parameters
}

/** Returns whether the values of a slot change the text. */
export function varies(slot: Slot): slot is NodeOf<'slot'> {
  return (
    slot.kind === 'slot' &&
    (slot.role === 'list' || slot.role === 'rows' || slot.role === 'typed' || slot.role === 'inline')
  )
}

const NO_TYPES: readonly undefined[] = []
const NO_CODEC = {}

/** What the text depends on: the value itself, the type that it has to be cast to, or those of rows of no table. */
function typesOf(slot: NodeOf<'slot'>, args: readonly unknown[], dialect: Dialect): readonly (string | undefined)[] {
  const value = args[slot.index]
  if (slot.role === 'inline') return [dialect.literal(encode(slot.codec, value))]
  const { castTo } = (slot.codec ?? NO_CODEC) as Partial<CastCodec>
  if (castTo !== undefined) return [castTo(value)]
  if (dialect.castOf === undefined || slot.role === 'list') return NO_TYPES
  if (slot.role === 'typed') return [dialect.castOf(value)]
  const { columns, codecs } = slot.codec as RowCodecs
  if (codecs !== undefined) return NO_TYPES
  return columns.map((column) =>
    columnType(
      (value as readonly Row[]).map((row) => row[column]),
      dialect,
    ),
  )
}

/** The type of the items of a list, which is that of an array of them. */
function columnType(values: readonly unknown[], dialect: Dialect): string | undefined {
  const type = dialect.castOf!(values)
  return type?.endsWith('[]') ? type.slice(0, -'[]'.length) : type
}

/** How many parameters a slot takes. */
function size(slot: Slot, args: readonly unknown[], dialect: Dialect): number {
  if (slot.kind === 'context' || (slot.role !== 'list' && slot.role !== 'rows')) return 1
  const values = args[slot.index] as readonly unknown[]
  if (slot.role === 'rows') return values.length * (slot.codec as RowCodecs).columns.length
  return dialect.lists === 'exact' ? values.length : padded(values.length)
}

/** A longer list is hardly met often enough for a text that serves other lengths, too. */
const MOST_PADDED = 16_384

/** Lists are padded to a power of two, so that a few texts serve all lengths. */
function padded(length: number): number {
  return length < 2 || length > MOST_PADDED ? length : 2 ** Math.ceil(Math.log2(length))
}

function bindSlot(slot: Slot, args: readonly unknown[], context: Context, binding: Binding, dialect: Dialect): void {
  if (slot.kind === 'context') return binding.value(contextValue(slot.name, context))
  const value = args[slot.index]
  if (slot.role === 'list') bindList(value as readonly unknown[], slot, args, binding, dialect)
  else if (slot.role === 'rows') bindRows(slot, args, binding, dialect)
  else if (slot.role === 'inline') binding.text(typesOf(slot, args, dialect)[0]!)
  else if (slot.role === 'typed') binding.value(encode(slot.codec, value), typesOf(slot, args, dialect)[0])
  else binding.value(encode(slot.codec, value))
}

/** `(?, ?, ?, ?)`; an empty list holds nothing, which `in ()` says in SQLite and a query without rows elsewhere. */
function bindList(
  values: readonly unknown[],
  slot: NodeOf<'slot'>,
  args: readonly unknown[],
  binding: Binding,
  dialect: Dialect,
): void {
  if (values.length === 0) {
    binding.text('(select null where 1 = 0)')
    return
  }
  binding.text('(')
  const [type] = typesOf(slot, args, dialect)
  const length = dialect.lists === 'exact' ? values.length : padded(values.length)
  for (let i = 0; i < length; i++) {
    if (i > 0) binding.text(', ')
    binding.value(encode(slot.codec, values[Math.min(i, values.length - 1)]), type)
  }
  binding.text(')')
}

function bindRows(slot: NodeOf<'slot'>, args: readonly unknown[], binding: Binding, dialect: Dialect): void {
  const rows = args[slot.index] as readonly Row[]
  const { columns, codecs, selects } = slot.codec as RowCodecs
  const types = typesOf(slot, args, dialect)
  const [open, close, next] = selects === undefined ? ['(', ')', ', '] : ['select ', '', ' union all ']
  for (let i = 0; i < rows.length; i++) {
    binding.text(i > 0 ? next + open : open)
    for (let j = 0; j < columns.length; j++) {
      if (j > 0) binding.text(', ')
      // The other rows have the types of the first, and its names.
      const type = (i === 0 ? types[j] : undefined) ?? cellType(codecs?.[j], dialect)
      binding.value(cell(rows, i, columns[j]!, codecs?.[j]), type)
      if (i === 0 && selects !== undefined) binding.text(` as ${selects[j]}`)
    }
    binding.text(close)
  }
}

/** The type that a column's values are cast to. */
export function cellType(codec: Codec | undefined, dialect: Dialect): string | undefined {
  return codec === undefined ? undefined : dialect.cellType?.(codec)
}

/** The value of one column of one row, encoded. */
export function cell(rows: readonly Row[], i: number, column: string, codec: unknown): unknown {
  const value = rows[i]![column]
  if (codec === undefined || value === null) return value
  try {
    return (codec as Codec).encode(value)
  } catch (cause) {
    throw cellError(cause, column, rows.length > 1 ? i : undefined)
  }
}
