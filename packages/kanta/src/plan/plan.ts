import { type Dialect, decimalsOf, type Piece, type ReadBack, Writer } from '../dialect/index.ts'
import { KantaError, refuse } from '../error/index.ts'
import { defines, empty, fold, type Node, type NodeOf, type Shape } from '../ir/index.ts'
import type { Codec, TableDefinition } from '../table/index.ts'
import { attachDefinitions, type SchemaDefinitions } from './attach.ts'
import { varies } from './bind.ts'
import type { Context } from './context.ts'
import { AS_STORED, type Decoding, decodingOf } from './decode.ts'
import { EXPAND, type Expanded, type Expansion, type Split } from './expansion.ts'
import { PlanMemos, type RowTypes } from './memos.ts'
import { applyInFront, applyPolicies, type Policy, type Prepare } from './policy.ts'
import { type Facts, Resolver } from './resolve.ts'
import type { TransactionHook } from './transaction-hook.ts'

/** The codecs of the columns of rows. */
export interface RowCodecs {
  readonly columns: readonly string[]
  readonly codecs: readonly (Codec | undefined)[] | undefined
  /** The names of the columns, quoted, where the rows are printed as queries: `select ? as "a" union all select ?`. */
  readonly selects?: readonly string[] | undefined
}

export type Slot = NodeOf<'slot'> | NodeOf<'context'>

/** The kind of result of a plan: rows, counts of changed rows, or unknown for text. */
export type PlanResult = 'rows' | 'counts' | 'unknown' | 'rows read back'

/** What a shape compiles to in one database. Frozen: holds no value of any call, and never changes. */
export interface Plan {
  readonly facts: Facts
  /** The text, when no value changes it. */
  readonly sql: string | undefined
  /** The pieces of the text, when values change it. */
  readonly pieces: readonly Piece[]
  /** The places of values in the order of the text. */
  readonly slots: readonly Slot[]
  /** The slot of an insert's rows, when its rows are its only arguments. */
  readonly rows: NodeOf<'slot'> | undefined
  /** Tells whether values are written into the text: what defines takes no parameters. */
  readonly inline: boolean
  /** The number of arguments, those of policies included. */
  readonly argCount: number
  /** Tells whether the arguments are the parameters, as they are. */
  readonly direct: boolean
  readonly result: PlanResult
  /** The statement as a tree, kept where running needs it. */
  readonly tree: Node
  readonly decoding: Decoding
  /** Tells whether its columns depend on the tables as they are when it runs, as with `select *`. */
  readonly columnsAtRunTime: boolean
  /** How the rows of an insert are read where the database does not return them. */
  readonly readBack: (ReadBack & { readonly plan: Plan }) | undefined
  /** The kind of the statement that the user asked for: a policy may make another of it. */
  readonly requestedKind: Node['kind']
  /** Checks the arguments and adds those of policies. */
  readonly prepare: Prepare | undefined
  /** The notes of policies for transaction hooks. */
  readonly notes: readonly object[]
  /** The transaction hooks of the database that join this statement; `undefined` where none does. */
  readonly transactionHooks: readonly TransactionHook[] | undefined
  /** The further statements for its rows, and their plans. */
  readonly split?: PlannedSplit | undefined
  readonly memos: PlanMemos
}

export interface PlannedSplit extends Split {
  readonly plans: readonly Plan[]
}

/** What is fixed for a database, and so no part of a shape. */
export interface Planning {
  readonly dialect: Dialect
  readonly schema: SchemaDefinitions
  /** The relations of the schema, if it has any. */
  readonly relations?: Expansion | undefined
  readonly policies: readonly Policy[]
  /** Functions of the user's own that read no table and run no text, and so pass by policies. */
  readonly trustedFunctions?: readonly string[] | undefined
  /** The hooks that run statements of their own in the transaction of a statement. */
  readonly transactionHooks: readonly TransactionHook[]
  /** Tells whether rows come as the database holds them, unread by codecs: what keeps images of rows needs that. */
  readonly stored?: boolean | undefined
  /** Gives the result columns of the statement in hand their names. */
  readonly rename?: ((name: string) => string) | undefined
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
  const { schema, dialect, relations } = planning
  const asked = applyInFront(folded.tree as Node, planning)
  const userArgs = folded.arguments
  const expanded = relations?.[EXPAND](asked, schema, dialect, userArgs) ?? { statement: asked, split: undefined }
  return planExpanded(expanded, userArgs, shape.kind, planning)
}

function planExpanded(expanded: Expanded, userArgs: number, requestedKind: Node['kind'], planning: Planning): Plan {
  const { split } = expanded
  const statement = attachDefinitions(expanded.statement, planning.schema, planning.dialect)
  const { tree, added, prepare, notes } = applyPolicies(statement, planning, userArgs)
  const { transactionHooks } = planning
  const origin = { argCount: userArgs + added, userArgs, requestedKind, prepare, notes, transactionHooks }
  const made = planTree(tree, origin, { ...planning, rename: renameOf(planning.policies, statement) })
  if (split === undefined) return made
  const plans = split.statements.map((each) => planExpanded(each, userArgs + split.lists, 'select', planning))
  return Object.freeze({ ...made, split: { ...split, plans } })
}

/** How the rows of a derived statement come: by the codecs of their columns unless it says more. */
export type DerivedRows = 'as asked' | 'as stored' | undefined

/** Returns the plan of a statement derived from that of another plan, with the same arguments; no policy sees it again. */
export function planOfDerived(
  whole: Plan,
  key: string,
  planning: Planning,
  make: (tree: Node) => Node,
  rows?: DerivedRows,
): Plan {
  return whole.memos.plan(`derived ${key}`, () => {
    const rename = rows === 'as asked' ? whole.decoding.rename : undefined
    const own = {
      ...planning,
      policies: rename === undefined ? [] : planning.policies,
      rename,
      stored: rows === 'as stored',
    }
    return planTree(make(whole.tree), { argCount: whole.argCount }, own)
  })
}

/** What is known of a tree from the statement that the user built. */
interface Origin {
  readonly argCount: number
  /** The arguments of the user alone; all of them unless given. */
  readonly userArgs?: number
  readonly requestedKind?: Node['kind']
  readonly prepare?: Prepare | undefined
  readonly notes?: readonly object[]
  /** The transaction hooks that are asked whether they join; none unless given. */
  readonly transactionHooks?: readonly TransactionHook[]
}

/** Returns the plan of a tree that the policies have seen. */
function planTree(tree: Node, origin: Origin, planning: Planning): Plan {
  const { capabilities, readBack: reading } = planning.dialect
  const readBack = capabilities.returning ? undefined : reading?.split(tree)
  if (readBack === undefined) return planStatement(tree, origin, planning)
  const plan = planStatement(readBack.select, { argCount: 1 }, planning)
  const made = planStatement(readBack.insert, { ...origin, userArgs: origin.argCount }, planning)
  return Object.freeze({ ...made, tree, result: 'rows read back', readBack: { ...readBack, plan } })
}

function planStatement(given: Node, origin: Origin, planning: Planning): Plan {
  const { dialect } = planning
  const { tree, codecs } = decimalsOf(dialect)?.statement(given) ?? { tree: given, codecs: undefined }
  const { argCount, notes = NO_NOTES } = origin
  const { rename } = planning
  const resolver = new Resolver(rename, codecs)
  resolver.statement(tree)
  const writer = new Writer(dialect, resolver.outputs, rename)
  writer.statement(tree)
  const slots = writer.pieces.filter((piece) => typeof piece !== 'string')
  const inline = defines(tree.kind)
  refuseSlots(slots, inline, origin.userArgs ?? argCount)
  const isFixed = slots.length <= (inline ? 0 : dialect.maxParameters) && !slots.some(varies)
  const facts = resolver.facts(tree)
  const joining = origin.transactionHooks?.filter((hook) => hook.joins(facts, notes))
  return Object.freeze({
    facts,
    sql: isFixed ? fixedText(writer.pieces, dialect) : undefined,
    pieces: isFixed ? NO_PIECES : writer.pieces,
    slots,
    rows: rowsSlot(tree, slots),
    inline,
    argCount,
    direct: isFixed && slots.length === argCount && slots.every(isDirect),
    result: resultOf(tree),
    tree: given,
    decoding: planning.stored ? AS_STORED : decodingOf(resolver.selected.get(tree) ?? [], rename),
    columnsAtRunTime: hasStar(tree) || (!isFixed && hasUnnamed(tree)),
    readBack: undefined,
    requestedKind: origin.requestedKind ?? tree.kind,
    prepare: origin.prepare,
    notes,
    transactionHooks: joining === undefined || joining.length === 0 ? undefined : joining,
    memos: new PlanMemos(),
  })
}

const NO_NOTES: readonly object[] = []

function rowsSlot(tree: Node, slots: readonly Slot[]): NodeOf<'slot'> | undefined {
  const [slot] = slots
  if (tree.kind !== 'insert' || slots.length !== 1 || slot?.kind !== 'slot' || slot.role !== 'rows') return undefined
  // The rows of a `values()` in its query are one table, and stay together.
  return tree.query === undefined ? slot : undefined
}

/** The names that policies give to the result columns of a statement. */
function renameOf(policies: readonly Policy[], statement: Node): ((name: string) => string) | undefined {
  const renames = policies.flatMap((policy) => policy.renameColumnsOf?.(statement) ?? policy.renameColumn ?? [])
  return renames.length === 0 ? undefined : (name) => renames.reduce((now, next) => next(now), name)
}

/** Refuses values that stand where the statement cannot take them. */
function refuseSlots(slots: readonly Slot[], inline: boolean, userArgs: number): void {
  if (inline && slots.some((slot) => slot.kind === 'context' || slot.index >= userArgs))
    throw new KantaError(
      'invalid_input',
      'What is defined would keep a value of the context of this moment. Define it through a database without that policy.',
    )
  for (const slot of slots) {
    if (slot.kind === 'slot' && slot.role === 'rows' && slot.codec === undefined)
      refuse('Rows stand where the query has no place for them. Give values(…).as(name) as a table.')
  }
}

/** Returns the plan of a part of an insert, whose rows come as those of the whole. */
function planPart(whole: Plan, tree: Node, planning: Planning): Plan {
  const { stored, rename } = whole.decoding
  return planTree(tree, { argCount: whole.slots.length }, { ...planning, stored, rename })
}

/** Returns the plan of an insert for rows that give only some of its columns. */
export function planOfColumns(whole: Plan, columns: readonly string[], planning: Planning): Plan {
  return whole.memos.plan(`columns ${columns.join('\0')}`, () => {
    const insert = whole.tree as NodeOf<'insert'>
    if (columns.length === 0) {
      const defaults = { ...insert, rows: undefined, columns: undefined, defaults: true, ragged: false }
      return planPart(whole, defaults, planning)
    }
    const rows = insert.rows as NodeOf<'slot'>
    const keys = (rows.codec as RowCodecs).columns
    const some = {
      ...insert,
      rows: { ...rows, codec: { columns, codecs: undefined } },
      columns: columns.map((key) => insert.columns![keys.indexOf(key)]!),
      ragged: false,
    }
    return planPart(whole, some, planning)
  })
}

/** Returns the text that asks the database for the types of a bulk insert's columns; `undefined` where it takes no arrays. */
export function rowTypesText({ tree }: Plan, { dialect }: Planning): string | undefined {
  const { into, columns } = tree as NodeOf<'insert'>
  const table = into?.kind === 'alias' ? into.operand : into
  const definition = table?.kind === 'table' ? (table.definition as TableDefinition | undefined) : undefined
  // The codec of a custom type may give bytes, which only a parameter passes to any type.
  if (definition === undefined || columns?.every((name) => definition.columns.get(name)?.type !== 'custom') !== true)
    return undefined
  return dialect.arrayRows?.typesText(table as NodeOf<'table'>)
}

/**
 * Returns the plan of an insert whose many rows come as one array for each column, of the types that the database has
 * told; `undefined` where there is none.
 */
export function planOfArrays(whole: Plan, types: RowTypes, planning: Planning): Plan | undefined {
  const insert = whole.tree as NodeOf<'insert'>
  const own = insert.columns!.map((name) => types.get(name))
  return whole.memos.plan(`arrays ${own.join()}`, () => {
    const rows = insert.rows as NodeOf<'slot'>
    const query = planning.dialect.arrayRows!.query(rows, own)
    return query === undefined ? undefined : planPart(whole, { ...insert, rows: undefined, query }, planning)
  })
}

const NOTHING_KNOWN: Facts = {
  ...{ kind: 'rawStatement', reads: [], writes: [], columns: [], readOnly: false, opaque: true },
  trusted: [],
}

/** The plan of all text that is run as it is, of which nothing is known. */
export const TEXT_PLAN: Plan = Object.freeze({
  ...{
    facts: NOTHING_KNOWN,
    sql: undefined,
    pieces: NO_PIECES,
    slots: [],
    rows: undefined,
    inline: false,
    argCount: 0,
    direct: false,
  },
  ...{ result: 'unknown', tree: empty('rawStatement'), requestedKind: 'rawStatement', columnsAtRunTime: true },
  ...{ readBack: undefined, prepare: undefined, notes: NO_NOTES, transactionHooks: undefined },
  decoding: { codecs: new Map(), rename: undefined, bigints: false },
  memos: new PlanMemos(),
} as const)

/**
 * Returns the plan of SQL text that was compiled from a plan. Text that may have been changed since keeps the decoding,
 * but may read and write anything.
 */
export function planOfText(ready: Plan, sql: string): Plan {
  const result = ready.readBack === undefined ? 'unknown' : ready.result
  const text = { ...ready, sql, direct: true, result } as const
  return ready.sql === sql ? text : { ...text, facts: NOTHING_KNOWN, columnsAtRunTime: true, memos: new PlanMemos() }
}

/** Returns whether the columns depend on the tables as they are when it runs. */
function hasStar(tree: Node): boolean {
  if (tree.kind === 'select') return tree.items.some((item) => item.kind === 'star' || item.kind === 'raw')
  if (tree.kind === 'insert' || tree.kind === 'update' || tree.kind === 'delete' || tree.kind === 'merge') {
    return [...tree.returning, ...tree.output].some((item) => item.kind === 'star' || item.kind === 'raw')
  }
  return true
}

/** Returns whether a column goes by the text of its expression, which the number of values may change. */
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

function resultOf(tree: Node): PlanResult {
  switch (tree.kind) {
    case 'select':
    case 'explain':
      return 'rows'
    case 'insert':
    case 'update':
    case 'delete':
    case 'merge':
      return tree.returning.length > 0 || tree.output.length > 0 ? 'rows' : 'counts'
    case 'rawStatement':
      return 'unknown'
    default:
      return 'counts'
  }
}
