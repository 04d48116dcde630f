import { expressionBuilder } from '../../src/index.ts'
import { Build, type BuildOptions } from './build.ts'
import type { Condition, Value } from './query.ts'
import { type Any, tables } from './world.ts'
import { isExpr, type NewRow, type Returning, type Set, type Write } from './write.ts'

const eb: Any = (expressionBuilder as Any)()

/** Builds Kanta statements that write. */
export class BuildWrite {
  readonly #db: Any
  readonly #options: BuildOptions
  readonly #build: Build

  constructor(db: Any, options: BuildOptions) {
    this.#db = db
    this.#options = options
    this.#build = new Build(db, options)
  }

  write(write: Write): Any {
    switch (write.k) {
      case 'insert':
        return this.#steps(this.#into(write), [
          [this.#values(write.rows)],
          this.#conflict(write),
          this.#returning(write.returning),
        ])
      case 'insert query': {
        const query = this.#build.select(write.query)
        const expression = this.#flip() ? query : () => query
        const steps = [(q: Any) => q.columns(write.columns).expression(expression)]
        return this.#steps(this.#db.insertInto(write.table), [steps, this.#returning(write.returning)])
      }
      case 'update':
        return this.#update(write)
      case 'delete': {
        const start = this.#db.deleteFrom(this.#target(write))
        return this.#steps(start, [this.#where(write.where), this.#returning(write.returning)])
      }
    }
  }

  #flip(percent = 50): boolean {
    return this.#options.style.flip(percent)
  }

  #steps(start: Any, lists: readonly (readonly ((q: Any) => Any)[])[]): Any {
    return this.#options.style.merge(lists).reduce((now, step) => step(now), start)
  }

  #target({ table, alias }: Extract<Write, { k: 'update' | 'delete' }>): unknown {
    const aliased = alias !== table
    this.#build.known({ k: 'table', table, alias, aliased })
    if (this.#options.names !== true && this.#flip(35)) return aliased ? tables[table].as(alias) : tables[table]
    return aliased ? `${table} as ${alias}` : table
  }

  #update(write: Extract<Write, { k: 'update' }>): Any {
    const start = this.#db.updateTable(this.#target(write))
    const { from } = write
    const froms: ((q: Any) => Any)[] = []
    if (from !== undefined) {
      this.#build.known({ k: 'table', table: from.table, alias: from.alias, aliased: true })
      const source = `${from.table} as ${from.alias}`
      froms.push((q) => q.from(this.#flip() ? source : [source]))
      froms.push((q) => q.whereRef(`${write.alias}.${from.by}`, '=', `${from.alias}.id`))
    }
    return this.#steps(start, [
      this.#sets(write.sets, 'set'),
      froms,
      this.#where(write.where),
      this.#returning(write.returning),
    ])
  }

  #where(conditions: readonly Condition[]): ((q: Any) => Any)[] {
    return conditions.map((c) => this.#build.conditionStep('where', c))
  }

  #sets(sets: readonly Set[], method: 'set' | 'doUpdateSet'): ((q: Any) => Any)[] {
    const pairs = sets.map(({ column, value }) => {
      const given = this.#build.plain(value)
      return [column, this.#flip(20) ? () => given : given] as const
    })
    if (method === 'set' && this.#flip(40))
      return pairs.map(
        ([column, value]) =>
          (q: Any) =>
            q.set(column, value),
      )
    const object = { ...Object.fromEntries(pairs), id: undefined }
    return [this.#flip() ? (q) => q[method](object) : (q) => q[method](() => object)]
  }

  #into(write: Extract<Write, { k: 'insert' }>): Any {
    const table = this.#options.names !== true && this.#flip(35) ? tables[write.table] : write.table
    if (write.or === 'replace' && this.#flip()) return this.#db.replaceInto(table)
    const insert = this.#db.insertInto(table)
    if (write.or === 'replace') return insert.orReplace()
    return write.or === 'ignore' ? insert.orIgnore() : insert
  }

  #values(rows: readonly NewRow[]): (q: Any) => Any {
    const made = rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => {
          if (isExpr(value)) return [name, this.#build.plain(value)]
          return [name, value === undefined ? undefined : this.#build.value(value as Value)]
        }),
      ),
    )
    // What is not said and what is undefined are the same.
    if (this.#flip(20)) made[0] = { ...made[0]!, notThere: undefined }
    const given = made.length === 1 && this.#flip() ? made[0] : made
    return this.#flip() ? (q) => q.values(given) : (q) => q.values(() => given)
  }

  #conflict({ or }: Extract<Write, { k: 'insert' }>): ((q: Any) => Any)[] {
    if (or === 'nothing') return [(q) => q.onConflict((oc: Any) => oc.column('id').doNothing())]
    if (typeof or !== 'object') return []
    const sets = this.#sets(or.sets, 'doUpdateSet')
    const where = this.#where(or.where)
    const column = this.#flip() ? (oc: Any) => oc.column('id') : (oc: Any) => oc.columns(['id'])
    return [(q) => q.onConflict((oc: Any) => [column, ...sets, ...where].reduce((now, step) => step(now), oc))]
  }

  #returning(returning: Returning | undefined): ((q: Any) => Any)[] {
    if (returning === undefined) return []
    if (returning.k === 'all') return [(q) => q.returningAll()]
    // One that knows no tables and so gives no column objects: SQLite does not know an alias here.
    const build = new Build(this.#db, this.#options)
    const items = returning.items.map(({ of, name }) => {
      if (of.k === 'column' && this.#flip()) return this.#flip() ? `${of.name} as ${name}` : eb.ref(of.name).as(name)
      return build.expression(of).as(name)
    })
    if (this.#flip()) return [(q) => q.returning(items.length === 1 && this.#flip() ? items[0] : items)]
    return items.map((item) => (q: Any) => q.returning([item]))
  }
}
