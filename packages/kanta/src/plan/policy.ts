import type { Dialect } from '../dialect/index.ts'
import type { Node } from '../ir/index.ts'
import { checkName } from '../sql/index.ts'
import type { SchemaDefinitions } from './attach.ts'
import type { Context } from './context.ts'
import { mapInScope } from './cte-scope.ts'

/** A statement as a tree: what policies read and write. */
export type Statement = Node

/**
 * A rewrite of every statement, once for each shape. Pure: values enter only when the statement runs. One that speaks
 * of tables has an `enforce`, which applies it together with the others that have the same; those come first, so that
 * they see the names of the program.
 */
export interface Policy {
  readonly name: string
  rewrite?(statement: Statement): Statement
  /** Rewrites before all policies on tables, which enforce what it makes: of one that was added to a database later. */
  rewriteInFront?(statement: Statement): Statement
  readonly enforce?: Enforce | undefined
  /** Names of result columns that are known only when rows arrive, as with `select *`. */
  renameColumn?(name: string): string
  /** Renames the result columns of one statement, in place of `renameColumn`, by the names that it asks for. */
  renameColumnsOf?(statement: Statement): (name: string) => string
  /** Returns whether a capability turns it off; see `db.unscoped()`. */
  opens?(capability: object): boolean
  /** For one whose statements have another text in another context: values are to be late instead. */
  readonly variants?: Variants | undefined
}

/** What a policy is in each context, by a name that the context decides: statements are planned once for each. */
export interface Variants {
  /** Throws where the context lacks what it needs. */
  nameIn(context: Context): string
  rewrite(statement: Statement, name: string): Statement
}

/**
 * Applies several policies to a statement in one pass. `given` is how many arguments the user gives; slots from this
 * number on are those that `prepare` adds.
 */
export type Enforce = (
  statement: Statement,
  policies: readonly Policy[],
  around: Surroundings,
  given: number,
) => Enforced

/** What all statements of a database stand in: one object for one database with its policies. */
export interface Surroundings {
  readonly dialect: Dialect
  readonly schema: SchemaDefinitions
  /** Functions besides those of the dialect that read no table and run no text. */
  readonly trustedFunctions?: readonly string[] | undefined
  /** What the policies that come after those of tables make of a name. */
  renames(name: Node): Node
  /** The name in the program of a column of the database. */
  toProgram(column: string): string
}

/** The result of applying policies to a statement. */
export interface Enforced {
  readonly tree: Statement
  /** The number of arguments that `prepare` adds. */
  readonly added: number
  /** Checks the arguments and adds those of the policies, each time that the statement runs. */
  readonly prepare: Prepare | undefined
  /** The notes of policies for transaction hooks. */
  readonly notes: readonly object[]
}

export type Prepare = (args: readonly unknown[], context: Context) => readonly unknown[]

/** Puts every unqualified table into a schema; the names of common table expressions are not tables. */
export function schemaPrefix(schema: string): Policy {
  checkName(schema, 'a schema')
  return { name: `schema ${schema}`, rewrite: (statement) => inSchemas(statement, () => schema) }
}

/** Puts every unqualified table into the schema that is said for it; the names of common table expressions are not tables. */
export function inSchemas(
  part: Node,
  schemaOf: (table: string) => string | undefined,
  hidden: ReadonlySet<string> = new Set(),
): Node {
  if (part.kind === 'table')
    return part.schema === undefined && !hidden.has(part.name) ? { ...part, schema: schemaOf(part.name) } : part
  return mapInScope(part, hidden, (child, inner) => inSchemas(child, schemaOf, inner))
}

/** A database with its policies, as far as these are concerned. */
interface Governed {
  readonly dialect: Dialect
  readonly schema: SchemaDefinitions
  readonly policies: readonly Policy[]
  readonly trustedFunctions?: readonly string[] | undefined
}

/** The policies of a database by what they do, found out once for all of its statements. */
interface Sorted {
  readonly inFront: readonly Policy[]
  readonly ofTables: readonly Policy[]
  readonly rewriting: readonly Policy[]
  readonly around: Surroundings
}

const sorted = new WeakMap<Governed, Sorted>()

function sortedOf(governed: Governed): Sorted {
  let known = sorted.get(governed)
  if (known === undefined) {
    known = sort(governed)
    sorted.set(governed, known)
  }
  return known
}

/** Returns what the statements of a database stand in. */
export const surroundingsOf = (governed: Governed): Surroundings => sortedOf(governed).around

const isInFront = (policy: Policy): boolean => policy.rewriteInFront !== undefined

function sort(governed: Governed): Sorted {
  const { policies, dialect, schema, trustedFunctions } = governed
  const rewriting = policies.filter((policy) => policy.rewrite !== undefined)
  const renaming = policies.filter((policy) => policy.renameColumn !== undefined && !isInFront(policy))
  const renames = (name: Node): Node => rewriting.reduce((now, policy) => policy.rewrite!(now) ?? now, name)
  const toProgram = (name: string): string => renaming.reduce((now, policy) => policy.renameColumn!(now) ?? now, name)
  const around = { dialect, schema, trustedFunctions, renames, toProgram }
  const ofTables = policies.filter((policy) => policy.enforce !== undefined)
  return { inFront: policies.filter(isInFront), ofTables, rewriting, around }
}

/** Applies the policies in front, before anything else is done with a statement. */
export function applyInFront(statement: Statement, governed: Governed): Statement {
  return sortedOf(governed).inFront.reduce((now, policy) => copied(policy.rewriteInFront!(copied(now))), statement)
}

/** What is no part of a tree: it stays the same object. */
const WHOLE: ReadonlySet<string> = new Set(['definition', 'codec', 'shape'])

/** A copy that nobody else holds, and that answers the same however often it is asked. */
function copied<T>(part: T): T {
  if (Array.isArray(part)) return Array.from(part, copied) as T
  if (typeof part !== 'object' || part === null) return part
  const entries = Object.entries(part).map(([key, value]) => [key, WHOLE.has(key) ? value : copied(value)])
  return Object.fromEntries(entries) as T
}

/** Applies the policies to a statement: those of tables first and together, then the others one by one. */
export function applyPolicies(statement: Statement, governed: Governed, given: number): Enforced {
  const { ofTables, rewriting, around } = sortedOf(governed)
  const enforced = ofTables[0]?.enforce?.(statement, ofTables, around, given)
  const { tree, ...rest } = enforced ?? { tree: statement, added: 0, prepare: undefined, notes: NOTHING_TOLD }
  return { ...rest, tree: rewriting.reduce((now, policy) => policy.rewrite!(now) ?? now, tree) }
}

const NOTHING_TOLD: readonly object[] = []
