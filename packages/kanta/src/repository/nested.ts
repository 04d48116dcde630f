import { KantaError, refuse } from '../error/index.ts'
import type { DatabaseHandle } from '../extend/internal/index.ts'
import { fullName } from '../ir/index.ts'
import { type Relation, relationsOf } from '../relations/index.ts'
import { show } from '../sql/index.ts'
import type { TableDefinition } from '../table/index.ts'
import { isPlain, keyOfRow, keyText, mapColumns, pick, uniqueKeyOf, uniqueKeysIn } from './key.ts'
import { linkTo } from './link.ts'
import { atomically, isDuplicateKeyError, Rows, type Values } from './rows.ts'
import type { Place, RowValidator } from './validate.ts'

/** The verbs in the order in which they are done: what makes room comes first. */
const VERBS = ['set', 'disconnect', 'delete', 'create', 'connect', 'connectOrCreate', 'update', 'upsert'] as const
type Verb = (typeof VERBS)[number]
type Verbs = Readonly<Partial<Record<Verb, unknown>>>

/** The data of a row, apart from what is to be done with the rows of its relations. */
export interface SplitData {
  readonly columns: Values
  readonly related: readonly (readonly [Relation, Verbs])[]
}

/**
 * Splits data into columns and relations.
 *
 * @throws KantaError `invalid_input` for what is no object, and for verbs that there are not.
 */
export function splitData(db: DatabaseHandle, table: TableDefinition, data: unknown): SplitData {
  if (!isPlain(data)) return refuse(`The data of '${fullName(table)}' are an object of columns, not ${show(data)}.`)
  const relations = relationsOf(db as never, fullName(table))
  const related: (readonly [Relation, Verbs])[] = []
  const columns: [string, unknown][] = []
  for (const [name, value] of Object.entries(data)) {
    const relation = table.columns.has(name) ? undefined : relations.get(name)
    if (relation === undefined) columns.push([name, value])
    else if (value !== undefined) related.push([relation, checkVerbs(relation, value)])
  }
  return { columns: Object.fromEntries(columns), related }
}

function checkVerbs(relation: Relation, value: unknown): Verbs {
  const verbs = isPlain(value) ? Object.keys(value).filter((verb) => value[verb] !== undefined) : []
  const unknown = verbs.find((verb) => !VERBS.includes(verb as Verb))
  if (!isPlain(value) || verbs.length === 0 || unknown !== undefined)
    return refuse(
      `${titleOf(relation)}: ${unknown === undefined ? show(value) : `'${unknown}'`} is nothing that can be done. Give one of ${VERBS.join(', ')}.`,
    )
  if (relation.points && verbs.length > 1)
    refuse(`${titleOf(relation)} leads to one row, and cannot ${verbs.join(' and ')} at once.`)
  return value
}

const titleOf = ({ owner, name }: Relation): string => `The relation '${fullName(owner)}.${name}'`

/** A row that can be inserted: it points to rows that are there, and has passed the schema of its table. */
interface ReadyRow {
  readonly row: Values
  readonly related: SplitData['related']
  readonly place: Place
}

/** Writes rows together with those of their relations, in the transaction of its handle. */
export class NestedWriter {
  readonly #db: DatabaseHandle
  readonly #validator: RowValidator

  constructor(db: DatabaseHandle, validator: RowValidator) {
    this.#db = db
    this.#validator = validator
  }

  /** Inserts a row: first the rows to which it points, then itself, then those that point to it. */
  async create(table: TableDefinition, data: unknown, place: Place = [], link: Values = {}): Promise<Values> {
    return this.#insert(table, await this.#ready(table, data, place, link))
  }

  async #ready(table: TableDefinition, data: unknown, place: Place, link: Values): Promise<ReadyRow> {
    const { columns, related } = splitData(this.#db, table, data)
    let written = withLink(table, columns, {}, link)
    for (const [relation, verbs] of related) {
      if (!relation.points) continue
      const end = await this.#pointTo(relation, verbs, undefined, [...place, relation.name])
      written = withLink(table, columns, written, end.columns)
    }
    return { row: await this.#validator.validated('create', table, columns, place, written), related, place }
  }

  async #insert(table: TableDefinition, { row, related, place }: ReadyRow): Promise<Values> {
    const made = await this.#rows(table).insert(row)
    await this.#writeChildren(related, made, place)
    return made
  }

  /**
   * Changes the row with a key together with those of its relations; `undefined` if there is none. `change` changes its
   * own columns.
   */
  async update(
    table: TableDefinition,
    key: Values,
    { columns, related }: SplitData,
    place: Place,
    change: (changes: Values) => Promise<Values | undefined>,
  ): Promise<Values | undefined> {
    const rows = this.#rows(table)
    const current = await rows.lockOne(rows.with(key))
    if (current === undefined) return undefined
    let written: Values = {}
    const later: (() => Promise<unknown>)[] = []
    for (const [relation, verbs] of related) {
      if (!relation.points) continue
      const end = await this.#pointTo(relation, verbs, current, [...place, relation.name])
      written = withLink(table, columns, written, end.columns)
      if (end.later !== undefined) later.push(end.later)
    }
    // A row that already points where it should is not written for that.
    const moved = Object.fromEntries(Object.entries(written).filter(([column, value]) => value !== current[column]))
    const made = await change(await this.#changes(table, key, { columns, related }, place, moved))
    if (made === undefined) return undefined
    for (const each of later) await each()
    await this.#writeChildren(related, made, place)
    return made
  }

  /** The changes of the row itself, as its schema gives them; there may be none where only relations are written. */
  async #changes(
    table: TableDefinition,
    key: Values,
    { columns, related }: SplitData,
    place: Place,
    written: Values,
  ): Promise<Values> {
    const given = presentIn(columns)
    const isEmpty = Object.keys({ ...given, ...written }).length === 0
    if (isEmpty && related.length > 0) return {}
    return withoutKey(table, key, await this.#validator.validated('update', table, given, place, written))
  }

  /** Changes a row that is there. */
  async #updateFound(table: TableDefinition, row: Values, data: unknown, place: Place): Promise<Values> {
    const rows = this.#rows(table)
    const key = keyOfRow(table, row)
    const split = splitData(this.#db, table, data)
    const made = await this.update(table, key, split, place, async (columns) =>
      Object.keys(columns).length === 0 ? row : rows.update(key, columns),
    )
    return made ?? notFound(table, key)
  }

  #rows(table: TableDefinition): Rows {
    return new Rows(this.#db, table)
  }

  /** Finds a row that the policies show, and locks it. */
  async #visible(table: TableDefinition, given: unknown): Promise<Values> {
    const rows = this.#rows(table)
    const key = uniqueKeyOf(this.#db, table, given)
    return (await rows.lockOne(rows.with(key))) ?? notFound(table, key)
  }

  /**
   * Finds the row that has a key, or creates it, although others do the same at the same time: `keyOf` gives the key of
   * the row that could not be inserted.
   */
  async #findOrCreate(
    table: TableDefinition,
    key: Values,
    keyOf: (row: Values) => Values,
    ready: (writer: NestedWriter) => Promise<ReadyRow>,
  ): Promise<{ readonly row: Values; readonly created: boolean }> {
    const rows = this.#rows(table)
    // Not locked: on MariaDB, the lock of a row that is not there keeps others from inserting it.
    const found = await rows.find(rows.with(key))
    if (found !== undefined) return { row: found, created: false }
    let sought = key
    try {
      const row = await atomically(this.#db, async (trx) => {
        const writer = new NestedWriter(trx, this.#validator)
        const next = await ready(writer)
        sought = keyOf(next.row)
        return writer.#insert(table, next)
      })
      return { row, created: true }
    } catch (error) {
      if (!isDuplicateKeyError(error)) throw error
      const other = await rows.findWinner(rows.with(sought))
      if (other === undefined) throw error
      return { row: other, created: false }
    }
  }

  #connectOrCreate(
    table: TableDefinition,
    data: unknown,
    place: Place,
    link: Values = {},
  ): Promise<{ readonly row: Values; readonly created: boolean }> {
    const { columns } = splitData(this.#db, table, data)
    const known = uniqueKeysIn(this.#db, table)
    const key = known.find((names) => names.every((name) => columns[name] !== undefined))
    if (key === undefined) {
      const keys = known.map((names) => `{ ${names.join(', ')} }`)
      return refuse(`connectOrCreate of '${fullName(table)}' finds its row by a unique key. Give ${keys.join(' or ')}.`)
    }
    const unique = uniqueKeyOf(this.#db, table, pick(columns, key))
    // A schema may write another key than the one that was given, such as one without spaces around.
    const keyOf = (row: Values): Values => pick(row, key)
    return this.#findOrCreate(table, unique, keyOf, (writer) => writer.#ready(table, data, place, link))
  }

  /** Does what is asked of the row to which a row points; gives the columns that point, and what is done afterwards. */
  async #pointTo(
    relation: Relation,
    verbs: Verbs,
    current: Values | undefined,
    place: Place,
  ): Promise<{ readonly columns: Values; readonly later?: () => Promise<unknown> }> {
    const { target, link, only } = relation
    const [verb] = VERBS.filter((name) => verbs[name] !== undefined) as [Verb]
    const given = verbs[verb]
    const which = only === undefined ? {} : { [only.column]: only.value }
    const to = (row: Values) => ({ columns: { ...mapColumns(row, link.to, link.from), ...which } })
    switch (verb) {
      case 'create':
        return to(await this.create(target, given, place))
      case 'connect':
        return to(await this.#visible(target, given))
      case 'connectOrCreate':
        return to((await this.#connectOrCreate(target, given, place)).row)
      case 'set':
        if (given !== null) return to(await this.#visible(target, given))
    }
    if (current === undefined) return refuse(`${titleOf(relation)}: a new row has nothing to ${verb} there.`)
    const nothing = Object.fromEntries(link.from.map((column) => [column, null]))
    const isOther = only !== undefined && current[only.column] !== only.value
    if (verb === 'set') return { columns: isOther ? {} : nothing }
    const row = await this.#pointedTo(relation, current)
    if (verb === 'upsert') {
      const { create, update } = partsOf(relation, verb, given, ['create', 'update'])
      if (row === undefined) return to(await this.create(target, create, place))
      return to(await this.#updateFound(target, row, update, place))
    }
    if (row === undefined) return notRelated(relation, current)
    if (verb === 'update') return to(await this.#updateFound(target, row, given, place))
    if (given !== true) refuse(`${titleOf(relation)}: ${verb} takes true, not ${show(given)}.`)
    if (verb === 'disconnect') return { columns: nothing }
    return { columns: nothing, later: () => this.#remove(target, row) }
  }

  /** The row to which a row points, if the policies show it. */
  async #pointedTo({ target, link, only }: Relation, current: Values): Promise<Values | undefined> {
    if (only !== undefined && current[only.column] !== only.value) return undefined
    const key = mapColumns(current, link.from, link.to)
    if (Object.values(key).some((value) => value === null)) return undefined
    const rows = this.#rows(target)
    return rows.lockOne(rows.with(key))
  }

  async #remove(table: TableDefinition, row: Values): Promise<void> {
    const key = keyOfRow(table, row)
    if ((await this.#rows(table).delete(key)) === undefined) notFound(table, key)
  }

  async #writeChildren(related: SplitData['related'], owner: Values, place: Place): Promise<void> {
    for (const [relation, verbs] of related) {
      if (relation.points) continue
      for (const verb of VERBS) {
        const given = verbs[verb]
        if (given === undefined) continue
        const here = [...place, relation.name]
        if (verb === 'set') await this.#setChildren(relation, owner, given, here)
        else if (!Array.isArray(given)) await this.#writeChild(relation, owner, verb, given, here)
        else
          for (const [i, item] of itemsOf(relation, verb, given).entries())
            await this.#writeChild(relation, owner, verb, item, [...here, i])
      }
    }
  }

  async #writeChild(
    relation: Relation,
    owner: Values,
    verb: Exclude<Verb, 'set'>,
    given: unknown,
    place: Place,
  ): Promise<void> {
    const { target } = relation
    const link = linkTo(this.#db, relation, owner, this.#validator)
    switch (verb) {
      case 'create':
        return link.attachNew(await this.create(target, given, place, link.columns), place)
      case 'connect':
        return link.attach(await this.#visible(target, given), place)
      case 'connectOrCreate': {
        const { row, created } = await this.#connectOrCreate(target, given, place, link.columns)
        return created ? link.attachNew(row, place) : link.attach(row, place)
      }
      case 'disconnect':
        return link.detach(await this.#child(relation, owner, given), place)
      case 'delete': {
        const row = await this.#child(relation, owner, given)
        await link.unlink(row)
        return this.#remove(target, row)
      }
      case 'update': {
        const { where, data } = relation.single
          ? { where: true, data: given }
          : partsOf(relation, verb, given, ['where', 'data'])
        await this.#updateFound(target, await this.#child(relation, owner, where), data, place)
        return
      }
      case 'upsert':
        return this.#upsertChild(relation, owner, given, place)
    }
  }

  async #upsertChild(relation: Relation, owner: Values, given: unknown, place: Place): Promise<void> {
    const { target, single } = relation
    const link = linkTo(this.#db, relation, owner, this.#validator)
    const names = single ? (['create', 'update'] as const) : (['where', 'create', 'update'] as const)
    const { where, create, update } = partsOf(relation, 'upsert', given, names)
    const key = single ? link.columns : uniqueKeyOf(this.#db, target, where)
    const ready = (writer: NestedWriter): Promise<ReadyRow> => writer.#ready(target, create, place, link.columns)
    const found = this.#findOrCreate(target, key, () => key, ready)
    const { row, created } = await found.catch((cause: unknown) => {
      throw hiddenError(target, key, cause)
    })
    if (created) return link.attachNew(row, place)
    if (!(await link.has(row))) return notRelated(relation, key)
    await this.#updateFound(target, row, update, place)
  }

  /** Finds a row of a relation by its key; of a relation to one row, that row. */
  async #child(relation: Relation, owner: Values, given: unknown): Promise<Values> {
    const link = linkTo(this.#db, relation, owner, this.#validator)
    if (relation.single) {
      if (given !== true) refuse(`${titleOf(relation)} leads to one row: give true, not ${show(given)}.`)
      const [row] = await link.all()
      return row ?? notRelated(relation, owner)
    }
    const row = await this.#visible(relation.target, given)
    return (await link.has(row)) ? row : notRelated(relation, keyOfRow(relation.target, row))
  }

  /** Makes the rows of a relation those that are given, and touches only the difference. */
  async #setChildren(relation: Relation, owner: Values, given: unknown, place: Place): Promise<void> {
    const { target, single } = relation
    const keys = single && given === null ? [] : itemsOf(relation, 'set', given)
    const link = linkTo(this.#db, relation, owner, this.#validator)
    const wanted = new Map<string, { readonly row: Values; readonly place: Place }>()
    for (const [i, key] of keys.entries()) {
      const row = await this.#visible(target, key)
      wanted.set(keyText(target, row), { row, place: single ? place : [...place, i] })
    }
    for (const row of await link.all()) if (!wanted.delete(keyText(target, row))) await link.detach(row, place)
    for (const each of wanted.values()) await link.attach(each.row, each.place)
  }
}

/** The items of a verb: one, or for relations to many rows a list of them. */
function itemsOf(relation: Relation, verb: Verb, given: unknown): readonly unknown[] {
  if (!Array.isArray(given)) return [given]
  return relation.single ? refuse(`${titleOf(relation)} leads to one row: ${verb} takes no list.`) : given
}

function partsOf<const N extends string>(
  relation: Relation,
  verb: Verb,
  given: unknown,
  names: readonly N[],
): Readonly<Record<string, unknown>> {
  const keys = isPlain(given) ? Object.keys(given) : []
  if (!isPlain(given) || keys.length !== names.length || names.some((name) => given[name] === undefined))
    return refuse(`${titleOf(relation)}: ${verb} takes { ${names.join(', ')} }, not ${show(given)}.`)
  return given
}

/** Adds the columns that a relation writes to those of other relations; the data cannot have other values for them. */
function withLink(table: TableDefinition, columns: Values, written: Values, link: Values): Values {
  const row = { ...columns, ...written }
  const twice = Object.keys(link).find((column) => row[column] !== undefined && row[column] !== link[column])
  if (twice !== undefined)
    refuse(`The data of '${fullName(table)}' give '${twice}' twice: as a column and by a relation. Leave one out.`)
  return { ...written, ...link }
}

/** Returns the columns that have a value: `undefined` changes nothing. */
export const presentIn = (columns: Values): Values =>
  Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined))

/**
 * Returns changes without the columns of the key.
 *
 * @throws KantaError `invalid_input` if they would change the key.
 */
export function withoutKey(table: TableDefinition, key: Values, changes: Values): Values {
  const rest: Record<string, unknown> = { ...changes }
  for (const column of table.primaryKey) {
    if (!(column in rest)) continue
    if (keyText(table, { ...key, [column]: rest[column] }) !== keyText(table, key))
      refuse(`The key of a row cannot change: '${column}' of '${fullName(table)}'. Create another row.`)
    delete rest[column]
  }
  return rest
}

const shown = (key: Values): string =>
  Object.entries(key)
    .map(([name, value]) => `${name} ${show(value)}`)
    .join(', ')

function notFound(table: TableDefinition, key: Values): never {
  throw new KantaError('not_found', `'${fullName(table)}' has no row with ${shown(key)}.`, { table: fullName(table) })
}

function notRelated(relation: Relation, key: Values): never {
  const table = fullName(relation.target)
  throw new KantaError('not_found', `${titleOf(relation)} leads to no such row: ${shown(key)}.`, { table })
}

/** The error of an upsert whose key belongs to a row that the policies hide. */
function hiddenError(table: TableDefinition, key: Values, cause: unknown): unknown {
  const columns = cause instanceof KantaError && isDuplicateKeyError(cause) ? cause.columns : undefined
  const isKey = columns?.length === Object.keys(key).length && columns.every((column) => column in key)
  if (!isKey) return cause
  return new KantaError(
    'policy',
    `A row of '${fullName(table)}' with ${shown(key)} exists, but the policies of this database hide it.`,
    { cause, table: fullName(table) },
  )
}
