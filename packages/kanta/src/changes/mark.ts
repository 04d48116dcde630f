import type { Facts } from '../run/index.ts'
import type { TableDefinition } from '../table/index.ts'

/** Text that stands for rows that can change: those of a table, or all. Equal marks mean the same rows. */
export type Mark = string

/** The mark of a change of which nothing is known. Whatever reads anything depends on it. */
export const EVERYTHING: Mark = '*'

/** A table by the parts of its name. Databases differ in which letters are the same, and some plugins rename. */
interface Name {
  readonly schema: string | undefined
  readonly table: string
}

/** Case and underscores do not tell two tables apart: at worst, more than necessary is read again. */
const plain = (name: string): string => name.toLowerCase().replaceAll('_', '')

export function nameOf(text: string): Name {
  const at = text.lastIndexOf('.')
  return { schema: at < 0 ? undefined : plain(text.slice(0, at)), table: plain(text.slice(at + 1)) }
}

/** Whether two names may mean one table: a name without a schema may mean that of any. */
const mayBeSame = (one: Name, other: Name): boolean =>
  one.table === other.table && (one.schema === undefined || other.schema === undefined || one.schema === other.schema)

/** Returns the marks of a table that is read: its name in its schema, and its name where a write names no schema. */
export function marksRead(text: string): readonly Mark[] {
  const { schema, table } = nameOf(text)
  return schema === undefined ? [`any.${table}`] : [`in.${schema}.${table}`, `bare.${table}`]
}

function marksWritten({ schema, table }: Name): readonly Mark[] {
  return [`any.${table}`, schema === undefined ? `bare.${table}` : `in.${schema}.${table}`]
}

/** Which tables change with others: by foreign keys, by triggers, and views. */
export class Dependencies {
  readonly #changes: (readonly [cause: Name, effect: Name])[] = []

  /** What the user says: the first changes with the others, and whoever writes it writes those. */
  declare(dependent: string, on: readonly string[]): void {
    for (const cause of on) {
      this.#changes.push([nameOf(cause), nameOf(dependent)])
      this.#changes.push([nameOf(dependent), nameOf(cause)])
    }
  }

  /** Rows that a foreign key deletes or changes together with those that they refer to. */
  ofForeignKeys(tables: Iterable<TableDefinition>): void {
    for (const table of tables) {
      for (const key of table.foreignKeys) {
        if (!CASCADES.has(key.onDelete ?? '') && !CASCADES.has(key.onUpdate ?? '')) continue
        this.#changes.push([nameOf(key.references().table.name), nameOf(table.name)])
      }
    }
  }

  /** The marks of the tables that change when these are written. */
  marksOf(tables: readonly string[]): readonly Mark[] {
    const written = tables.map(nameOf)
    for (let i = 0; i < written.length; i++) {
      for (const [cause, effect] of this.#changes) {
        if (!mayBeSame(cause, written[i]!)) continue
        if (!written.some((name) => name.table === effect.table && name.schema === effect.schema)) written.push(effect)
      }
    }
    return [...new Set(written.flatMap(marksWritten))]
  }
}

const CASCADES: ReadonlySet<string> = new Set(['cascade', 'set null', 'set default'])

/** Statements of which the facts name all that they write. */
const KNOWN: ReadonlySet<string> = new Set([
  ...['select', 'insert', 'update', 'delete', 'merge', 'explain', 'rawStatement'],
])

/** Returns the marks of what a statement changes: everything if nothing is known of that. */
export function marksChanged(facts: Facts, dependencies: Dependencies): readonly Mark[] {
  if (facts.readOnly) return []
  if (facts.opaque || !KNOWN.has(facts.kind)) return [EVERYTHING]
  return facts.writes.length === 0 ? [] : dependencies.marksOf(facts.writes)
}
