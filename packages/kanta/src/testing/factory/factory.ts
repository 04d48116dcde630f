import { checkOptions, KantaError, refuse } from '../../error/index.ts'
import { DatabaseHandle, schemaOf } from '../../extend/internal/index.ts'
import type { AnyInfo, Database } from '../../face/index.ts'
import { fullName } from '../../ir/index.ts'
import { show } from '../../sql/index.ts'
import {
  definitionOf,
  type InsertType,
  type Rowed,
  type Selectable,
  type TableDefinition,
  type TableRef,
} from '../../table/index.ts'
import { modelOf, type TableModel } from '../generate/index.ts'
import { ColumnValues } from './values.ts'

/** The values of columns: as they are, or made from the number of the row, which begins at 1. */
export type FactoryDefaults<R> = {
  readonly [C in keyof R]?: InsertType<R[C]> | null | ((n: number) => InsertType<R[C]> | null)
}

/**
 * Values for one row. The name of a table that the row refers to, or of its column without `_id`, stands for the row
 * that is made there.
 */
export type FactoryValues<DB, R> = { readonly [C in keyof R]?: InsertType<R[C]> | null } & {
  readonly [T in Exclude<keyof DB, keyof R>]?: { readonly [C in keyof DB[T]]?: InsertType<DB[T][C]> | null }
} & {
  readonly [C in keyof R as C extends `${infer N}_id` ? (N extends keyof R | keyof DB ? never : N) : never]?: object
}

/** The options of `factory()`. */
export interface FactoryOptions<T> {
  /** Sets of values that go together, by name. */
  readonly traits?: T
  /** The factories that make the rows to which a row refers, by table. */
  readonly parents?: { readonly [table: string]: AnyFactory } | undefined
}

/** A factory of any table. */
export interface AnyFactory {
  create(values?: never): Promise<unknown>
}

/** Makes rows of one table. */
export interface Factory<DB, R, T> {
  /** Returns the values of a row, which is not written. Foreign keys stay empty. */
  build(values?: FactoryValues<DB, R>): { [C in keyof R]?: InsertType<R[C]> }
  /** Writes a row, and the rows that it has to refer to. */
  create(values?: FactoryValues<DB, R>): Promise<Selectable<R>>
  /** Writes several rows. */
  createMany(
    count: number,
    values?: FactoryValues<DB, R> | ((n: number) => FactoryValues<DB, R>),
  ): Promise<Selectable<R>[]>
  /** Returns the same factory with the values of traits. */
  with(...traits: readonly (keyof T & string)[]): Factory<DB, R, T>
}

/**
 * Makes rows for tests. Columns without a value get one that their constraints let in, and rows that others have to
 * refer to are made as well.
 *
 * @throws KantaError `invalid_input` for a table that the database does not know, and for unknown names.
 *
 * @example
 * ```ts
 * import { kanta, table } from 'kanta'
 * import { sqlite } from 'kanta/sqlite'
 * import { factory } from 'kanta/testing'
 *
 * const author = table('author', (c) => ({ id: c.integer().primaryKey(), name: c.text() }))
 * const book = table('book', (c) => ({
 *   id: c.integer().primaryKey(),
 *   title: c.text(),
 *   price: c.integer(),
 *   author_id: c.integer().references(() => author.id),
 * }))
 * const db = kanta({ driver: sqlite(':memory:'), schema: { author, book } })
 * await db.schema.createTable(author).execute()
 * await db.schema.createTable(book).execute()
 *
 * const books = factory(db, book, { title: (n) => `Book ${n}` }, { traits: { free: { price: 0 } } })
 * const first = await books.create({ author: { name: 'Ada' } })
 * first.title // 'Book 1'
 * const [second] = await books.with('free').createMany(3)
 * second!.price // 0
 * await db.destroy()
 * ```
 */
export function factory<
  DB,
  I extends AnyInfo,
  B extends keyof DB & string,
  T extends { readonly [name: string]: FactoryDefaults<DB[B]> } = {},
>(
  db: Database<DB, I>,
  table: TableRef<B, never> & Rowed<DB[B]>,
  defaults: FactoryDefaults<DB[B]> = {},
  options: FactoryOptions<T> = {},
): Factory<DB, DB[B], T> {
  if (!((db as unknown) instanceof DatabaseHandle)) return refuse(`factory(${show(db)}, …) takes a database first.`)
  const handle = db as unknown as DatabaseHandle
  const definition = definitionOf(table) ?? refuse(`factory(db, ${show(table)}) takes a table() value.`)
  const name = fullName(definition)
  if (schemaOf(handle).get(name) !== definition)
    refuse(`The database does not know the table '${name}'. Give it in kanta({ schema }).`)
  checkOptions('factory()', options, ['traits', 'parents'])
  const { traits = {}, parents = {} } = options
  const maker = new RowMaker(handle, definition, parents as Parents)
  maker.checkParents()
  maker.checkNames(defaults, 'the defaults')
  for (const [trait, values] of Object.entries(traits)) maker.checkNames(values as Values, `the trait '${trait}'`)
  return new TableFactory(maker, { defaults, traits: traits as Traits, chosen: [] }) as never
}

type Values = Readonly<Record<string, unknown>>
type Traits = Readonly<Record<string, Values>>
type Parents = Readonly<Record<string, { create(values?: Values, above?: readonly string[]): Promise<Values> }>>

interface Recipe {
  readonly defaults: Values
  readonly traits: Traits
  readonly chosen: readonly string[]
}

class TableFactory {
  readonly #maker: RowMaker
  readonly #recipe: Recipe

  constructor(maker: RowMaker, recipe: Recipe) {
    this.#maker = maker
    this.#recipe = recipe
  }

  build(values: Values = {}): Values {
    return this.#maker.build(this.#values(values), this.#maker.next())
  }

  /** `above` are the tables whose rows need this one. */
  create(values: Values = {}, above: readonly string[] = []): Promise<Values> {
    return this.#maker.create(this.#values(values), above)
  }

  async createMany(count: number, values: Values | ((n: number) => Values) = {}): Promise<Values[]> {
    if (!Number.isSafeInteger(count) || count < 0) refuse(`createMany() takes a number of rows, not ${show(count)}.`)
    const made: Values[] = []
    for (let n = 1; n <= count; n++) made.push(await this.create(typeof values === 'function' ? values(n) : values))
    return made
  }

  with(...names: readonly string[]): TableFactory {
    const { traits, chosen } = this.#recipe
    for (const name of names)
      if (!Object.hasOwn(traits, name))
        refuse(`There is no trait '${name}'. Traits: ${Object.keys(traits).join(', ') || 'none'}.`)
    return new TableFactory(this.#maker, { ...this.#recipe, chosen: [...chosen, ...names] })
  }

  #values(values: Values): Values {
    refuseNoValues(values, this.#maker.table)
    const { defaults, traits, chosen } = this.#recipe
    return Object.assign({}, defaults, ...chosen.map((name) => traits[name]), values)
  }
}

interface Association {
  readonly names: readonly string[]
  readonly key: TableModel['foreignKeys'][number]
  readonly isRequired: boolean
}

/** Makes the rows of a table, and those that they refer to. */
class RowMaker {
  readonly #db: DatabaseHandle
  readonly #parents: Parents
  readonly #model: TableModel
  readonly #values: ColumnValues
  readonly #associations: readonly Association[]
  #number = 0

  constructor(db: DatabaseHandle, definition: TableDefinition, parents: Parents) {
    this.#db = db
    this.#parents = parents
    this.#model = modelOf(db, definition)
    this.#values = new ColumnValues(this.#model, definition)
    this.#associations = this.#model.foreignKeys.map((key) => ({
      key,
      names: [...namesOf(key), ...(this.#isOnlyOne(key) ? [key.target] : [])],
      isRequired: key.columns.some((column) => !this.#model.columns.get(column)!.nullable),
    }))
  }

  /** Tells whether no other foreign key could be meant by the name of the table. */
  #isOnlyOne(key: Association['key']): boolean {
    const others = this.#model.foreignKeys.filter((other) => other !== key)
    return !others.some((other) => other.target === key.target || namesOf(other).includes(key.target))
  }

  get table(): string {
    return this.#model.name
  }

  next(): number {
    this.#number++
    return this.#number
  }

  checkNames(values: Values, where: string): void {
    for (const name of Object.keys(values)) {
      if (this.#model.columns.has(name) || this.#associations.some(({ names }) => names.includes(name))) continue
      refuse(
        `Unknown name '${name}' in ${where} of the factory for '${this.#model.name}'. Columns: ${[...this.#model.columns.keys()].join(', ')}.`,
      )
    }
  }

  checkParents(): void {
    const known = [...schemaOf(this.#db).keys()]
    for (const [table, parent] of Object.entries(this.#parents)) {
      if (!known.includes(table)) refuse(`parents has a factory for '${table}', which is no table. ${known.join(', ')}`)
      if (typeof Object(parent).create !== 'function') refuse(`parents.${table} takes a factory, not ${show(parent)}.`)
    }
  }

  /** Returns the values of a row without its parents. */
  build(values: Values, n: number): Values {
    this.checkNames(values, 'the values')
    const given: Record<string, unknown> = {}
    for (const [name, value] of Object.entries(values))
      if (this.#model.columns.has(name)) given[name] = typeof value === 'function' ? value(n) : value
    const linked = new Set(this.#model.foreignKeys.flatMap(({ columns }) => columns))
    return this.#values.complete(given, linked)
  }

  async create(values: Values, above: readonly string[] = []): Promise<Values> {
    const n = this.next()
    const row: Record<string, unknown> = { ...this.build(values, n) }
    for (const { key, names, isRequired } of this.#associations) {
      const name = names.find((each) => !this.#model.columns.has(each) && values[each] !== undefined)
      if (key.columns.every((column) => row[column] !== undefined)) continue
      if (name === undefined && !isRequired) continue
      if (name === undefined) this.#refuseCycle(key, above)
      const given = (name === undefined ? {} : values[name]) as Values
      refuseNoValues(given, key.target)
      const parent = await this.#parentOf(key, given, row, above)
      for (const [at, column] of key.columns.entries()) row[column] ??= parent[key.targetColumns[at]!]
    }
    const [created] = (await this.#db.insertInto(this.#model.name).values([row]).returningAll().execute()) as Values[]
    return created!
  }

  /** Makes the row to which a new row refers. */
  async #parentOf(
    { target, columns, targetColumns }: Association['key'],
    values: Values,
    row: Values,
    above: readonly string[],
  ): Promise<Values> {
    const shared = Object.fromEntries(
      columns.flatMap((column, at) => (row[column] === undefined ? [] : [[targetColumns[at]!, row[column]]])),
    )
    const definition = schemaOf(this.#db).get(target)
    const maker = this.#parents[target] ?? (definition && makerOf(this.#db, definition, this.#parents))
    if (maker === undefined)
      return refuse(`The database does not know the table '${target}'. Give it in kanta({ schema }).`)
    return maker.create({ ...values, ...shared }, [...above, this.#model.name])
  }

  /** Refuses a row that would need another one of its table, and that yet another. */
  #refuseCycle({ target, columns, label }: Association['key'], above: readonly string[]): void {
    const tables = [...above, this.#model.name]
    if (!tables.includes(target)) return
    throw new KantaError(
      'invalid_input',
      `${label} cannot be null, and leads back to '${target}' (${[...tables, target].join(' → ')}). Give its columns (${columns.join(', ')}).`,
      { table: this.#model.name, columns },
    )
  }
}

function refuseNoValues(values: unknown, table: string): void {
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    refuse(`The factory for '${table}' takes an object of values, not ${show(values)}.`)
}

const namesOf = ({ columns }: Association['key']): string[] =>
  columns.flatMap((column) => (column.endsWith('_id') ? [column.slice(0, -3)] : []))

const makers = new WeakMap<DatabaseHandle, Map<TableDefinition, RowMaker>>()

/** Returns the maker of rows to which others refer, which counts on from row to row. */
function makerOf(db: DatabaseHandle, definition: TableDefinition, parents: Parents): RowMaker {
  const known = makers.get(db) ?? new Map<TableDefinition, RowMaker>()
  makers.set(db, known)
  let maker = known.get(definition)
  if (maker === undefined) {
    maker = new RowMaker(db, definition, parents)
    known.set(definition, maker)
  }
  return maker
}
