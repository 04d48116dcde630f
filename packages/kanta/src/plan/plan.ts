import { type Dialect, type Piece, type ReadBack, Writer } from '../dialect/index.ts'
import { KantaError, refuse } from '../error/index.ts'
import { defines, fold, type Node, type NodeOf, type Shape } from '../ir/index.ts'
import type { Codec, TableDefinition } from '../table/index.ts'
import { attachDefinitions, type SchemaDefinitions } from './attach.ts'
import { varies } from './bind.ts'
import type { Context } from './context.ts'
import { AS_STORED, type Decoding, decodingOf, type RowDecoder } from './decode.ts'
import type { Companion } from './hook.ts'
import { applyPolicies, type Policy, type Prepare } from './policy.ts'
import { type Facts, Resolver } from './resolve.ts'

/** The codecs of the columns of rows. */
export interface RowCodecs {
  readonly columns: readonly string[]
  readonly codecs: readonly (Codec | undefined)[] | undefined
  /** The names of the columns, quoted, where the rows are printed as queries: `select ? as "a" union all select ?`. */
  readonly selects?: readonly string[] | undefined
}

export type Slot = NodeOf<'slot'> | NodeOf<'context'>

/** What a shape compiles to in one database. Holds no value of any call. */
export interface Plan {
  readonly facts: Facts
  /** The text, when no value changes it. */
  readonly sql: string | undefined
  /** The pieces of the text, when values change it. */
  readonly pieces: readonly Piece[]
  /** The places of values in the order of the text. */
  readonly slots: readonly Slot[]
  /** Whether values are written into the text: what defines takes no parameters. */
  readonly inline: boolean
  /** How many arguments it takes, those of policies included. */
  readonly given: number
  /** Whether the arguments are the parameters, as they are. */
  readonly direct: boolean
  /** Whether running it gives rows; `undefined` for text of the user's own. */
  readonly returnsRows: boolean | undefined
  /** The statement as a tree, kept where running needs it. */
  readonly tree: Node
  readonly decoding: Decoding
  /** Made when the first row has come. */
  decoder: RowDecoder | undefined | 'unset'
  /** Whether its columns depend on the tables as they are when it runs, as with `select *`. */
  readonly open: boolean
  /** The plans of an insert's rows that give only some of its columns. */
  parts: Map<string, Plan> | undefined
  /** Texts of a plan whose text depends on the number of its values. */
  readonly variants: Map<string, string>
  /** How the rows of an insert are read where the database does not return them. */
  readonly readBack?: ReadBack & { readonly plan: Plan }
  /** The kind of the statement that the user asked for: a policy may make another of it. */
  readonly asked: Node['kind']
  /** Checks the arguments and adds those of policies. */
  readonly prepare: Prepare | undefined
  /** What policies tell companions of it. */
  readonly told: readonly object[]
  /** Those of the database that go along with this statement; `undefined` where there is none. */
  readonly companions: readonly Companion[] | undefined
  /** The plans of statements that companions derive from this one. */
  derived: Map<string, Plan> | undefined
}

/** What is fixed for a database, and so no part of a shape. */
export interface Planning {
  readonly dialect: Dialect
  readonly schema: SchemaDefinitions
  readonly policies: readonly Policy[]
  /** Functions of the user's own that read no table and run no text, and so pass by policies. */
  readonly trustedFunctions?: readonly string[] | undefined
  /** What goes along with statements, in one transaction with them. */
  readonly companions: readonly Companion[]
  /** Whether rows come as the database holds them, unread by codecs: what keeps images of rows needs that. */
  readonly stored?: boolean | undefined
}

/** The most plannings that are kept of one database, those for contexts, schemas and opt-outs: names must not pile up. */
export const MOST_PLANNINGS = 1_000
const inContexts = new WeakMap<Planning, Map<string, Planning>>()

/** What is fixed for a database in a context, where some of its policies have variants. */
export function planningIn(planning: Planning, context: Context): Planning {
  const names = planning.policies.map(({ variants }) => variants?.nameIn(context))
  const key = JSON.stringify(names)
  const known = inContexts.get(planning) ?? new Map<string, Planning>()
  inContexts.set(planning, known)
  let found = known.get(key)
  if (found === undefined) {
    if (known.size >= MOST_PLANNINGS) known.delete(known.keys().next().value!)
    const policies = planning.policies.map((policy, i): Policy => {
      const { variants } = policy
      return variants === undefined ? policy : { ...policy, rewrite: (tree) => variants.rewrite(tree, names[i]!) }
    })
    found = { ...planning, policies }
  } else known.delete(key)
  // The one that was not used for longest is the first.
  known.set(key, found)
  return found
}

const NO_PIECES: readonly Piece[] = []
const NO_VARIANTS: Map<string, string> = new Map()

/** Makes the plan of a shape: names resolved, policies applied, text printed. */
export function plan(shape: Shape, planning: Planning): Plan {
  try {
    return planShape(shape, planning)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new KantaError(
      'invalid_input',
      'The query is nested too deeply. Give lists where there are such: and([…]), or([…]), sql.join([…]).',
      { cause },
    )
  }
}

function planShape(shape: Shape, planning: Planning): Plan {
  const folded = fold(shape)
  const statement = attachDefinitions(folded.tree as Node, planning.schema, planning.dialect)
  const given = folded.arguments
  const { tree, added, prepare, told } = applyPolicies(statement, planning.policies, { ...planning, given })
  const made = { ...planTree(tree, given + added, planning, given), asked: shape.kind, prepare, told }
  const companions = planning.companions.filter((companion) => companion.joins(made.facts, told))
  return { ...made, companions: companions.length === 0 ? undefined : companions }
}

/** How the rows of a derived statement come: by the codecs of their columns unless it says more. */
export type DerivedRows = 'as asked' | 'as stored' | undefined

/** The plan of a statement that was derived from that of another plan, with the same arguments; no policy sees it again. */
export function planOfDerived(
  whole: Plan,
  key: string,
  planning: Planning,
  make: (tree: Node) => Node,
  rows?: DerivedRows,
): Plan {
  whole.derived ??= new Map()
  let found = whole.derived.get(key)
  if (found === undefined) {
    const own = { ...planning, policies: rows === 'as asked' ? planning.policies : [], stored: rows === 'as stored' }
    found = planTree(make(whole.tree), whole.given, own)
    whole.derived.set(key, found)
  }
  return found
}

/** The plan of a tree that the policies have seen. */
function planTree(tree: Node, given: number, planning: Planning, own: number = given): Plan {
  const { capabilities, readBack: reading } = planning.dialect
  const readBack = capabilities.returning ? undefined : reading?.split(tree)
  if (readBack === undefined) return planStatement(tree, given, planning, own)
  const read = planStatement(readBack.select, 1, planning)
  const made = planStatement(readBack.insert, given, planning)
  return { ...made, tree, returnsRows: true, readBack: { ...readBack, plan: read } }
}

function planStatement(tree: Node, given: number, planning: Planning, own: number = given): Plan {
  const { dialect, policies } = planning
  const renames = policies.flatMap((policy) => (policy.renameColumn === undefined ? [] : [policy.renameColumn]))
  const rename = renames.length === 0 ? undefined : (name: string) => renames.reduce((now, next) => next(now), name)
  const resolver = new Resolver(rename)
  resolver.statement(tree)
  const writer = new Writer(dialect, resolver.outputs, rename)
  writer.statement(tree)
  const slots = writer.pieces.filter((piece) => typeof piece !== 'string')
  const inline = defines(tree.kind)
  if (inline && slots.some((slot) => slot.kind === 'context' || slot.index >= own))
    throw new KantaError(
      'invalid_input',
      'What is defined would keep a value of the context of this moment. Define it through a database without that policy.',
    )
  const fixed = slots.length <= (inline ? 0 : dialect.maxParameters) && !slots.some(varies)
  for (const slot of slots) {
    if (slot.kind === 'slot' && slot.role === 'rows' && slot.codec === undefined)
      refuse('Rows stand where the query has no place for them. Give values(…).as(name) as a table.')
  }
  return {
    facts: resolver.facts(tree),
    sql: fixed ? fixedText(writer.pieces, dialect) : undefined,
    pieces: fixed ? NO_PIECES : writer.pieces,
    slots,
    inline,
    direct: fixed && slots.length === given && slots.every(isDirect),
    returnsRows: returnsRows(tree),
    open: hasStar(tree) || (!fixed && hasUnnamed(tree)),
    tree,
    decoding: planning.stored ? AS_STORED : decodingOf(resolver.selected.get(tree) ?? [], rename),
    decoder: 'unset',
    variants: fixed ? NO_VARIANTS : new Map(),
    parts: undefined,
    asked: tree.kind,
    prepare: undefined,
    told: [],
    companions: undefined,
    derived: undefined,
    given,
  }
}

/** The plan of a part of an insert, whose rows come as those of the whole. */
function planPart(whole: Plan, tree: Node, planning: Planning): Plan {
  return planTree(tree, whole.slots.length, { ...planning, stored: whole.decoding.stored })
}

/** The plan of an insert for rows that give only some of its columns. */
export function planOfColumns(whole: Plan, columns: readonly string[], planning: Planning): Plan {
  const key = columns.join('\0')
  whole.parts ??= new Map()
  let part = whole.parts.get(key)
  if (part === undefined) {
    const insert = whole.tree as NodeOf<'insert'>
    const rows = insert.rows as NodeOf<'slot'>
    const keys = (rows.codec as RowCodecs).columns
    const given = {
      ...insert,
      rows: { ...rows, codec: { columns, codecs: undefined } },
      columns: columns.map((key) => insert.columns![keys.indexOf(key)]!),
      ragged: false,
    }
    part = planPart(
      whole,
      columns.length === 0 ? { ...insert, rows: undefined, columns: undefined, defaults: true, ragged: false } : given,
      planning,
    )
    whole.parts.set(key, part)
  }
  return part
}

/** The plan of an insert whose many rows come as one array for each column; `undefined` where the database has none. */
export function planOfArrays(whole: Plan, planning: Planning): Plan | undefined {
  const { rowsQuery } = planning.dialect
  const insert = whole.tree as NodeOf<'insert'>
  const table = insert.into?.kind === 'alias' ? insert.into.operand : insert.into
  const definition = table?.kind === 'table' ? (table.definition as TableDefinition | undefined) : undefined
  if (rowsQuery === undefined || definition === undefined || insert.columns === undefined) return undefined
  const known = whole.parts?.get(ARRAYS)
  if (known !== undefined) return known
  const rows = insert.rows as NodeOf<'slot'>
  const columns = insert.columns.map((name) => definition.columns.get(name)!)
  const query = rowsQuery(rows, (rows.codec as RowCodecs).columns, columns)
  if (query === undefined) return undefined
  const arrays = planPart(whole, { ...insert, rows: undefined, query }, planning)
  whole.parts ??= new Map()
  whole.parts.set(ARRAYS, arrays)
  return arrays
}

/** No list of columns is this. */
const ARRAYS = '\0'

/** Whether the columns depend on the tables as they are when it runs. */
function hasStar(tree: Node): boolean {
  if (tree.kind === 'select') return tree.items.some((item) => item.kind === 'star' || item.kind === 'raw')
  if (tree.kind === 'insert' || tree.kind === 'update' || tree.kind === 'delete' || tree.kind === 'merge') {
    return [...tree.returning, ...tree.output].some((item) => item.kind === 'star' || item.kind === 'raw')
  }
  return true
}

/** Whether a column goes by the text of its expression, which the number of values may change. */
function hasUnnamed(tree: Node): boolean {
  const items = tree.kind === 'select' ? tree.items : 'returning' in tree ? [...tree.returning, ...tree.output] : []
  return items.some((item) => item.kind !== 'ref' && item.kind !== 'alias')
}

function isDirect(slot: Slot, position: number): boolean {
  return slot.kind === 'slot' && slot.index === position && slot.codec === undefined
}

function fixedText(pieces: readonly Piece[], dialect: Dialect): string {
  let text = ''
  let position = 0
  for (const piece of pieces) text += typeof piece === 'string' ? piece : dialect.placeholder(position++)
  return text
}

function returnsRows(tree: Node): boolean | undefined {
  switch (tree.kind) {
    case 'select':
    case 'explain':
      return true
    case 'insert':
    case 'update':
    case 'delete':
    case 'merge':
      return tree.returning.length > 0 || tree.output.length > 0
    case 'rawStatement':
      return undefined
    default:
      return false
  }
}
