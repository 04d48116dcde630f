/** The roles of nodes and the parts that take them. */
import type { Kind } from './kinds.ts'
import type { Node } from './node.ts'

/**
 * What a node is good for where it stands:
 * `source` gives rows to read, `target` is a table to write, `row` is the whole row of a source as a value;
 * `expression` has a value, `selection` is what a query gives back: a value, a row or a star, with an alias or without;
 * `query` gives rows, `statement` writes, `command` does something else;
 * `count` is a number of rows, `rows` are those of an insert, `type` is a type or another keyword that has been checked,
 * `name` is the name of what is defined; `planned` is made by planning alone, and so is in no stored query.
 * Of trusted words each place takes one: `as`, a comma, or none.
 */
export type Role =
  | ('source' | 'target' | 'row' | 'expression' | 'selection' | 'query' | 'statement' | 'command')
  | ('count' | 'rows' | 'type' | 'name' | 'planned' | 'any' | 'as' | ', ' | '')

/**
 * How a part is held: `node` one node (a later call replaces it), `nodes` a list (a later call adds to it),
 * `atom` structure without parts (a later call replaces it), `atoms` a list of such.
 */
export type Sort = 'node' | 'nodes' | 'atom' | 'atoms'

/** What an atom is: one of some words, a name, an operator, a function, data that no stored query brings … */
export type Atom = 'word' | 'name' | 'operator' | 'routine' | 'flag' | 'text' | 'value' | 'role' | 'data'

/** A part of a kind: how it is held, and what may stand in it: roles and kinds of nodes, or an atom. */
export interface Part<S extends Sort = Sort> {
  readonly sort: S
  readonly takes: readonly (Role | Kind)[]
  readonly atom: Atom | undefined
}

/** One node of a role, or of a kind. */
export const one = (...takes: readonly (Role | Kind)[]): Part<'node'> => ({ sort: 'node', takes, atom: undefined })
/** Several of them. */
export const many = (...takes: readonly (Role | Kind)[]): Part<'nodes'> => ({ sort: 'nodes', takes, atom: undefined })
const atomOf = <S extends 'atom' | 'atoms'>(sort: S, atom: Atom): Part<S> => ({ sort, takes: [], atom })

/** One of some words, which becomes text; `word.ts` has them. */
export const word: Part<'atom'> = atomOf('atom', 'word')
/** A name, which is quoted when it is printed. */
export const name: Part<'atom'> = atomOf('atom', 'name')
export const names: Part<'atoms'> = atomOf('atoms', 'name')
export const operator: Part<'atom'> = atomOf('atom', 'operator')
/** The name of a function, which is not quoted. */
export const routine: Part<'atom'> = atomOf('atom', 'routine')
export const flag: Part<'atom'> = atomOf('atom', 'flag')
/** The texts of a template. */
export const text: Part<'atom'> = atomOf('atom', 'text')
/** A value that stands in the text. */
export const value: Part<'atom'> = atomOf('atom', 'value')
export const argRole: Part<'atom'> = atomOf('atom', 'role')
/** Data that calls do not bring, such as a table's definition. */
export const data: Part<'atom'> = atomOf('atom', 'data')

/** The declaration of a kind: the roles that its nodes fill, and its parts. */
export interface Row<Parts = unknown> {
  readonly fills: readonly Role[]
  readonly parts: { readonly [P in keyof Parts]: Part<SortOf<Parts[P]>> }
}

type SortOf<T> = [T] extends [Node | undefined] ? 'node' : [T] extends [readonly Node[]] ? 'nodes' : 'atom' | 'atoms'

/** A kind whose nodes fill some roles; without one they stand where a part asks for the kind by its name. */
export const filling =
  (...fills: readonly Role[]) =>
  <P>(parts: P): { readonly fills: readonly Role[]; readonly parts: P } => ({ fills, parts })

/** Returns whether a value can be a number of rows. */
export function isCount(amount: unknown): boolean {
  return typeof amount === 'bigint' ? amount >= 0n : Number.isSafeInteger(amount) && (amount as number) >= 0
}

/** Types of a cast and the like are text, so only what a type can be made of passes. */
const TYPE = /^[a-z_][a-z0-9_ ]*(\(\s*(\d+|max)\s*(,\s*\d+\s*)?\))?( [a-z ]+)?(\[\d*\])*$/i
/** Longer than any type's name; the pattern above takes its time over a long text that does not fit. */
const LONGEST_TYPE = 200

export function isTypeName(text: string): boolean {
  return text.length <= LONGEST_TYPE && TYPE.test(text)
}
