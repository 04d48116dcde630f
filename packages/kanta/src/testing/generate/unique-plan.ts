import type { KantaError } from '../../error/index.ts'
import { sizeOf } from './domain.ts'
import { KeySet } from './keys.ts'
import type { ColumnModel, ForeignKeyModel, UniqueModel } from './model.ts'
import { hashOf, randomAt } from './random.ts'
import type { Parents, ValueSource } from './source.ts'

/** A column, with its place in a row and its random numbers. */
export interface Slot {
  readonly model: ColumnModel
  readonly index: number
  readonly stream: number
  readonly source: ValueSource | undefined
  draw(draw: number): number
}

/** A foreign key, with the rows that it can refer to. */
export interface Link {
  readonly key: ForeignKeyModel
  readonly slots: readonly Slot[]
  /** The columns that are null where the key refers to nothing. */
  readonly nullable: readonly Slot[]
  readonly parents: Parents
  readonly isSelf: boolean
  /** Tells whether the rows that it refers to are written before. */
  readonly isBefore: boolean
  readonly stream: number
  /** The columns that another key before this one has set. */
  readonly shared: readonly number[]
  readonly place: (index: number) => number
  matches: Map<string, number[]> | undefined
}

/** One of several variables that together make rows unique. */
export type Variable = Slot | Link
export const isLink = (variable: Variable): variable is Link => 'key' in variable

/** Variables that take each combination of their values once. */
interface Group {
  readonly variables: readonly Variable[]
  readonly sizes: readonly number[]
  readonly gap: number
}

/** The facts of the table whose rows are made. */
interface World {
  readonly columns: ReadonlyMap<string, ColumnModel>
  readonly slots: ReadonlyMap<string, Slot>
  readonly count: number
  /** The number of rows that the table has already. */
  readonly existing: number
  /** The number of conditions that have to be tried. */
  readonly checks: number
  readonly free: readonly Slot[]
  readonly links: readonly Link[]
  readonly laterLinks: readonly Link[]
  isChecked(slots: readonly Slot[]): boolean
  refuse(what: string, columns: readonly string[], advice: string): KantaError
}

/** The way in which the rows of a table meet its unique constraints: by their places where that is possible, else by trying. */
export class UniquePlan {
  /** The columns that have another value at each place. */
  readonly carriers: Set<Slot> = new Set()
  /** The foreign keys that refer to another row at each place. */
  readonly injective: Set<Link> = new Set()
  /** The variables that have another combination of values at each place. */
  readonly groups: Group[] = []
  /** The keys of the rows so far, of the constraints that rows may break. */
  readonly sets: KeySet[] = []
  /** The unique constraints that hold by the places of rows, as long as no place is passed over. */
  readonly placed: UniqueModel[] = []
  readonly #world: World

  constructor(uniques: readonly UniqueModel[], world: World) {
    this.#world = world
    for (const unique of uniques) this.plan(unique)
  }

  isFixed(slot: Slot): boolean {
    return this.carriers.has(slot) || this.groups.some(({ variables }) => variables.includes(slot))
  }

  /** Decides how rows meet a unique constraint. */
  plan(unique: UniqueModel): void {
    const { columns } = this.#world
    const total = this.#world.count + this.#world.existing
    const slots = unique.columns.map((name) => this.#world.slots.get(name)!)
    if (slots.some(({ model }) => model.isAlwaysNumbered)) return
    const free = slots.filter((slot) => this.#world.free.includes(slot) && slot.source === undefined)
    const hasSource = slots.some(({ source }) => source !== undefined)
    const isPlain = unique.expressions === undefined
    // A condition that holds for some rows only leaves more room than the domains say.
    const wide = free
      .filter(
        ({ model }) =>
          sizeOf(model.domain) >= total * 2 || (isPlain && sizeOf(model.domain) >= total && this.#world.checks === 0),
      )
      .filter(({ model }) => isPlain || model.domain.kind === 'text' || model.domain.kind === 'number')
    const carrier =
      wide.find((slot) => this.carriers.has(slot)) ??
      wide.find((slot) => !this.#world.isChecked([slot]) && slot.model.domain.kind !== 'bytes') ??
      wide[0]
    const isSearched = this.#world.existing > 0 || !isPlain || hasSource
    if (carrier !== undefined) {
      this.carriers.add(carrier)
      if (isSearched || this.#world.isChecked([carrier])) this.sets.push(new KeySet(unique, columns))
      return
    }
    const { variables, isWhole } = this.variables(slots)
    const sizes = variables.map((variable) =>
      isLink(variable) ? variable.parents.count : sizeOf(variable.model.domain),
    )
    const capacity = sizes.reduce((product, size) => product * size, 1)
    const canBeNull = slots.some(({ model }) => model.nullable)
    if (isWhole && isPlain && !hasSource && capacity < this.#world.count && unique.where === undefined && !canBeNull)
      throw this.#world.refuse(
        `${unique.label} leaves room for ${capacity} rows`,
        unique.columns,
        'Ask for fewer rows, or for more rows of the tables that they refer to.',
      )
    if (slots.some((slot) => this.#world.laterLinks.some((link) => link.slots.includes(slot)))) return
    const isTaken = variables.some((each) => this.#isUsed(each)) || !isWhole || isSearched || unique.where !== undefined
    if (isTaken || capacity < total) {
      this.sets.push(new KeySet(unique, columns))
      return
    }
    const [only] = variables
    if (variables.length === 1 && isLink(only!)) this.injective.add(only)
    else this.groups.push({ variables, sizes, gap: Math.max(1, Math.floor(capacity / (this.#world.count * 2))) })
    this.placed.push(unique)
  }

  #isUsed(variable: Variable): boolean {
    if (isLink(variable))
      return this.injective.has(variable) || variable.shared.length > 0 || variable.isSelf || this.inGroup(variable)
    return this.isFixed(variable)
  }

  inGroup = (variable: Variable): boolean => this.groups.some(({ variables }) => variables.includes(variable))

  /** The variables that set columns, and whether rows of other values differ in these columns. */
  variables(slots: readonly Slot[]): { readonly variables: Variable[]; readonly isWhole: boolean } {
    const variables: Variable[] = []
    const covered = new Set<Slot>()
    for (const link of this.#world.links)
      if (link.slots.every((slot) => slots.includes(slot)) && !link.slots.every((slot) => covered.has(slot))) {
        variables.push(link)
        for (const slot of link.slots) covered.add(slot)
      }
    for (const slot of slots)
      if (!covered.has(slot) && this.#world.free.includes(slot)) {
        variables.push(slot)
        covered.add(slot)
      }
    return { variables, isWhole: slots.every((slot) => covered.has(slot)) }
  }

  /** Returns the place of a value of a variable in the combination that its group has for the row. */
  digit(variable: Variable, place: number): number | undefined {
    for (const { variables, sizes, gap } of this.groups) {
      const at = variables.indexOf(variable)
      if (at < 0) continue
      const index = place * gap + Math.floor(randomAt(hashOf('group'), place) * gap)
      const below = sizes.slice(at + 1).reduce((product, size) => product * size, 1)
      return Math.floor(index / below) % sizes[at]!
    }
    return undefined
  }
}
