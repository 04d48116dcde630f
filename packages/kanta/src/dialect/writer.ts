import { KantaError, refuse } from '../error/index.ts'
import type { Node, NodeOf } from '../ir/index.ts'
import type { Capabilities, Dialect } from './dialect.ts'

/** A piece of a statement's text: words, or a place that a value takes. */
export type Piece = string | NodeOf<'slot'> | NodeOf<'context'>

/** A column that a query returns, as far as it is known before it runs. */
export interface OutputColumn {
  readonly name: string
  readonly codec: unknown
  /** How the column must be written inside a JSON document. */
  readonly json: 'value' | 'document' | 'text' | 'hex'
}

/** What every name has to be before it is quoted; most databases end a text at a NUL. */
export function checkIdentifier(name: unknown): string {
  if (typeof name !== 'string' || name === '') return refuse('A name is a text that is not empty.')
  if (name.includes('\0')) return refuse(`The name ${JSON.stringify(name)} holds a NUL character.`)
  return name.isWellFormed() ? name : refuse(`The name ${JSON.stringify(name)} holds half a surrogate pair.`)
}

/** Keeps two texts apart that would begin a comment together, as a minus before a negative number would. */
export function gap(before: string, after: string): '' | ' ' {
  return (before.endsWith('-') && after.startsWith('-')) || (before.endsWith('/') && after.startsWith('*')) ? ' ' : ''
}

function lacks({ name }: Dialect, clause: string, alternative: string): never {
  throw new KantaError('unsupported', `${clause} is not available in ${name}. ${alternative}`)
}

/** Refuses a merge, before it is built where that is known. */
export const refuseMerge = (dialect: Dialect): never => lacks(dialect, 'mergeInto()', String(dialect.merge))

const STATEMENTS: ReadonlySet<string> = new Set(['select', 'insert', 'update', 'delete', 'merge', 'rawStatement'])

/** Gathers the text of one statement. Knows only the dialect and the tree, so nothing can be missing from a plan. */
export class Writer {
  readonly dialect: Dialect
  readonly pieces: Piece[] = []
  /** The columns of queries that JSON helpers hold; unknown ones are absent. */
  readonly outputs: Map<Node, readonly OutputColumn[]>

  /** The name that a column gets in the user's rows. */
  readonly rename: (name: string) => string
  /** What was written last: to look at the end of the whole text would join it anew each time. */
  #last = ''

  constructor(
    dialect: Dialect,
    outputs: Map<Node, readonly OutputColumn[]>,
    rename: (name: string) => string = (name) => name,
  ) {
    this.dialect = dialect
    this.outputs = outputs
    this.rename = rename
  }

  text(text: string): this {
    const last = this.pieces.length - 1
    if (typeof this.pieces[last] === 'string') this.pieces[last] += gap(this.#last, text) + text
    else this.pieces.push(text)
    if (text !== '') this.#last = text
    return this
  }

  name(name: string): this {
    return this.text(this.dialect.quote(name))
  }

  names(names: readonly string[]): this {
    return this.text(names.map((name) => this.dialect.quote(name)).join(', '))
  }

  slot(slot: NodeOf<'slot'> | NodeOf<'context'>): this {
    this.pieces.push(slot)
    return this
  }

  /** A node as a part of another: statements stand in parentheses. */
  node(part: Node): this {
    if (STATEMENTS.has(part.kind)) return this.text('(').statement(part).text(')')
    return this.statement(part)
  }

  /** A node as it is. */
  statement(part: Node): this {
    const print = this.dialect.print[part.kind] as ((part: Node, writer: Writer) => void) | undefined
    if (print === undefined) {
      if (part.kind === 'merge') refuseMerge(this.dialect)
      refuse(`Only schemaBuilder() of 'kanta/schema' writes the text of ${part.kind}.`)
    }
    print(part, this)
    return this
  }

  list(parts: readonly Node[], separator = ', '): this {
    parts.forEach((part, i) => {
      if (i > 0) this.text(separator)
      this.node(part)
    })
    return this
  }

  /** ` word a, b` where there are any. */
  clause(word: string, parts: readonly Node[], separator = ', '): this {
    return parts.length === 0 ? this : this.text(word).list(parts, separator)
  }

  optional(word: string, part: Node | undefined): this {
    return part === undefined ? this : this.text(word).node(part)
  }

  /** Refuses a clause that the database lacks, naming the alternative. */
  require(capability: keyof Capabilities, clause: string, alternative: string): void {
    if (!this.dialect.capabilities[capability]) lacks(this.dialect, clause, alternative)
  }
}
