import type { Facts } from '../extend/index.ts'
import type { TableDefinition } from '../table/index.ts'

/**
 * What a kept result depends on: a table, a tag, or everything. A mark has a version in the store; whoever changes what
 * it stands for gives it another, and results that were kept under the old one are worth nothing.
 */
export type Mark = string

/** Everything depends on it. */
export const EVERYTHING: Mark = '*'

export const markOfTag = (tag: string): Mark => `#${tag}`

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

/** A table in a schema is changed by who writes it there, or writes that name in a schema that nobody knows. */
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

/** What a statement changes; of what nothing is known, everything. */
export function marksChanged(facts: Facts, dependencies: Dependencies): readonly Mark[] {
  if (facts.readOnly) return []
  if (facts.opaque || !KNOWN.has(facts.kind)) return [EVERYTHING]
  return facts.writes.length === 0 ? [] : dependencies.marksOf(facts.writes)
}
