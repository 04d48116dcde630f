import type { Choice } from './choice.ts'
import { Describe, type Env } from './describe.ts'
import { type Condition, type Expr, type Output, readOf, type Select, type TableName, type Value } from './query.ts'
import { columns, outputsOf, pool, tableNames } from './world.ts'

/** A column and what it is set to. */
export interface Set {
  readonly column: string
  readonly value: Expr
}

/** A row of an insert: what is undefined, or not there, is left to the database. */
export type NewRow = Readonly<Record<string, Value | Expr | undefined>>

export interface Conflict {
  readonly sets: readonly Set[]
  readonly where: readonly Condition[]
}

/** What a statement gives back: expressions over the row, or all of its columns. */
export type Returning =
  | { readonly k: 'all' }
  | { readonly k: 'items'; readonly items: readonly { readonly of: Expr; readonly name: string }[] }

export type Write =
  | {
      readonly k: 'insert'
      readonly table: TableName
      readonly rows: readonly NewRow[]
      /** What happens to a row whose key is there: an error, or one of these. */
      readonly or: 'ignore' | 'replace' | 'nothing' | Conflict | undefined
      readonly returning: Returning | undefined
    }
  | {
      readonly k: 'insert query'
      readonly table: TableName
      readonly columns: readonly string[]
      readonly query: Select
      readonly returning: Returning | undefined
    }
  | {
      readonly k: 'update'
      readonly table: TableName
      readonly alias: string
      readonly sets: readonly Set[]
      readonly where: readonly Condition[]
      /** A table that is joined by its key. */
      readonly from: { readonly table: TableName; readonly alias: string; readonly by: string } | undefined
      readonly returning: Returning | undefined
    }
  | {
      readonly k: 'delete'
      readonly table: TableName
      readonly alias: string
      readonly where: readonly Condition[]
      readonly returning: Returning | undefined
    }

/** Makes a write from choices. */
export class DescribeWrite {
  readonly #describe: Describe
  readonly #choice: Choice

  constructor(numbers: readonly number[]) {
    this.#describe = new Describe(numbers)
    this.#choice = this.#describe.choice
  }

  write(): Write {
    const table = this.#choice.pick(tableNames)
    switch (this.#choice.int(5)) {
      case 0:
      case 1:
        return this.#update(table)
      case 2:
        return this.#delete(table)
      case 3:
        return this.#insertQuery()
      default:
        return this.#insert(table)
    }
  }

  #update(table: TableName): Write {
    const alias = this.#choice.flip(40) ? 'rW' : table
    const from =
      table === 'item' && this.#choice.flip(40) ? { table: 'owner' as const, alias: 'rF', by: 'ownerId' } : undefined
    const sources = [{ alias, columns: outputsOf(table) }]
    if (from !== undefined) sources.push({ alias: from.alias, columns: outputsOf(from.table) })
    const env = this.#describe.env(...sources)
    const sets = this.#sets(table, env)
    return { k: 'update', table, alias, sets, where: this.#where(env), from, returning: this.#returning(table, alias) }
  }

  #delete(table: TableName): Write {
    const alias = this.#choice.flip(40) ? 'rW' : table
    const env = this.#describe.env({ alias, columns: outputsOf(table) })
    return { k: 'delete', table, alias, where: this.#where(env), returning: this.#returning(table, alias) }
  }

  #where(env: Env): Condition[] {
    return this.#choice.some(3, 75, () => this.#describe.condition(env, 2, 1))
  }

  /** Some of the columns, never the key, each once. */
  #sets(table: TableName, env: Env): Set[] {
    const free = columns[table].filter((c) => c.name !== 'id')
    const first = this.#choice.int(free.length - 1)
    const count = 1 + this.#choice.int(2)
    return free
      .slice(first, first + count)
      .map((c) => ({ column: c.name, value: this.#describe.expr(env, c.type, 2, 0, true) }))
  }

  #returning(table: TableName, alias: string): Returning | undefined {
    const { choice } = { choice: this.#choice }
    if (choice.flip(30)) return undefined
    if (choice.flip(25)) return { k: 'all' }
    const env = this.#describe.env({ alias, columns: outputsOf(table) })
    const item = (i: number) => ({
      of: unqualified(this.#describe.expr(env, choice.pick(['int', 'text', 'bool', 'time', 'big'] as const), 1, 0)),
      name: `rN${i}`,
    })
    return { k: 'items', items: [item(0), ...choice.some(2, 50, (i) => item(i + 1))] }
  }

  #insertQuery(): Write {
    const outputs = columns.tag.slice(0, 1 + this.#choice.int(3))
    const query = this.#describe.select({ depth: 1, types: outputs.map((c) => c.type) })
    // SQLite 3.53 gives rows twice where it inserts from a full join with VALUES; the select alone is right.
    if (/"k":"values"/.test(JSON.stringify(query, replacer))) return this.#delete('tag')
    return {
      k: 'insert query',
      table: 'tag',
      columns: outputs.map((c) => c.name),
      query,
      returning: this.#returning('tag', 'tag'),
    }
  }

  #insert(table: TableName): Write {
    const { choice } = { choice: this.#choice }
    const many = table === 'tag' && choice.flip(10) ? 60 + choice.int(255) : 0
    const keyed = table !== 'tag'
    const or = keyed ? this.#or(table) : undefined
    // Rows with expressions all have to name the same columns.
    const expressions = choice.flip(25)
    const ragged = !expressions && or === undefined && choice.flip(30)
    const only = expressions || !ragged ? this.#someColumns(table) : undefined
    const row = (): NewRow => this.#row(table, only ?? this.#someColumns(table), expressions)
    const rows = [row(), ...choice.some(4, 60, row)]
    for (let i = 0; i < many; i++) rows.push(rows[i % rows.length]!)
    // Rows of several statements leave no place for the values of other clauses.
    const returning = ragged ? choice.pick([undefined, { k: 'all' } as const]) : this.#returning(table, table)
    return { k: 'insert', table, rows, or, returning }
  }

  #or(table: TableName): 'ignore' | 'replace' | 'nothing' | Conflict | undefined {
    const kind = this.#choice.pick([undefined, 'ignore', 'replace', 'nothing', 'update', 'update'] as const)
    if (kind !== 'update') return kind
    const env = this.#describe.env(
      { alias: table, columns: outputsOf(table) },
      { alias: 'excluded', columns: outputsOf(table) },
    )
    env.complete = false
    return { sets: this.#sets(table, env), where: this.#choice.some(1, 40, () => this.#describe.condition(env, 1, 0)) }
  }

  #someColumns(table: TableName): readonly string[] {
    const names = columns[table].map((c) => c.name).filter(() => this.#choice.flip(65))
    if (table !== 'tag' && !names.includes('id')) names.unshift('id')
    return names.length === 0 ? [columns[table][0]!.name] : this.#choice.shuffle(names)
  }

  #row(table: TableName, names: readonly string[], expressions: boolean): NewRow {
    const { choice } = { choice: this.#choice }
    const cell = (name: string): Value | Expr | undefined => {
      const { type } = columns[table].find((c) => c.name === name)!
      // A key that is there, or one that is not.
      if (name === 'id') return choice.flip(40) ? 1 + choice.int(5) : 100 + choice.int(155)
      if (expressions && choice.flip(50)) return this.#describe.expr(this.#describe.env(), type, 1, 1, true)
      return choice.flip(30) ? null : choice.pick(pool[type])
    }
    return Object.fromEntries(names.map((name) => [name, cell(name)]))
  }
}

/** The same expression without the names of tables, as `returning` takes it. */
function unqualified(e: Expr): Expr {
  return JSON.parse(JSON.stringify(e, replacer), reviver) as Expr
}

function replacer(this: unknown, key: string, value: unknown): unknown {
  const plain = (this as Record<string, unknown>)[key]
  if (typeof plain === 'bigint') return { bigint: String(plain) }
  if (plain instanceof Date) return { date: plain.toISOString() }
  return key === 'bare' ? true : value
}

function reviver(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if ('bigint' in value) return BigInt(value.bigint as string)
  return 'date' in value ? new Date(value.date as string) : value
}

/** The columns that a statement gives back. */
export function returningOutputs(table: TableName, returning: Returning): readonly Output[] {
  if (returning.k === 'all') return outputsOf(table)
  return returning.items.map(({ of, name }) => ({ name, type: 'int', read: readOf(of) }))
}

export function isExpr(value: Value | Expr | undefined): value is Expr {
  return typeof value === 'object' && value !== null && 'k' in value
}
