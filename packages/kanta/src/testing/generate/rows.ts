import { KantaError } from '../../error/index.ts'
import { comparable, isTemporal, type NumberDomain, sizeOf, storedNumber, unitOfTime } from './domain.ts'
import { evaluate, type Value } from './expression.ts'
import { KeySet } from './keys.ts'
import { type CheckModel, type ColumnModel, constantsOf, type ForeignKeyModel, type TableModel } from './model.ts'
import { isOwnNullable, type Linking } from './order.ts'
import { hashOf, randomAt, shuffled, skewed } from './random.ts'
import type { Parents, ValueSource } from './source.ts'
import { isLink, type Link, type Slot, UniquePlan } from './unique-plan.ts'
import { interesting, sampleOf, valueAt } from './values.ts'

/** The parts from which the rows of a table are made. */
export interface RowSettings {
  readonly seed: number | string
  readonly count: number
  readonly linking: ReadonlyMap<ForeignKeyModel, Linking>
  /** Is true if all rows have about as many children. */
  readonly isEven: boolean
  readonly sources: Readonly<Record<string, ValueSource>>
  parentsOf(key: ForeignKeyModel): Parents
  /** The rows that the table has already, as they are stored. */
  readonly existing: readonly (readonly unknown[])[]
}

/** The number of rows that are tried until one meets all constraints. */
const TRIES = 300
/** The number of combinations of the values of a unique constraint that are tried one after another. */
const COMBINATIONS = 20_000

const FIRST = Date.UTC(2020, 0, 1)
const SPAN = Date.UTC(2025, 0, 1) - FIRST

/** Makes the rows of a table, each from nothing but the seed and its number. */
export class TableRows implements Parents {
  readonly model: TableModel
  readonly count: number
  readonly slots: readonly Slot[]
  readonly #settings: RowSettings
  readonly #byName: ReadonlyMap<string, Slot>
  readonly #links: readonly Link[]
  readonly #laterLinks: readonly Link[]
  readonly #free: readonly Slot[]
  readonly #temporal: readonly Slot[]
  readonly #generated: readonly Slot[]
  readonly #plan: UniquePlan
  readonly #constants: ReadonlyMap<CheckModel, readonly unknown[]>
  /** Rows that the database found to meet a check that cannot be read here. */
  readonly #pools: { readonly slots: readonly Slot[]; readonly rows: readonly (readonly unknown[])[] }[] = []
  /** The columns that other tables refer to, of rows that can be made in order only. */
  readonly #recorded = new Map<string, unknown[]>()
  #times: number[] = []
  /** The columns that rows of the table itself refer to, of the rows made so far. */
  readonly #history = new Map<string, unknown[]>()
  readonly #chosen = new Map<Link, number | null>()
  #sizes = new Map<Slot, number>()
  #depth = 0
  #isRecorded = false
  #isAskedEarly = false
  #row: unknown[] = []
  #forced = new Map<Slot, unknown>()
  #forcedLinks = new Map<Link, number | null>()
  #i = 0
  #try = 0
  #place = 0
  #time = 0
  #skipped = 0

  constructor(model: TableModel, settings: RowSettings) {
    this.model = model
    this.#settings = settings
    this.count = settings.count
    const seed = hashOf(`${settings.seed}/${model.name}`)
    this.slots = [...model.columns.values()].map((column, index) => {
      const stream = hashOf(column.name, seed)
      const source = settings.sources[column.name]
      const draw = (draw: number): number => randomAt(stream, this.#i, draw + this.#try * 64)
      return { model: column, index, stream, source, draw }
    })
    this.#byName = new Map(this.slots.map((slot) => [slot.model.name, slot]))
    const links = this.#makeLinks(seed)
    this.#links = links.filter(({ key }) => settings.linking.get(key) !== 'later')
    this.#laterLinks = links.filter(({ key }) => settings.linking.get(key) === 'later')
    const linked = new Set(links.flatMap(({ slots }) => slots))
    this.#generated = this.slots.filter(({ model }) => model.generated !== undefined)
    this.#free = this.slots.filter((slot) => !linked.has(slot) && slot.model.generated === undefined)
    this.#constants = new Map(model.checks.map((check) => [check, constantsOf(check)]))
    this.#plan = new UniquePlan(model.uniques, {
      columns: model.columns,
      slots: this.#byName,
      count: this.count,
      existing: settings.existing.length,
      checks: model.checks.length,
      free: this.#free,
      links: this.#links,
      laterLinks: this.#laterLinks,
      isChecked: (slots) => this.#isChecked(slots),
      refuse: (what, columns, advice) => this.#refusal(what, columns, advice),
    })
    if (this.isTried) for (const unique of this.#plan.placed) this.#plan.sets.push(new KeySet(unique, model.columns))
    this.#temporal = this.#free
      .filter((slot) => rankOf(slot.model.name) >= 0)
      .filter((slot) => isTemporal(slot.model.domain) && slot.source === undefined && !this.#plan.isFixed(slot))
      .sort((a, b) => rankOf(a.model.name) - rankOf(b.model.name))
    this.#restart()
  }

  /** Tells whether a row has to be tried, since its constraints are not met by the way it is made. */
  get isTried(): boolean {
    return (
      this.#plan.sets.length > 0 || this.model.checks.length > 0 || this.#links.some(({ shared }) => shared.length > 0)
    )
  }

  get columns(): readonly ColumnModel[] {
    return this.slots.map(({ model }) => model)
  }

  /** Refuses columns for which no value is known. */
  check(): void {
    for (const slot of this.#free) {
      const { name, domain, nullable, hasDefault, type } = slot.model
      if (slot.source !== undefined || this.isLeftOut(slot.model)) continue
      if (sizeOf(domain) > 0 || nullable || hasDefault) continue
      throw this.#refusal(
        domain.kind === 'unknown'
          ? `the column '${name}' is of the type '${type}', for which it knows no values`
          : `the checks leave no value for the column '${name}'`,
        [name],
        `Give a function for it: values: { ${JSON.stringify(this.model.name)}: { ${JSON.stringify(name)}: (n) => … } }.`,
      )
    }
    for (const { key, parents, nullable, isSelf } of this.#links)
      if (parents.count === 0 && this.count > 0 && nullable.length === 0 && !isSelf)
        throw this.#refusal(
          `${key.label} needs a row of '${key.target}', which has none`,
          key.columns,
          `Add it: rows: { ${JSON.stringify(key.target)}: 1 }.`,
        )
  }

  /** Tells whether the database fills in a column by itself. */
  isLeftOut({ generated, isAlwaysNumbered, domain, hasDefault, nullable }: ColumnModel): boolean {
    if (generated !== undefined || isAlwaysNumbered) return true
    return domain.kind === 'unknown' && (hasDefault || nullable)
  }

  /**
   * Makes rows one after another. The array is used again for the next row.
   *
   * @throws KantaError `invalid_input` that names the constraint that no row met.
   */
  *rows(): Generator<readonly unknown[]> {
    this.#restart()
    for (let i = 0; i < this.count; i++) {
      if (this.isTried) this.#find(i)
      else this.#make(i, 0, i + this.#settings.existing.length)
      for (const [column, list] of this.#history) list.push(this.#row[this.#byName.get(column)!.index])
      yield this.#row
    }
  }

  /** Makes all rows once, and keeps what is asked of single rows later. */
  record(columns: readonly string[]): void {
    const kept = this.slots.filter(({ model, source }) => columns.includes(model.name) || source !== undefined)
    for (const { model } of kept) this.#recorded.set(model.name, [])
    const lists = kept.map((slot) => [slot.index, this.#recorded.get(slot.model.name)!] as const)
    const times: number[] = []
    const recorded = new Map(this.#recorded)
    this.#recorded.clear()
    const wasAskedEarly = this.#isAskedEarly
    for (const row of this.rows()) {
      for (const [index, list] of lists) list.push(row[index])
      times.push(this.#time)
    }
    for (const [name, list] of recorded) this.#recorded.set(name, list)
    this.#times = times
    this.#isRecorded = true
    // A cycle has asked for keys before it was known that some are passed over.
    if (this.#skipped > 0 && wasAskedEarly)
      throw this.#refusal(
        'its rows are part of a cycle of keys that are not null, and have constraints that only trying can meet',
        columns,
        'Make a column of the cycle nullable.',
      )
  }

  cell(column: string, row: number): unknown {
    if (!this.#isRecorded) this.#isAskedEarly = true
    const recorded = this.#recorded.get(column) ?? this.#history.get(column)
    if (recorded !== undefined && row < recorded.length) return recorded[row]
    const slot = this.#byName.get(column)!
    return this.#apart(row, () => {
      if (this.#plan.carriers.has(slot)) return valueAt(slot.model, row + this.#settings.existing.length, slot.draw)
      this.#make(row, 0, row + this.#settings.existing.length)
      return this.#row[slot.index]
    })
  }

  timeAt(row: number): number {
    if (this.#times.length > 0) return this.#times[row]!
    if (this.#temporal.length === 0) return FIRST
    return this.#apart(row, () => {
      this.#make(row, 0, row + this.#settings.existing.length)
      return this.#time
    })
  }

  /** Returns what the later foreign keys of a row become. */
  later(row: readonly unknown[], i: number): readonly (readonly [ColumnModel, unknown])[] {
    return this.#laterLinks.flatMap((link) => {
      const { key, parents, slots, nullable } = link
      if (parents.count === 0 || this.#isChecked(slots)) return []
      const isUnique = this.model.uniques.some(({ columns }) => columns.some((name) => key.columns.includes(name)))
      if (isUnique && this.count > parents.count && i >= parents.count) return []
      if (randomAt(link.stream, i, 1) < 0.1) return []
      const fixed = slots.flatMap((slot, at) => (nullable.includes(slot) ? [] : [at]))
      const matching = fixed.length === 0 ? undefined : this.#matching(link, row, fixed)
      if (matching?.length === 0) return []
      const random = randomAt(link.stream, i)
      const place = isUnique ? link.place(i) : link.place(this.#choose(random, parents.count))
      const parent = matching === undefined ? place : matching[Math.floor(random * matching.length)]!
      if (isUnique && matching !== undefined) return []
      return nullable.map((slot) => {
        const target = key.targetColumns[key.columns.indexOf(slot.model.name)]!
        return [slot.model, parents.cell(target, parent)] as const
      })
    })
  }

  get hasLater(): boolean {
    return this.#laterLinks.length > 0
  }

  /** The checks that only the database can judge, with rows to try. */
  get unreadChecks(): readonly CheckModel[] {
    return this.model.checks.filter(({ expression, columns }) => {
      if (expression !== undefined) return false
      return columns.some((name) => this.#byName.get(name)!.source === undefined)
    })
  }

  /** Returns rows that a check may let in. */
  candidates(check: CheckModel, from: number, count: number): readonly (readonly unknown[])[] {
    const slots = check.columns.map((name) => this.#byName.get(name)!)
    return Array.from({ length: count }, (_, n) =>
      this.#apart(from + n, () => {
        this.#force(check, from + n)
        this.#make(from + n, 0, from + n)
        this.#forced.clear()
        return slots.map(({ index }) => this.#row[index])
      }),
    )
  }

  /** Takes what the database lets in for the columns of a check. */
  usePool(check: CheckModel, rows: readonly (readonly unknown[])[]): void {
    const slots = check.columns.map((name) => this.#byName.get(name)!)
    const isFree = slots.every((slot) => this.#free.includes(slot) && !this.#plan.isFixed(slot))
    if (rows.length === 0 || !isFree)
      throw this.#refusal(
        rows.length === 0
          ? `no row that it tried meets ${check.label}`
          : `it cannot read ${check.label}, whose columns are part of a key`,
        check.columns,
        `Give functions for its columns in values: { ${JSON.stringify(this.model.name)}: { … } }.`,
      )
    this.#pools.push({ slots, rows })
  }

  // --- planning ---

  #makeLinks(seed: number): Link[] {
    const keys = this.model.foreignKeys
      .filter(({ columns }) => !columns.every((name) => this.#settings.sources[name] !== undefined))
      .toSorted((a, b) => b.columns.length - a.columns.length)
    const before = new Set<string>()
    return keys.map((key) => {
      const slots = key.columns.map((name) => this.#byName.get(name)!)
      const isSelf = key.target === this.model.name
      const parents = isSelf ? this : this.#settings.parentsOf(key)
      const shared = key.columns.flatMap((name, i) => (before.has(name) ? [i] : []))
      if (this.#settings.linking.get(key) !== 'later') for (const name of key.columns) before.add(name)
      const nullable = slots.filter(({ model }) => isOwnNullable(this.model, key, model.name))
      const stream = hashOf(key.columns.join(), seed)
      const place = parents.count > 0 ? shuffled(stream, parents.count) : (index: number) => index
      const isBefore = this.#settings.linking.get(key) === 'with row'
      return { key, slots, isSelf, isBefore, parents, nullable, stream, shared, place, matches: undefined }
    })
  }

  #isChecked(slots: readonly Slot[]): boolean {
    return this.model.checks.some(({ columns }) => slots.some(({ model }) => columns.includes(model.name)))
  }

  // --- making ---

  #restart(): void {
    this.#skipped = 0
    this.#history.clear()
    if (this.isTried)
      for (const { key, isSelf } of this.#links)
        if (isSelf) for (const column of key.targetColumns) this.#history.set(column, [])
    for (const set of this.#plan.sets) {
      set.clear()
      for (const row of this.#settings.existing) this.#addKey(set, row)
    }
  }

  #addKey(set: KeySet, row: readonly unknown[]): void {
    const key = set.keyOf(
      (name) => row[this.#byName.get(name)!.index],
      (name) => this.#comparable(this.#byName.get(name)!, row),
    )
    if (key !== undefined) set.add(key)
  }

  #comparable = ({ index, model }: Slot, row: readonly unknown[]): Value => comparable(row[index], model.domain)

  /** Makes a row while another one may be under way. */
  #apart<T>(i: number, work: () => T): T {
    const row = this.#row
    const at = this.#i
    const attempt = this.#try
    const place = this.#place
    const time = this.#time
    const forced = this.#forced
    const links = this.#forcedLinks
    this.#row = []
    this.#forced = new Map()
    this.#forcedLinks = new Map()
    this.#i = i
    this.#try = 0
    if (this.#depth++ > 100)
      throw this.#refusal(
        'its keys refer to each other in a cycle',
        this.model.primaryKey,
        'Give functions for them in values.',
      )
    try {
      return work()
    } finally {
      this.#depth--
      this.#row = row
      this.#i = at
      this.#try = attempt
      this.#place = place
      this.#time = time
      this.#forced = forced
      this.#forcedLinks = links
    }
  }

  /** Makes a row that meets its constraints. */
  #find(i: number): void {
    let failed: Failure | undefined
    const offset = this.#settings.existing.length
    const bumps = offset + TRIES * 4
    for (let attempt = 0, bumped = 0; attempt < TRIES; ) {
      this.#i = i
      this.#try = attempt
      this.#forced.clear()
      if (failed?.check !== undefined) this.#force(failed.check, i * TRIES + attempt)
      this.#make(i, attempt, i + offset + this.#skipped)
      const next = this.#failure()
      if (next === undefined) return this.#accept()
      failed = next
      const isPlaced = this.#isPlaced(next.columns)
      // A check may let in nothing of a long stretch, which longer and longer steps pass over.
      if (isPlaced) this.#skipped += next.set === undefined && attempt > 20 ? 2 ** (attempt % 16) : 1
      // Places that older rows have are passed over without counting.
      if (isPlaced && next.set !== undefined && bumped < bumps) bumped++
      else attempt++
    }
    if (failed?.set !== undefined && this.#enumerate(i, failed.set)) return
    this.#forced.clear()
    this.#forcedLinks.clear()
    throw this.#refusal(
      `${failed!.label} was not met by any of the rows that it tried for row ${i + 1}`,
      failed!.columns,
      'Ask for fewer rows, or give functions for the columns in values.',
    )
  }

  #accept(): void {
    this.#forced.clear()
    for (const set of this.#plan.sets) this.#addKey(set, this.#row)
  }

  #isPlaced(columns: readonly string[]): boolean {
    const slots = columns.map((name) => this.#byName.get(name)!)
    return (
      slots.some((slot) => this.#plan.isFixed(slot)) ||
      [...this.#plan.injective, ...this.#plan.groups.flatMap(({ variables }) => variables.filter(isLink))].some(
        (link) => link.slots.some((slot) => slots.includes(slot)),
      )
    )
  }

  #failure(): Failure | undefined {
    const row = (name: string): Value => this.#comparable(this.#byName.get(name)!, this.#row)
    for (const link of this.#links)
      if (link.shared.length > 0 && !this.#isLinked(link)) return { label: link.key.label, columns: link.key.columns }
    for (const check of this.model.checks) {
      if (check.expression === undefined || this.#readsUnknown(check.columns)) continue
      const value = evaluate(check.expression, row)
      if (value === false || value === 0) return { label: check.label, columns: check.columns, check }
    }
    const stored = (name: string): unknown => this.#row[this.#byName.get(name)!.index]
    for (const set of this.#plan.sets) {
      const key = set.keyOf(stored, row)
      if (key !== undefined && set.has(key)) return { label: set.unique.label, columns: set.unique.columns, set }
    }
    return undefined
  }

  /** Generated columns that only the database computes. */
  #readsUnknown = (columns: readonly string[]): boolean =>
    columns.some((name) => this.#byName.get(name)!.model.generated === null)

  /** Tries the combinations of values of a unique constraint one after another. */
  #enumerate(i: number, set: KeySet): boolean {
    const { variables } = this.#plan.variables(set.unique.columns.map((name) => this.#byName.get(name)!))
    const movable = variables.filter((each) => isLink(each) || !this.#plan.carriers.has(each))
    const sizes = movable.map((each) => (isLink(each) ? each.parents.count : sizeOf(each.model.domain)))
    const total = Math.min(
      COMBINATIONS,
      sizes.reduce((product, size) => product * size, 1),
    )
    for (let n = 0; n < total; n++) {
      this.#forced.clear()
      this.#forcedLinks.clear()
      let rest = n
      for (const [at, each] of movable.entries()) {
        const digit = rest % sizes[at]!
        rest = Math.floor(rest / sizes[at]!)
        if (isLink(each)) this.#forcedLinks.set(each, digit)
        else this.#forced.set(each, valueAt(each.model, digit, each.draw))
      }
      if (this.#isMet(i, n)) return true
    }
    const nullable = set.unique.columns.map((name) => this.#byName.get(name)!).filter(({ model }) => model.nullable)
    for (const slot of nullable) {
      this.#forced.clear()
      this.#forcedLinks.clear()
      const link = this.#links.find(({ slots }) => slots.includes(slot))
      if (link === undefined) this.#forced.set(slot, null)
      else this.#forcedLinks.set(link, null)
      for (let n = 0; n < 20; n++) if (this.#isMet(i, n)) return true
    }
    return false
  }

  #isMet(i: number, attempt: number): boolean {
    this.#i = i
    this.#try = attempt
    this.#make(i, attempt, i + this.#settings.existing.length + this.#skipped)
    if (this.#failure() !== undefined) return false
    this.#forcedLinks.clear()
    this.#accept()
    return true
  }

  /** Gives the columns of a check values that its text names, null, or those of each other. */
  #force(check: CheckModel, n: number): void {
    const slots = check.columns.map((name) => this.#byName.get(name)!)
    const free = slots.filter(
      (slot) => this.#free.includes(slot) && !this.#plan.inGroup(slot) && slot.source === undefined,
    )
    for (const [at, slot] of free.entries()) {
      // The database has chosen its values.
      if (this.#pools.some(({ slots: pooled }) => pooled.includes(slot))) continue
      const random = randomAt(slot.stream, n, 1000 + at)
      const how = Math.floor(randomAt(slot.stream, n, 2000 + at) * 5)
      const others = this.#row.length > 0 ? slots.flatMap(({ index }) => this.#row[index] ?? []) : []
      const values = interesting(slot.model, how < 3 ? this.#constants.get(check)! : others, slot.draw)
      if (how === 4 && slot.model.nullable) this.#forced.set(slot, null)
      else if (values.length > 0 && at !== n % (free.length + 1))
        this.#forced.set(slot, values[Math.floor(random * values.length)])
    }
  }

  /** Makes a row, which may break constraints that the way it is made does not see to. */
  #make(i: number, attempt: number, place: number): void {
    this.#row = new Array(this.slots.length).fill(null)
    this.#i = i
    this.#try = attempt
    this.#place = place
    this.#time = FIRST + (SPAN * 0.6 * i) / this.count
    for (const link of this.#links) this.#link(link)
    for (const slot of this.#free) this.#row[slot.index] = this.#value(slot)
    this.#order()
    for (const { slots, rows } of this.#pools) {
      const found = rows[Math.floor(slots[0]!.draw(50) * rows.length)]!
      for (const [at, { index }] of slots.entries()) this.#row[index] = found[at]
    }
    for (const [slot, value] of this.#forced) this.#row[slot.index] = value
    this.#source()
    const row = (name: string): Value => this.#comparable(this.#byName.get(name)!, this.#row)
    for (const { model, index } of this.#generated)
      if (model.generated !== null) this.#row[index] = evaluate(model.generated!, row)
  }

  #source(): void {
    for (const slot of this.slots) {
      if (slot.source === undefined) continue
      const recorded = this.#recorded.get(slot.model.name)
      if (recorded !== undefined) {
        this.#row[slot.index] = recorded[this.#i]
        continue
      }
      // A function is called once for each row, not again where a row is looked at.
      if (this.#depth > 0) continue
      let draws = 0
      const given = slot.source(this.#i + 1, { random: () => slot.draw(draws++) })
      if (given === undefined)
        throw this.#refusal(
          `the function for the column '${slot.model.name}' returned undefined`,
          [slot.model.name],
          'Return a value, or null.',
        )
      const { codec } = slot.model
      this.#row[slot.index] = given === null || codec === undefined ? given : codec.encode(given)
    }
  }

  #value(slot: Slot): unknown {
    const { model, source } = slot
    if (source !== undefined || this.isLeftOut(model)) return null
    if (this.#plan.carriers.has(slot)) return valueAt(model, this.#place % this.#sizeOf(slot), slot.draw)
    const digit = this.#plan.digit(slot, this.#place)
    if (digit !== undefined) return valueAt(model, digit, slot.draw)
    if (model.nullable && slot.draw(40) < 0.1) return null
    if (sizeOf(model.domain) === 0) return null
    return sampleOf(model, slot.draw)
  }

  #sizeOf(slot: Slot): number {
    const size = this.#sizes.get(slot) ?? sizeOf(slot.model.domain)
    this.#sizes.set(slot, size)
    return size
  }

  /** Refers to a parent, or to none. */
  #link(link: Link): void {
    const { key, parents, slots, shared } = link
    const parent = this.#parent(link)
    if (shared.length > 0) this.#chosen.set(link, parent)
    if (parent === null) return
    if (link.isSelf && parent === this.#i) return this.#linkToItself(link)
    if (!link.isSelf && link.isBefore && this.#temporal.length > 0)
      this.#time = Math.max(this.#time, parents.timeAt(parent))
    for (const [at, slot] of slots.entries()) {
      if (shared.includes(at)) continue
      this.#row[slot.index] = parents.cell(key.targetColumns[at]!, parent)
    }
  }

  /** The first row of a table that has to refer to itself. */
  #linkToItself({ key, slots }: Link): void {
    for (const [at, slot] of slots.entries()) {
      const target = this.#byName.get(key.targetColumns[at]!)!
      if (target === slot) continue
      this.#row[target.index] ??= this.#value(target)
      this.#row[slot.index] = this.#row[target.index]
    }
  }

  #parent(link: Link): number | null {
    const { parents, nullable, stream, isSelf, shared, place } = link
    const forced = this.#forcedLinks.get(link)
    if (forced !== undefined) return forced
    const random = randomAt(stream, this.#i, this.#try * 64)
    const isUnique = this.#plan.injective.has(link)
    if (isSelf) return this.#selfParent(link, random)
    if (parents.count === 0) return null
    if (isUnique) return this.#place < parents.count ? place(this.#place) : place(this.#place % parents.count)
    const digit = this.#plan.digit(link, this.#place)
    if (digit !== undefined) return digit
    if (nullable.length > 0 && randomAt(stream, this.#i, this.#try * 64 + 1) < 0.1) return null
    if (shared.length > 0) {
      const matching = this.#matching(link, this.#row, shared)
      if (matching.length > 0) return matching[Math.floor(random * matching.length)]!
      if (nullable.length > 0) return null
    }
    return place(this.#choose(random, parents.count))
  }

  /** Chooses one of several parents. */
  #choose = (random: number, count: number): number =>
    this.#settings.isEven ? Math.floor(random * count) : skewed(random, count)

  #selfParent(link: Link, random: number): number | null {
    const { nullable, key, stream, shared } = link
    if (shared.length > 0) return this.#selfMatch(link)
    const isUnique = this.model.uniques.some(({ columns }) => columns.every((name) => key.columns.includes(name)))
    if (nullable.length === 0) return isUnique || this.#i === 0 ? this.#i : Math.floor(random * this.#i)
    if (this.#i === 0 || randomAt(stream, this.#i, this.#try * 64 + 1) < 0.1) return null
    return isUnique ? this.#i - 1 : Math.floor(random * this.#i)
  }

  /** Looks for a row before this one that has the values that other keys have set already. */
  #selfMatch({ nullable, key, stream, shared, slots }: Link): number | null {
    for (let n = 0; n < 30 && this.#i > 0; n++) {
      const parent = Math.floor(randomAt(stream, this.#i, this.#try * 64 + n) * this.#i)
      if (
        shared.every((at) => String(this.cell(key.targetColumns[at]!, parent)) === String(this.#row[slots[at]!.index]))
      )
        return parent
    }
    return nullable.length > 0 ? null : this.#i
  }

  /** Returns the parents that have the values that other keys have set already. */
  #matching(link: Link, row: readonly unknown[], at: readonly number[]): readonly number[] {
    const { key, parents, slots } = link
    if (link.matches === undefined) {
      link.matches = new Map()
      for (let parent = 0; parent < parents.count; parent++) {
        const text = JSON.stringify(at.map((i) => String(parents.cell(key.targetColumns[i]!, parent))))
        const list = link.matches.get(text)
        if (list === undefined) link.matches.set(text, [parent])
        else list.push(parent)
      }
    }
    return link.matches.get(JSON.stringify(at.map((i) => String(row[slots[i]!.index])))) ?? []
  }

  /** Tells whether a key that shares columns with others refers to a row. */
  #isLinked(link: Link): boolean {
    if (link.slots.some(({ index }) => this.#row[index] === null)) return true
    const chosen = this.#chosen.get(link) ?? null
    if (link.isSelf && chosen === this.#i) return true
    if (chosen === null) return !link.isSelf && this.#matching(link, this.#row, link.shared).length > 0
    return link.slots.every(
      ({ index }, at) => String(link.parents.cell(link.key.targetColumns[at]!, chosen)) === String(this.#row[index]),
    )
  }

  /** Puts dates in the order that their names tell, from the moment on at which the row can exist. */
  #order(): void {
    let time = this.#time
    const left = FIRST + SPAN - time
    for (const [n, slot] of this.#temporal.entries()) {
      if (this.#row[slot.index] === null) continue
      const domain = slot.model.domain as NumberDomain
      const unit = unitOfTime(domain)
      const share = n === 0 ? 0.3 : 0.2
      const step = domain.step * unit
      const next = Math.ceil((time + slot.draw(0) * left * share) / step) * step
      const number = next / unit
      if (number < domain.min || number > domain.max) continue
      if (domain.usual[0] * unit === FIRST || domain.form !== 'date') time = next
      if (n === 0) this.#time = time
      this.#row[slot.index] = storedNumber(Math.floor(number), domain, slot.model.codec)
    }
  }

  #refusal(what: string, columns: readonly string[], advice: string): KantaError {
    return new KantaError(
      'invalid_input',
      `generate() cannot make ${this.count} rows of '${this.model.name}': ${what}. ${advice}`,
      { table: this.model.name, columns },
    )
  }
}

interface Failure {
  readonly label: string
  readonly columns: readonly string[]
  readonly check?: CheckModel
  readonly set?: KeySet
}

/** Returns where a date stands among those of its row: what begins, what changes, what ends. */
function rankOf(name: string): number {
  if (/birth|born/i.test(name)) return -1
  if (/creat|start|begin|open|from|order|sign|register|insert/i.test(name)) return 0
  if (/delet|end|finish|clos|expir|until|valid_to|cancel|complete|due/i.test(name)) return 2
  return 1
}
