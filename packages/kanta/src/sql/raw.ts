import { checkOptions, type KantaError, refuse, show } from '../error/index.ts'
import { admit, forgetting, keepOut, type Node, node, pin, start } from '../ir/index.ts'
import { Chain, type ExecuteOptions, RUNNER, type Runnable, type Runner, rejectAwait } from './chain.ts'
import { Expr, literal } from './expression.ts'
import { checkName, given, parseReference, parseTable, valueOf } from './operand.ts'

/** A statement that is SQL text. */
export class RawStatement extends Chain<'rawStatement'> {}

/** SQL text with values: an expression, or a statement of its own. */
export class Raw extends Expr {
  /** Says what the text reads and writes, for databases whose policies refuse text. */
  trusted(name: string, tables: { readonly reads?: readonly string[]; readonly writes?: readonly string[] } = {}): Raw {
    checkOptions('trusted()', tables, ['reads', 'writes'])
    const { reads, writes } = tables
    checkName(name, 'the name of a trusted text')
    if (reads === undefined && writes === undefined)
      refuse(`trusted(${show(name)}) takes the tables that the text reads and writes: { reads: ['city'], writes: [] }.`)
    for (const tables of [reads, writes])
      for (const table of tables ?? []) checkName(table, 'the name of a table that trusted text uses')
    const { node: operand, args } = this
    return new Raw(node({ kind: 'trusted', name, reads: reads ?? [], writes: writes ?? [], operand }), args)
  }

  then(done: unknown, reject?: (error: KantaError) => unknown): unknown {
    return rejectAwait(done, reject)
  }

  async execute(db: Runnable, options?: ExecuteOptions): Promise<unknown> {
    const [result] = await runnerOf(db).execute(this.on(db), options)
    return result
  }

  compile(db: Runnable): unknown {
    return runnerOf(db).compile(this.on(db))
  }

  private on(db: Runnable): RawStatement {
    return new RawStatement(start('rawStatement').step('raw', this.node), this.args, runnerOf(db))
  }
}

function runnerOf(db: Runnable): Runner {
  return db?.[RUNNER] ?? refuse(`${show(db)} is not a database. Run the text with sql\`…\`.execute(db).`)
}

function template(strings: TemplateStringsArray, ...values: readonly unknown[]): Raw {
  // An array that came from elsewhere, such as from JSON, is text that nobody has trusted.
  if (!Array.isArray(strings) || !Array.isArray(strings.raw))
    refuse('sql is a template: sql`select 1`. Use sql.raw(text) for trusted text in a variable.')
  const args: unknown[] = []
  const parts = values.map((value, i) => valueOf(value, args, `Value ${i + 1} of the sql template`))
  return new Raw(node({ kind: 'raw', strings, parts }), args)
}

const texts = forgetting(new Map<string, Node>())

/** Texts over this length are hardly met twice, and are not kept. */
const LONG_TEXT = 2_000

function rawText(text: unknown): Node {
  if (typeof text !== 'string') return refuse(`sql.raw(${show(text)}) takes SQL text.`)
  let known = texts.get(text)
  if (known === undefined) {
    const fresh = { kind: 'raw', strings: [text], parts: [] } as const
    if (text.length > LONG_TEXT) return keepOut(fresh)
    known = node(fresh)
    texts.set(text, known)
    admit()
  }
  return known
}

const COMMA: Node = pin({ kind: 'word', text: ', ' })

/**
 * SQL text with values as parameters.
 *
 * @example
 * ```ts
 * const { rows } = await sql<{ n: number }>`select ${1} + 1 as n`.execute(db)
 * ```
 */
export const sql = Object.freeze(
  Object.assign(template, {
    val: (value: unknown) => {
      const args: unknown[] = []
      return new Raw(valueOf(value, args, 'sql.val'), args)
    },
    ref: (name: string) => new Raw(parseReference(name)),
    table: (name: string) => new Raw(parseTable(name)),
    id: (...names: readonly string[]) => {
      if (names.length === 0) refuse('sql.id() takes one name or more.')
      for (const name of names) checkName(name, 'an identifier')
      return new Raw(node({ kind: 'identifier', names }))
    },
    lit: (value: unknown) => new Raw(literal(value)),
    raw: (text: string) => new Raw(rawText(text)),
    join: (items: readonly unknown[], separator?: unknown) => {
      if (!Array.isArray(items) || items.length === 0) refuse('sql.join() takes an array with one item or more.')
      const args: unknown[] = []
      const nodes = Array.from(items, (item, i) => valueOf(item, args, `Item ${i} of sql.join`))
      const between =
        separator === undefined
          ? COMMA
          : (given(separator, args) ?? refuse('The separator of sql.join() is an expression, such as sql` and `.'))
      return new Raw(node({ kind: 'join', items: nodes, separator: between }), args)
    },
  }),
)
