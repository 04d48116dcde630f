import { KantaError } from '../error/index.ts'
import type { DatabaseHandle } from '../extend/internal/index.ts'
import type { Relation } from '../relations/index.ts'
import { keyOfRow, mapColumns } from './key.ts'
import { Rows, type Values } from './rows.ts'
import type { Place, RowValidator } from './validate.ts'

/**
 * The tie of the rows at the other end of a relation to one row. What a tie writes passes the schema of its table:
 * places say where it was asked for.
 */
export interface RelationLink {
  /** The columns of a new row at the other end that tie it. */
  readonly columns: Values
  /** Returns all rows at the other end, locked. */
  all(): Promise<readonly Values[]>
  has(row: Values): Promise<boolean>
  attach(row: Values, place: Place): Promise<void>
  /** Ties a row that was created with `columns`. */
  attachNew(row: Values, place: Place): Promise<void>
  detach(row: Values, place: Place): Promise<void>
  /** Unties a row that is deleted next. */
  unlink(row: Values): Promise<void>
}

/** Returns how the rows of a relation are tied to its owner. */
export const linkTo = (db: DatabaseHandle, relation: Relation, owner: Values, validator: RowValidator): RelationLink =>
  relation.through === undefined
    ? new ForeignKeyLink(db, relation, owner, validator)
    : new ThroughLink(db, relation, relation.through, owner, validator)

/** Rows whose own columns point to the owner. */
class ForeignKeyLink implements RelationLink {
  readonly columns: Values
  readonly #link: Relation['link']
  readonly #rows: Rows
  readonly #validator: RowValidator

  constructor(db: DatabaseHandle, { target, link, only }: Relation, owner: Values, validator: RowValidator) {
    this.#rows = new Rows(db, target)
    this.#validator = validator
    this.#link = link
    this.columns = {
      ...mapColumns(owner, link.from, link.to),
      ...(only !== undefined && { [only.column]: only.value }),
    }
  }

  all(): Promise<readonly Values[]> {
    return this.#rows.lock(this.#rows.with(this.columns))
  }

  async has(row: Values): Promise<boolean> {
    const key = keyOfRow(this.#rows.table, row)
    return (await this.#rows.find(this.#rows.with({ ...key, ...this.columns }))) !== undefined
  }

  async attach(row: Values, place: Place): Promise<void> {
    if (!(await this.has(row))) await this.#point(row, this.columns, place)
  }

  async attachNew(): Promise<void> {}

  detach(row: Values, place: Place): Promise<void> {
    return this.#point(row, Object.fromEntries(this.#link.to.map((column) => [column, null])), place)
  }

  async unlink(): Promise<void> {}

  async #point(row: Values, columns: Values, place: Place): Promise<void> {
    const { table } = this.#rows
    const changes = await this.#validator.validated('update', table, {}, place, columns)
    const count = await this.#rows.updateAll(this.#rows.with(keyOfRow(table, row)), changes)
    if (count === 0)
      throw new KantaError('not_found', `A row of '${this.#rows.name}' is gone.`, { table: this.#rows.name })
  }
}

/** Rows to which the rows of a table between the two point. */
class ThroughLink implements RelationLink {
  readonly columns: Values = {}
  readonly #through: NonNullable<Relation['through']>
  readonly #between: Rows
  readonly #targets: Rows
  readonly #owner: Values
  readonly #validator: RowValidator

  constructor(
    db: DatabaseHandle,
    relation: Relation,
    through: NonNullable<Relation['through']>,
    owner: Values,
    validator: RowValidator,
  ) {
    this.#validator = validator
    this.#through = through
    this.#between = new Rows(db, through.table)
    this.#targets = new Rows(db, relation.target)
    this.#owner = mapColumns(owner, relation.link.from, relation.link.to)
  }

  async all(): Promise<readonly Values[]> {
    const { from, to } = this.#through.link
    const found: Values[] = []
    for (const tie of await this.#between.lock(this.#between.with(this.#owner)))
      found.push(...(await this.#targets.lock(this.#targets.with(mapColumns(tie, from, to)))))
    return found
  }

  async has(row: Values): Promise<boolean> {
    return (await this.#between.find(this.#between.with(this.#tie(row)))) !== undefined
  }

  async attach(row: Values, place: Place): Promise<void> {
    if (await this.has(row)) return
    const tie = this.#tie(row)
    await this.#between.insert(await this.#validator.validated('create', this.#between.table, {}, place, tie))
  }

  attachNew(row: Values, place: Place): Promise<void> {
    return this.attach(row, place)
  }

  async detach(row: Values): Promise<void> {
    await this.#between.deleteAll(this.#between.with(this.#tie(row)))
  }

  unlink(row: Values): Promise<void> {
    return this.detach(row)
  }

  /** The columns of the row between the owner and a row. */
  #tie(row: Values): Values {
    const { from, to } = this.#through.link
    return { ...this.#owner, ...mapColumns(row, to, from) }
  }
}
