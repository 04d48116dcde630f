import { checkOptions, refuse, show } from '../error/index.ts'
import type { Relations, RelationTo, RelationToOneOf } from '../face/index.ts'
import { fullName } from '../ir/index.ts'
import { EXPAND, type Expansion } from '../plan/index.ts'
import { Column, definitionOf, ownerOf, type SelectType, type TableDefinition, type TableRef } from '../table/index.ts'
import { expandRelations } from './expand.ts'
import { provideRelations } from './include.ts'

/** Columns of one row that are equal to columns of another, pair by pair. */
export interface Link {
  /** The columns of the table that is nearer to the owner of the relation. */
  readonly from: readonly string[]
  readonly to: readonly string[]
}

/** A relation of a table, as `relations()` has checked it. */
export interface Relation {
  readonly name: string
  readonly owner: TableDefinition
  readonly target: TableDefinition
  /** Tells whether it leads to one row at most. */
  readonly single: boolean
  /** Tells whether the columns of the owner point to the target; if not, columns at the other end point here. */
  readonly points: boolean
  /** Tells whether the one row has to be there. */
  readonly required: boolean
  /** From the owner to the target; by way of another table, from the owner to that table. */
  readonly link: Link
  /** The table between the two, with its own columns that point to the target. */
  readonly through?: { readonly table: TableDefinition; readonly link: Link } | undefined
  /** The value that a column of the table that points has to have, where rows of several tables are pointed to. */
  readonly only?: { readonly column: string; readonly value: string | number } | undefined
}

/** A relation to one row of one of several tables, which a column names. */
export interface Choice {
  readonly name: string
  readonly owner: TableDefinition
  readonly column: string
  /** The relations to the tables, by the values of the column; each is a relation of the owner, too, as `name.value`. */
  readonly alternatives: ReadonlyMap<string, Relation>
  /** Tells whether the row has to be there. */
  readonly required: boolean
}

/** The relations of a table, by their names. */
export interface TableRelations {
  readonly relations: ReadonlyMap<string, Relation>
  readonly choices: ReadonlyMap<string, Choice>
}

/** The relations of tables, by the names of the tables. */
export type Declarations = ReadonlyMap<string, TableRelations>

const declarations = new WeakMap<Expansion, Declarations>()

/** Returns what the relations of a schema were declared as. */
export const declarationsOf = (relations: Expansion): Declarations => declarations.get(relations)!

export declare const $declared: unique symbol

/** A relation to one row of the table `B`, by the columns `R`; `N` tells whether one of them may be null. */
export interface ToOne<out B, out R, out N> {
  readonly [$declared]: { readonly kind: 'one'; readonly target: B; readonly columns: R; readonly nullable: N }
}

/** A relation to rows of the table `B`. */
export interface ToMany<out B> {
  readonly [$declared]: { readonly kind: 'many'; readonly target: B }
}

/** A relation to one row of one of the tables of `A`, which the column `C` names. */
export interface ToOneOf<out C, out A> {
  readonly [$declared]: { readonly kind: 'one of'; readonly column: C; readonly alternatives: A }
}

/** The table between two others, whose foreign keys point to both. */
export interface Through {
  readonly through: TableRef<string, never>
  /** Its columns that point to the table of the relation, where several foreign keys do. */
  readonly from?: Key | readonly Key[]
  /** Its columns that point to the table at the other end, where several foreign keys do. */
  readonly to?: Key | readonly Key[]
}

/** A column and the value that it has to have for a relation: `[comment.kind, 'book']`. */
type Only = readonly [column: Key, value: string | number]

interface Options {
  readonly references?: unknown
  readonly where?: unknown
  readonly through?: unknown
  readonly from?: unknown
  readonly to?: unknown
  readonly inverse?: boolean
}

/** What `one` and `many` gather, until `relations` knows the owner. */
class Declaration {
  readonly kind: 'one' | 'many'
  readonly target: TableDefinition
  readonly columns: readonly Column[]
  readonly options: Options

  constructor(kind: 'one' | 'many', target: unknown, columns: readonly Column[], options: Options) {
    this.kind = kind
    this.target = definitionOf(target) ?? refuse(`${kind}(${show(target)}) takes a table() value.`)
    this.columns = columns
    this.options = options
  }
}

type Key = Column<string, unknown>
/** The names of columns with their table, `'book.author_id'`. */
type NameOf<C> = C extends Column<infer R, unknown> ? R : never
/** Tells whether one of the columns may be null. */
type IsNullable<C> = true extends (
  C extends Column<string, infer V>
    ? null extends SelectType<V>
      ? true
      : false
    : false
)
  ? true
  : false

/**
 * Declares a relation to one row: by a column of its own table, the row to which the column points; by a column of the
 * other table, which has to be unique, the row that points here. Several columns are given as a list, as in a foreign
 * key of several columns.
 *
 * `references` gives the columns at the other end where there is no foreign key. `inverse` tells that a column which
 * points to its own table is meant from the other end. `where: [comment.kind, 'book']` says what a column of the table
 * that points has to be, where rows of several tables are pointed to.
 *
 * @example
 * ```ts
 * const related = relations({ city: { country: one(country, city.country) } })
 * ```
 */
export function one<B extends string, C extends Key>(
  target: TableRef<B, never>,
  columns: C | readonly C[],
  options: { readonly references?: Key | readonly Key[]; readonly inverse?: boolean; readonly where?: Only } = {},
): ToOne<B, NameOf<C>, IsNullable<C>> {
  checkOptions('one()', options, ['references', 'inverse', 'where'])
  return new Declaration('one', target, columnsOf('one', columns), options) as never
}

/**
 * Declares a relation to many rows: those whose column points to the row here, or with `through`, those to which the
 * rows of a table between the two point.
 *
 * @example
 * ```ts
 * const related = relations({ country: { cities: many(city, city.country) } })
 * ```
 */
export function many<B extends string>(
  target: TableRef<B, never>,
  columns: Key | readonly Key[] | Through,
  options: { readonly references?: Key | readonly Key[]; readonly where?: Only } = {},
): ToMany<B> {
  checkOptions('many()', options, ['references', 'where'])
  const isThrough = typeof columns === 'object' && !(columns instanceof Column) && 'through' in columns
  if (isThrough) checkOptions('many()', columns, ['through', 'from', 'to'])
  const given = isThrough ? [] : columnsOf('many', columns)
  return new Declaration('many', target, given, isThrough ? (columns as Options) : options) as never
}

/** A declaration by `oneOf`, until `relations` knows the owner. */
class ChoiceDeclaration {
  readonly column: Column
  readonly alternatives: Readonly<Record<string, unknown>>

  constructor(column: unknown, alternatives: unknown) {
    this.column = column instanceof Column ? column : refuse(`oneOf(${show(column)}, …) takes a column first.`)
    const isObject = typeof alternatives === 'object' && alternatives !== null && Object.keys(alternatives).length > 0
    if (!isObject) refuse(`oneOf(…, ${show(alternatives)}) takes an object: { book: one(book, comment.subject_id) }.`)
    this.alternatives = alternatives as Readonly<Record<string, unknown>>
  }
}

/**
 * Declares a relation to one row of one of several tables: a column says which, by the names of the alternatives. The
 * row comes with the value of that column, which tells the type of the row. Each alternative is a relation of its own,
 * too: `subject.book`.
 *
 * @example
 * ```ts
 * const note = table('note', (c) => ({ kind: c.text(), city_id: c.integer(), code: c.text() }))
 * const related = relations({
 *   note: { subject: oneOf(note.kind, { city: one(city, note.city_id), country: one(country, note.code) }) },
 *   country: { notes: many(note, note.code, { references: country.cca2, where: [note.kind, 'country'] }) },
 * })
 * ```
 */
export function oneOf<C extends Key, const A extends Readonly<Record<string, ToOne<string, string, boolean>>>>(
  column: C,
  alternatives: A,
): ToOneOf<NameOf<C>, A> {
  return new ChoiceDeclaration(column, alternatives) as never
}

function columnsOf(owner: string, columns: unknown): readonly Column[] {
  const list: readonly unknown[] = Array.isArray(columns) ? columns : [columns]
  if (list.length === 0) refuse(`${owner}(…, []) names no column.`)
  return list.map((column) =>
    column instanceof Column ? column : refuse(`${owner}(…, ${show(column)}): give columns of a table() value.`),
  )
}

type AnyRelation = ToOne<string, string, boolean> | ToMany<string> | ToOneOf<string, unknown>

/** A relation of the table `T` as queries see it: a row that another points to need not be there. */
export type Declared<T, X> = X extends { readonly [$declared]: infer D }
  ? D extends { readonly kind: 'one'; readonly target: infer B; readonly columns: infer R; readonly nullable: infer N }
    ? RelationTo<B, N extends false ? (R extends `${T & string}.${string}` ? 'one' : 'maybe') : 'maybe'>
    : D extends { readonly target: infer B }
      ? RelationTo<B, 'many'>
      : D extends { readonly column: `${T & string}.${infer C}`; readonly alternatives: infer A }
        ? RelationToOneOf<{ readonly [N in keyof A]: TargetOf<A[N]> }, C, KindOf<A[keyof A]>>
        : never
  : never
type TargetOf<X> = X extends ToOne<infer B, string, boolean> ? B : never
/** One row is there if no alternative may be null. */
type KindOf<X> = [X] extends [ToOne<string, string, false>] ? 'one' : 'maybe'

/** The relations of the table `T`; those to the tables of a choice by names of their own, such as `subject.book`. */
export type DeclaredOf<T, M> = { readonly [N in keyof M]: Declared<T, M[N]> } & AlternativesIn<M>
type AlternativesIn<M> = [Extract<M[keyof M], ToOneOf<string, unknown>>] extends [never]
  ? unknown
  : { readonly [P in PathOf<M>]: P extends `${infer N}.${infer A}` ? AlternativeAt<M, N, A> : never }
type PathOf<M> = {
  [N in keyof M & string]: M[N] extends ToOneOf<string, infer A> ? `${N}.${keyof A & string}` : never
}[keyof M & string]
type AlternativeAt<M, N, K> = N extends keyof M
  ? M[N] extends ToOneOf<string, infer A>
    ? K extends keyof A
      ? RelationTo<TargetOf<A[K]>, 'maybe'>
      : never
    : never
  : never

/**
 * Declares how tables are related, by table and name: to be given in the schema of `kanta()` beside the tables.
 * `include()` and `eb.related()` read them.
 *
 * @throws KantaError `invalid_input` for columns that do not fit together, and for one row by columns that are not unique.
 *
 * @example
 * ```ts
 * const related = relations({
 *   country: { cities: many(city, city.country) },
 *   city: { country: one(country, city.country) },
 * })
 * const db = kanta({ driver: sqlite(':memory:'), schema: { country, city, related } })
 * ```
 */
export function relations<const M extends Readonly<Record<string, Readonly<Record<string, AnyRelation>>>>>(
  declared: M,
): Relations<{ readonly [T in keyof M]: DeclaredOf<T, M[T]> }> {
  if (typeof declared !== 'object' || declared === null || Array.isArray(declared))
    refuse(`relations(${show(declared)}) takes an object: { city: { country: one(country, city.country) } }.`)
  const found = new Map<string, TableRelations>()
  for (const [table, of] of Object.entries(declared)) {
    const named = new Map<string, Relation>()
    const choices = new Map<string, Choice>()
    for (const [name, declaration] of Object.entries(of)) {
      if (declaration instanceof ChoiceDeclaration) {
        const choice = choiceOf(table, name, declaration)
        choices.set(name, choice)
        for (const each of choice.alternatives.values()) named.set(each.name, each)
      } else named.set(name, relationOf(table, name, declaration))
    }
    found.set(table, { relations: named, choices })
  }
  provideRelations()
  const made: Expansion = {
    [EXPAND]: (statement, schema, dialect, args) => expandRelations(statement, found, schema, dialect, args),
  }
  declarations.set(made, found)
  return Object.freeze(made) as never
}

function relationOf(table: string, name: string, given: unknown): Relation {
  const where = `The relation '${name}' of '${table}'`
  if (!(given instanceof Declaration)) return refuse(`${where} is ${show(given)}. Make it by one() or many().`)
  const { kind, target, columns, options } = given
  if (options.through !== undefined) return throughOf(where, table, name, given)
  const from = ownerOf(columns[0]!)
  if (columns.some((column) => ownerOf(column) !== from)) refuse(`${where} has columns of more than one table.`)
  const names = columns.map((column) => column.name)
  const points = kind === 'one' && fullName(from) === table && options.inverse !== true
  if (points) {
    const to = endOf(where, from, names, target, options.references)
    checkTypes(where, from, names, target, to)
    if (!isUnique(target, to)) refuse(`${where} points to ${listed(target, to)}, which is not unique. Use many().`)
    const only = onlyOf(where, from, options.where)
    const required = only === undefined && names.every((column) => !from.columns.get(column)!.nullable)
    return { name, owner: from, target, single: true, points: true, required, link: { from: names, to }, only }
  }
  if (from !== target)
    return refuse(`${where} leads to '${fullName(target)}' by ${listed(from, names)}, a column of neither table.`)
  const owner = options.references === undefined ? undefined : ownerOf(columnsOf(kind, options.references)[0]!)
  const { table: nearer, columns: own } =
    owner === undefined
      ? pointedTo(where, from, names, (end) => fullName(end) === table)
      : { table: owner, columns: columnsOf(kind, options.references).map((column) => column.name) }
  if (fullName(nearer) !== table)
    refuse(`${where} is declared for '${table}', but its columns point to '${fullName(nearer)}'.`)
  checkTypes(where, from, names, nearer, own)
  const only = onlyOf(where, target, options.where)
  if (kind === 'one' && !isUnique(target, only === undefined ? names : [...names, only.column]))
    refuse(`${where} finds its row by ${listed(target, names)}, which is not unique. Use many(), or make it unique.`)
  return {
    name,
    owner: nearer,
    target,
    single: kind === 'one',
    points: false,
    required: false,
    link: { from: own, to: names },
    only,
  }
}

/** The column of the table that points, and what it has to be. */
function onlyOf(where: string, table: TableDefinition, given: unknown): Relation['only'] {
  if (given === undefined) return undefined
  const [column, value, ...more]: readonly unknown[] = Array.isArray(given) ? given : []
  const isValue = typeof value === 'string' || typeof value === 'number'
  if (!(column instanceof Column) || !isValue || more.length > 0)
    return refuse(`${where}: where takes a column and its value, such as [comment.kind, 'book'], not ${show(given)}.`)
  if (ownerOf(column) !== table)
    refuse(`${where}: where names '${column.name}', which is no column of '${fullName(table)}'.`)
  return { column: column.name, value }
}

function choiceOf(table: string, name: string, { column, alternatives }: ChoiceDeclaration): Choice {
  const where = `The relation '${name}' of '${table}'`
  const owner = ownerOf(column)
  if (fullName(owner) !== table) refuse(`${where} goes by '${column.name}', a column of '${fullName(owner)}'.`)
  const found = new Map<string, Relation>()
  for (const [value, declaration] of Object.entries(alternatives)) {
    const made = relationOf(table, `${name}.${value}`, declaration)
    if (!made.points || made.only !== undefined)
      refuse(`${where}: '${value}' has to be one() by columns of '${table}', without where.`)
    if (made.target.columns.has(column.name))
      refuse(
        `${where} gives '${column.name}' beside the columns of '${fullName(made.target)}', which has one of that name.`,
      )
    found.set(value, { ...made, required: false, only: { column: column.name, value } })
  }
  const names = [column.name, ...[...found.values()].flatMap(({ link }) => link.from)]
  const required = names.every((each) => !owner.columns.get(each)!.nullable)
  return { name, owner, column: column.name, alternatives: found, required }
}

function throughOf(where: string, table: string, name: string, { target, options }: Declaration): Relation {
  const between = definitionOf(options.through) ?? refuse(`${where}: through takes a table() value.`)
  const ends = between.foreignKeys.map((key) => ({ columns: key.columns, ...endOfKey(key) }))
  const end = (side: 'from' | 'to', what: string): (typeof ends)[number] => {
    const given = options[side] === undefined ? undefined : columnsOf('many', options[side])
    const own = given?.map((column) => (ownerOf(column) === between ? column.name : ''))
    const found = ends.filter(
      (key) => fullName(key.table) === what && (own === undefined || sameColumns(own, key.columns)),
    )
    if (found.length === 1) return found[0]!
    const number = found.length === 0 ? 'no foreign key' : 'several foreign keys'
    return refuse(
      `${where} goes through '${fullName(between)}', which has ${number} to '${what}'${own === undefined ? '' : ' by these columns'}. Give { through, from, to } with its columns.`,
    )
  }
  const toOwner = end('from', table)
  const toTarget = end('to', fullName(target))
  return {
    name,
    owner: toOwner.table,
    target,
    single: false,
    points: false,
    required: false,
    link: { from: toOwner.to, to: toOwner.columns },
    through: { table: between, link: { from: toTarget.columns, to: toTarget.to } },
  }
}

function endOfKey(key: TableDefinition['foreignKeys'][number]): { table: TableDefinition; to: readonly string[] } {
  const { table, columns } = key.references()
  return { table, to: columns }
}

/** The columns to which columns point: by a foreign key, else the primary key. */
function endOf(
  where: string,
  from: TableDefinition,
  names: readonly string[],
  target: TableDefinition,
  given: unknown,
): readonly string[] {
  if (given !== undefined) {
    const columns = columnsOf('one', given)
    if (columns.some((column) => ownerOf(column) !== target)) refuse(`${where} refers to columns of another table.`)
    return columns.map((column) => column.name)
  }
  for (const key of from.foreignKeys) {
    if (!sameColumns(key.columns, names)) continue
    const { table, columns } = key.references()
    if (table === target) return names.map((name) => columns[key.columns.indexOf(name)]!)
  }
  if (target.primaryKey.length !== names.length)
    refuse(
      `${where} has ${names.length} columns, but the key of '${fullName(target)}' has ${target.primaryKey.length}. Give { references }.`,
    )
  return target.primaryKey
}

/** The table and the columns to which columns point by a foreign key. */
function pointedTo(
  where: string,
  from: TableDefinition,
  names: readonly string[],
  fits: (end: TableDefinition) => boolean,
): { readonly table: TableDefinition; readonly columns: readonly string[] } {
  for (const key of from.foreignKeys) {
    if (!sameColumns(key.columns, names)) continue
    const { table, columns } = key.references()
    if (fits(table)) return { table, columns: names.map((name) => columns[key.columns.indexOf(name)]!) }
  }
  return refuse(
    `${where} finds no foreign key from ${listed(from, names)}. Add references() to the column, or give { references: … } here.`,
  )
}

const sameColumns = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name) => b.includes(name))

const listed = (table: TableDefinition, columns: readonly string[]): string =>
  columns.map((column) => `'${fullName(table)}.${column}'`).join(', ')

function checkTypes(
  where: string,
  from: TableDefinition,
  names: readonly string[],
  to: TableDefinition,
  others: readonly string[],
): void {
  if (names.length !== others.length)
    refuse(`${where} pairs ${names.length} columns with ${others.length}. Give as many on both sides.`)
  names.forEach((name, i) => {
    const a = from.columns.get(name)!
    const b = to.columns.get(others[i]!)!
    if (familyOf(a.type) !== familyOf(b.type))
      refuse(`${where} pairs ${listed(from, [name])} (${a.type}) with ${listed(to, [others[i]!])} (${b.type}).`)
  })
}

/** Types that compare with each other in every database. */
function familyOf(type: string): string {
  if (type === 'bigint') return 'integer'
  return type === 'varchar' || type === 'enum' ? 'text' : type
}

function isUnique(table: TableDefinition, columns: readonly string[]): boolean {
  const within = (key: readonly string[]): boolean => key.length > 0 && key.every((name) => columns.includes(name))
  return (
    within(table.primaryKey) ||
    table.uniques.some((key) => within(key.columns)) ||
    table.indexes.some((index) => index.unique && index.where === undefined && within(index.columns))
  )
}
