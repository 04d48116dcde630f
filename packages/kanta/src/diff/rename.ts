import type { Dialect } from '../dialect/index.ts'
import { nearest, refuse } from '../error/index.ts'
import {
  type CatalogForeignKey,
  type CatalogName,
  type CatalogTable,
  type DialectName,
  tokens,
} from '../introspect/index.ts'
import { normalType } from './equal.ts'
import type { Rules } from './rule.ts'
import type { Side } from './side.ts'

/** A question about a possible rename. */
export interface RenameQuestion {
  readonly kind: 'table' | 'column'
  /** The old table, or the table of the old column. */
  readonly table: string
  /** The old name. */
  readonly name: string
  /** The new names that it may have become. */
  readonly candidates: readonly string[]
}

/** Answers a question with one of its candidates, or with null if the old name is dropped. */
export type Ask = (question: RenameQuestion) => string | null | Promise<string | null>

/** New names by old ones: `{ old_table: 'new_table', 'city.nmae': 'name' }`. Null means that it is dropped. */
export type Renames = Readonly<Record<string, string | null>>

/** The renames: new table names by old ones, and new column names by the old names of table and column. */
export interface ResolvedRenames {
  readonly tables: ReadonlyMap<string, string>
  readonly columns: ReadonlyMap<string, ReadonlyMap<string, string>>
}

export const keyOf = ({ schema, name }: CatalogName): string => (schema === null ? name : `${schema}.${name}`)

/** Finds the renames. It throws if there is no answer, since a wrong guess would lose data. */
export async function findRenames(
  from: Side,
  to: Side,
  rules: Rules,
  given: Renames,
  ask: Ask | undefined,
): Promise<ResolvedRenames> {
  const answers = new Answers(given, ask)
  const tables = await findRenamedTables(from, to, answers)
  const columns = new Map<string, ReadonlyMap<string, string>>()
  const targets = new Map(to.tables.map((table) => [keyOf(table), table]))
  for (const table of from.tables) {
    const key = keyOf(table)
    const target = targets.get(tables.has(key) ? keyOf({ schema: table.schema, name: tables.get(key)! }) : key)
    if (target === undefined) continue
    const found = await findRenamedColumns(table, target, rules, answers)
    if (found.size > 0) columns.set(key, found)
  }
  answers.refuseUnused(from)
  return { tables, columns }
}

class Answers {
  readonly #given: Renames
  readonly #ask: Ask | undefined
  readonly #unused: Set<string>

  constructor(given: Renames, ask: Ask | undefined) {
    if (typeof given !== 'object' || given === null)
      refuse("renames must be an object, such as { 'city.nmae': 'name' }.")
    this.#given = given
    this.#ask = ask
    this.#unused = new Set(Object.keys(given))
  }

  /** Returns the answer in `renames`, or `undefined` if there is none. */
  given(key: string, candidates: readonly string[]): string | null | undefined {
    if (!Object.hasOwn(this.#given, key)) return undefined
    this.#unused.delete(key)
    return checkAnswer(key, this.#given[key], candidates)
  }

  async find(question: RenameQuestion): Promise<string | null> {
    if (this.#ask !== undefined) return checkAnswer(question.name, await this.#ask(question), question.candidates)
    const { kind, table, name, candidates } = question
    const key = kind === 'table' ? name : `${table}.${name}`
    return refuse(
      `The ${kind} '${key}' is missing and ${candidates.map((each) => `'${each}'`).join(', ')} is new. ` +
        `Pass renames: { '${key}': '${candidates[0]}' } if it was renamed, or { '${key}': null } if it was dropped.`,
    )
  }

  refuseUnused(from: Side): void {
    const [unused] = this.#unused
    if (unused === undefined) return
    const known = from.tables.flatMap((table) => [
      keyOf(table),
      ...table.columns.map((column) => `${keyOf(table)}.${column.name}`),
    ])
    const hint = nearest(unused, known)
    refuse(
      known.includes(unused)
        ? `renames has an entry for '${unused}', which still exists. Remove the entry.`
        : `renames has an entry for '${unused}', which is neither a table nor a 'table.column' before the change.${hint === undefined ? '' : ` Did you mean '${hint}'?`}`,
    )
  }
}

function checkAnswer(name: string, answer: unknown, candidates: readonly string[]): string | null {
  if (answer === null || (typeof answer === 'string' && candidates.includes(answer))) return answer
  const can = candidates.length === 0 ? 'there is no new name' : `it can be ${candidates.join(', ')}`
  return refuse(`'${name}' cannot become ${JSON.stringify(answer)}: ${can}, or null if it was dropped.`)
}

async function findRenamedTables(from: Side, to: Side, answers: Answers): Promise<Map<string, string>> {
  const renamed = new Map<string, string>()
  const after = new Set(to.tables.map(keyOf))
  const before = new Set(from.tables.map(keyOf))
  const added = to.tables.filter((table) => !before.has(keyOf(table)))
  const accept = (table: CatalogTable, name: string): void => {
    renamed.set(keyOf(table), name)
    added.splice(
      added.findIndex((each) => each.schema === table.schema && each.name === name),
      1,
    )
  }
  const unanswered: CatalogTable[] = []
  for (const table of from.tables) {
    if (after.has(keyOf(table))) continue
    const answer = answers.given(
      keyOf(table),
      added.filter((each) => each.schema === table.schema).map((each) => each.name),
    )
    if (answer === undefined) unanswered.push(table)
    else if (answer !== null) accept(table, answer)
  }
  for (const table of unanswered) {
    const candidates = added.filter((each) => each.schema === table.schema && isLike(table, each))
    if (candidates.length === 0) continue
    const names = candidates.map((each) => each.name)
    const key = keyOf(table)
    const answer = await answers.find({ kind: 'table', table: key, name: key, candidates: names })
    if (answer !== null) accept(table, answer)
  }
  return renamed
}

/** Checks if one table has at least half of the columns of the other. */
function isLike(a: CatalogTable, b: CatalogTable): boolean {
  const names = new Set(b.columns.map((column) => column.name))
  const shared = a.columns.filter((column) => names.has(column.name)).length
  return shared * 2 >= Math.min(a.columns.length, b.columns.length)
}

async function findRenamedColumns(
  from: CatalogTable,
  to: CatalogTable,
  rules: Rules,
  answers: Answers,
): Promise<Map<string, string>> {
  const renamed = new Map<string, string>()
  const before = new Set(from.columns.map((column) => column.name))
  const after = new Set(to.columns.map((column) => column.name))
  const removed = from.columns.filter((column) => !after.has(column.name))
  const added = to.columns.filter((column) => !before.has(column.name))
  const table = keyOf(from)
  const accept = (old: string, name: string): void => {
    renamed.set(old, name)
    added.splice(
      added.findIndex((column) => column.name === name),
      1,
    )
  }
  const unanswered = removed.filter((column) => {
    const answer = answers.given(
      `${table}.${column.name}`,
      added.map((each) => each.name),
    )
    if (typeof answer === 'string') accept(column.name, answer)
    return answer === undefined
  })
  for (const column of unanswered) {
    const type = normalType(column.type, rules)
    const candidates = added
      .filter(
        (each) => normalType(each.type, rules) === type && (each.generated === null) === (column.generated === null),
      )
      .map((each) => each.name)
    if (candidates.length === 0) continue
    const answer = await answers.find({ kind: 'column', table, name: column.name, candidates })
    if (answer !== null) accept(column.name, answer)
  }
  return renamed
}

/** Returns the renames from new names to old ones. */
export function reverseRenames({ tables, columns }: ResolvedRenames, from: Side): ResolvedRenames {
  const schemaOf = (key: string): string | null => from.tables.find((table) => keyOf(table) === key)?.schema ?? null
  const after = (key: string): string => {
    const name = tables.get(key)
    return name === undefined ? key : keyOf({ schema: schemaOf(key), name })
  }
  const nameOf = (key: string): string => from.tables.find((table) => keyOf(table) === key)?.name ?? key
  return {
    tables: new Map([...tables.keys()].map((key) => [after(key), nameOf(key)])),
    columns: new Map([...columns].map(([key, names]) => [after(key), new Map([...names].map(([a, b]) => [b, a]))])),
  }
}

/** Returns a side with the renames applied. */
export function applyRenames(side: Side, { tables, columns }: ResolvedRenames, rules: Rules): Side {
  const newName = (name: CatalogName): string => tables.get(keyOf(name)) ?? name.name
  const newColumn = (table: CatalogName, column: string): string => columns.get(keyOf(table))?.get(column) ?? column
  const all = new Map([...tables].map(([key, name]) => [side.tables.find((t) => keyOf(t) === key)?.name ?? key, name]))
  const everywhere = (text: string): string => {
    const words = new Map(all)
    for (const [key, names] of columns)
      if (mentions(text, side.tables.find((table) => keyOf(table) === key)?.name ?? key, rules.dialect))
        for (const [old, name] of names) words.set(old, name)
    return replaceNames(text, words, rules)
  }
  const renamedTable = (table: CatalogTable): CatalogTable => {
    const own = columns.get(keyOf(table)) ?? new Map<string, string>()
    const column = (name: string): string => newColumn(table, name)
    const text = (sql: string): string => replaceNames(sql, own, rules)
    const key = <K extends { readonly columns: readonly string[] }>(each: K): K => ({
      ...each,
      columns: each.columns.map(column),
    })
    return {
      ...table,
      name: newName(table),
      columns: table.columns.map((each) => ({
        ...each,
        name: column(each.name),
        generated: each.generated === null ? null : { ...each.generated, expression: text(each.generated.expression) },
      })),
      primaryKey: table.primaryKey === null ? null : key(table.primaryKey),
      uniques: table.uniques.map(key),
      foreignKeys: table.foreignKeys.map((each) => ({
        ...key(each),
        ...nameAfterRename(each, table.name, newName(table), rules),
        target: {
          ...each.target,
          name: newName(each.target),
          columns: each.target.columns.map((name) => newColumn(each.target, name)),
        },
      })),
      checks: table.checks.map((each) => ({
        ...each,
        expression: text(each.expression),
        ...(each.column !== undefined && { column: column(each.column) }),
      })),
      indexes: table.indexes.map((each) => ({
        ...each,
        parts: each.parts.map((part) => ({
          ...part,
          column: part.column === null ? null : column(part.column),
          expression: part.expression === null ? null : text(part.expression),
        })),
        include: each.include.map(column),
        where: each.where === null ? null : text(each.where),
        definition: each.definition === null ? null : replaceNames(each.definition, new Map([...all, ...own]), rules),
      })),
    }
  }
  return {
    ...side,
    tables: side.tables.map(renamedTable),
    views: side.views.map((view) => ({ ...view, definition: everywhere(view.definition) })),
    triggers: side.triggers.map((trigger) => ({
      ...trigger,
      table: all.get(trigger.table) ?? trigger.table,
      definition: everywhere(trigger.definition),
    })),
  }
}

/** Returns the name of a foreign key after its table was renamed. Its index keeps the name that the key had. */
function nameAfterRename(
  { name, index }: CatalogForeignKey,
  from: string,
  to: string,
  { foreignKeyAfterRename }: Rules,
): Pick<CatalogForeignKey, 'name' | 'index'> {
  const after = name && (foreignKeyAfterRename?.(name, from, to) ?? name)
  return after === name || name === null ? { name: after } : { name: after, index: index ?? name }
}

/** Checks if SQL text contains a name, quoted or not. */
export function mentions(text: string, name: string, dialect: Dialect | DialectName): boolean {
  const lower = name.toLowerCase()
  return tokens(text, dialect).some(
    (token) => (token.kind === 'word' || token.kind === 'name') && token.value.toLowerCase() === lower,
  )
}

/** Replaces names in SQL text. */
function replaceNames(text: string, names: ReadonlyMap<string, string>, rules: Rules): string {
  if (names.size === 0) return text
  let out = ''
  let at = 0
  for (const token of tokens(text, rules.dialect)) {
    if (token.kind !== 'word' && token.kind !== 'name') continue
    const old = token.kind === 'word' && !rules.foldsNamesToLowerCase ? token.text : token.value
    const name = names.get(old)
    if (name === undefined) continue
    out += text.slice(at, token.start) + rules.dialect.quote(name)
    at = token.end
  }
  return out + text.slice(at)
}
