import { Oracle } from './oracle.ts'
import type { Output, TableName } from './query.ts'
import { type Cell, type Content, columns, encode, type Row } from './world.ts'
import { isExpr, type NewRow, type Returning, returningOutputs, type Write } from './write.ts'

/** What a write does: the rows of its table afterwards, what it gives back, and how many rows it changed. */
export interface Outcome {
  readonly table: TableName
  /** Undefined when the statement fails for a key that is there twice. */
  readonly rows: readonly Row[] | undefined
  readonly outputs: readonly Output[]
  readonly returned: readonly (readonly Cell[])[]
  readonly changes: number
}

/** Computes what a write does. */
export class WriteOracle {
  readonly #content: Content
  readonly #oracle: Oracle

  constructor(content: Content, which: 'value' | 'other' = 'value', exactLike = false) {
    this.#content = content
    this.#oracle = new Oracle(content, which, exactLike)
  }

  outcome(write: Write): Outcome {
    switch (write.k) {
      case 'insert':
        return this.#insert(write)
      case 'insert query': {
        const names = columns[write.table].map((c) => c.name)
        const made = this.#oracle.select(write.query).map((cells): Row => {
          return Object.fromEntries(names.map((name) => [name, (cells[write.columns.indexOf(name)] ?? null) as Cell]))
        })
        return this.#done(write, [...this.#content[write.table], ...made], made)
      }
      case 'delete': {
        const gone = this.#content[write.table].filter((row) => this.#all(write.where, { [write.alias]: row }))
        return this.#done(
          write,
          this.#content[write.table].filter((row) => !gone.includes(row)),
          gone,
        )
      }
      case 'update':
        return this.#update(write)
    }
  }

  #update(write: Extract<Write, { k: 'update' }>): Outcome {
    const changed: Row[] = []
    const rows = this.#content[write.table].map((row) => {
      const sources = this.#joined(write, row)
      if (sources === undefined || !this.#all(write.where, sources)) return row
      const after = { ...row, ...this.#sets(write.sets, sources) }
      changed.push(after)
      return after
    })
    return this.#done(write, rows, changed)
  }

  #joined(write: Extract<Write, { k: 'update' }>, row: Row): Record<string, Row> | undefined {
    const { from } = write
    if (from === undefined) return { [write.alias]: row }
    const other = this.#content[from.table].find((candidate) => candidate.id === row[from.by])
    return other === undefined ? undefined : { [write.alias]: row, [from.alias]: other }
  }

  #insert(write: Extract<Write, { k: 'insert' }>): Outcome {
    const rows = new Map<unknown, Row>(this.#content[write.table].map((row, i) => [row.id ?? `row ${i}`, row]))
    const returned: Row[] = []
    for (const [i, given] of write.rows.entries()) {
      const made = this.#row(write.table, given)
      const key = made.id ?? `new ${i}`
      const there = rows.get(key)
      if (there === undefined || write.or === 'replace') {
        rows.set(key, made)
        returned.push(made)
      } else if (write.or === undefined) {
        return { table: write.table, rows: undefined, outputs: [], returned: [], changes: 0 }
      } else if (typeof write.or === 'object') {
        const sources = { [write.table]: there, excluded: made }
        if (!this.#all(write.or.where, sources)) continue
        const after = { ...there, ...this.#sets(write.or.sets, sources) }
        rows.set(key, after)
        returned.push(after)
      }
    }
    return this.#done(write, [...rows.values()], returned)
  }

  #row(table: TableName, given: NewRow): Row {
    return Object.fromEntries(
      columns[table].map(({ name }) => {
        const value = given[name]
        return [name, isExpr(value) ? this.#oracle.valueFor(value, {}) : encode(value ?? null)]
      }),
    )
  }

  #sets(sets: Extract<Write, { k: 'update' }>['sets'], sources: Readonly<Record<string, Row>>): Row {
    return Object.fromEntries(sets.map(({ column, value }) => [column, this.#oracle.valueFor(value, sources)]))
  }

  #all(conditions: Extract<Write, { k: 'update' }>['where'], sources: Readonly<Record<string, Row>>): boolean {
    return conditions.every((condition) => this.#oracle.holdsFor(condition, sources))
  }

  #done(write: Write, rows: readonly Row[], changed: readonly Row[]): Outcome {
    const { table, returning } = write
    const outputs = returning === undefined ? [] : returningOutputs(table, returning)
    const returned = returning === undefined ? [] : changed.map((row) => this.#returned(write, returning, row))
    return { table, rows, outputs, returned, changes: changed.length }
  }

  #returned(write: Write, returning: Returning, row: Row): Cell[] {
    if (returning.k === 'all') return columns[write.table].map((c) => row[c.name]!)
    const alias = 'alias' in write ? write.alias : write.table
    return returning.items.map(({ of }) => this.#oracle.valueFor(of, { [alias]: row }))
  }
}
