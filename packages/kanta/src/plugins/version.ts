import { checkOptions, KantaError, refuse } from '../error/index.ts'
import type { Plugin } from '../extend/index.ts'
import { type DatabaseHandle, ownPlugin, schemaOf } from '../extend/internal/index.ts'
import type { AnyInfo, Cells, ExpressionScope, Info, NoTables, TableCells, UpdateRow } from '../face/index.ts'
import { literal, type Row, sameName, type TableReference, tablePolicy } from '../guard/index.ts'
import { splitName } from '../ir/index.ts'
import { checkName, show } from '../sql/index.ts'
import type { Selectable, TableDefinition } from '../table/index.ts'
import type { HasTables } from './soft-delete/index.ts'
import { listsAnywhere, nameGiven, tableNames } from './table-list.ts'

/** Options of `version()`. */
export interface VersionOptions<N extends string = string> {
  /** The tables; by default those of the schema that have the column. */
  readonly tables?: readonly N[] | undefined
  /** The column that counts the changes of a row; `version` by default. */
  readonly column?: string | undefined
}

/** One row that is changed only if nobody else changed it since it was read. */
export interface VersionedRow<R> {
  /**
   * Changes the row and returns its new version.
   *
   * @throws KantaError `conflict` if the row has another version, `not_found` if it does not exist.
   */
  update(changes: UpdateRow<R, ExpressionScope<Info<{}>, NoTables, keyof R & string, Cells<R>>>): Promise<number>
  /**
   * Deletes the row.
   *
   * @throws KantaError `conflict` if the row has another version, `not_found` if it does not exist.
   */
  delete(): Promise<void>
}

/** The methods that `version()` adds to a database. */
export interface Versioned {
  /**
   * Selects one row by its key, to change it only if it still has the expected version.
   *
   * @throws KantaError `invalid_input` for a table without versions and for a key that several rows may have.
   *
   * @example
   * ```ts
   * const versioned = await createExecutor(db, [version({ tables: ['draft'] })])
   * const rename = (known: number) => versioned.ifVersion('draft', { id: 7 }, known).update({ title: 'Turku' })
   * ```
   */
  ifVersion<I extends AnyInfo, B extends I['names']>(
    this: HasTables<I>,
    table: B,
    key: Partial<Selectable<TableCells<I, B>['row']>>,
    expected: number | bigint,
  ): VersionedRow<TableCells<I, B>['row']>
}

const NAME = 'version'

interface Settled {
  readonly tables: readonly string[] | undefined
  readonly column: string
}

/**
 * Counts the changes of each row for optimistic locking, so that nobody overwrites the changes of another. A new row
 * has version 1, and every update adds one; `db.ifVersion()` changes or deletes a row only if it has the expected
 * version.
 *
 * @throws KantaError `plugin` when the database opens if no table is known; `policy` for a statement that writes the column.
 *
 * @example
 * ```ts
 * import { kanta, table } from 'kanta'
 * import { version } from 'kanta/plugins'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const page = table('page', (c) => ({ id: c.integer().primaryKey(), text: c.text(), version: c.integer().default(1) }))
 * const db = kanta({ driver: sqlite(':memory:'), schema: { page }, plugins: [version()] })
 * await db.schema.createTable(page).execute()
 *
 * await db.insertInto('page').values({ id: 1, text: 'Hello' }).execute()
 * await db.ifVersion('page', { id: 1 }, 1).update({ text: 'Hello, world' }) // 2
 * ```
 */
export function version<const N extends string = never>(options: VersionOptions<N> = {}): Plugin<Versioned, N> {
  checkOptions(`${NAME}()`, options, ['tables', 'column'])
  const settled: Settled = {
    tables: options.tables === undefined ? undefined : tableNames(NAME, 'tables', options.tables),
    column: options.column === undefined ? 'version' : nameGiven(NAME, 'column', options.column),
  }
  const { column, tables } = settled
  const rule = {
    inserts: { [column]: { value: () => literal(1), userValue: 'refuse' } },
    updates: {
      [column]: {
        value: (row: Row) => ({ kind: 'binary', left: row(column), op: '+', right: literal(1) }) as const,
        userValue: 'refuse',
      },
    },
  } as const
  const added = {
    ifVersion(this: DatabaseHandle, table: string, key: Record<string, unknown>, expected: unknown) {
      return new OneVersion(this, settled, table, key, expected)
    },
  }
  return ownPlugin({
    name: NAME,
    names: tables?.map((table) => ({ table })),
    policies: [
      tablePolicy({
        name: NAME,
        tables,
        rule: (table, _, runValues) => (isVersioned(settled, table, runValues.surroundings.schema) ? rule : undefined),
      }),
    ],
    extend: (db: DatabaseHandle) => {
      checkTables(settled, schemaOf(db))
      return added as never
    },
  })
}

type Definitions = ReadonlyMap<string, TableDefinition>

function isVersioned({ tables, column }: Settled, table: TableReference, schema: Definitions): boolean {
  if (tables !== undefined) return listsAnywhere(tables, table)
  const definition = table.definition ?? [...schema.values()].find((one) => sameName(one.name, table.name))
  return definition?.columns.has(column) === true
}

function checkTables({ tables, column }: Settled, schema: Definitions): void {
  const fail = (message: string): never => {
    throw new KantaError('plugin', message)
  }
  if (tables === undefined && schema.size === 0)
    fail("The plugin 'version' does not know the tables of this database. List them: version({ tables: ['page'] }).")
  if (tables === undefined && ![...schema.values()].some((one) => one.columns.has(column)))
    fail(`No table of the schema has a column '${column}'. Add it, or give its name: version({ column: '…' }).`)
  for (const one of schema.values())
    if (tables?.includes(one.name) === true && !one.columns.has(column))
      fail(`The table '${one.name}' has no column '${column}', which the plugin 'version' writes. Add it.`)
}

/** One row with its expected version. */
class OneVersion {
  readonly #db: DatabaseHandle
  readonly #column: string
  readonly #table: string
  readonly #key: Readonly<Record<string, unknown>>
  readonly #expected: number | bigint

  constructor(db: DatabaseHandle, settled: Settled, table: string, key: unknown, expected: unknown) {
    checkName(table, 'a table')
    const schema = schemaOf(db)
    const definition = schema.get(table)
    const { name, schema: of } = splitName(table)
    if (!isVersioned(settled, { name, schema: of, definition }, schema))
      refuse(`The rows of '${table}' have no versions. Add the table to the plugin '${NAME}'.`)
    if (!Number.isSafeInteger(expected) && typeof expected !== 'bigint')
      refuse(`ifVersion('${table}', …, ${show(expected)}) takes the version that the row had when it was read.`)
    this.#db = db
    this.#column = settled.column
    this.#table = table
    this.#key = checkKey(table, key, definition)
    this.#expected = expected as number | bigint
  }

  async update(changes: Record<string, unknown>): Promise<number> {
    const update = this.#only(this.#db.updateTable(this.#table).set(changes))
    const result = (await update.executeTakeFirst()) as { readonly numUpdatedRows: bigint }
    await this.#check(result.numUpdatedRows)
    return Number(this.#expected) + 1
  }

  async delete(): Promise<void> {
    const remove = this.#only(this.#db.deleteFrom(this.#table))
    const result = (await remove.executeTakeFirst()) as { readonly numDeletedRows: bigint }
    await this.#check(result.numDeletedRows)
  }

  /** Restricts a statement to the row with the expected version. */
  #only<Q extends { where(...condition: unknown[]): Q }>(query: Q): Q {
    return this.#row(query).where(`${this.#table}.${this.#column}`, '=', this.#expected)
  }

  #row<Q extends { where(...condition: unknown[]): Q }>(query: Q): Q {
    return Object.entries(this.#key).reduce(
      (now, [name, value]) => now.where(this.#db.dynamic.ref(`${this.#table}.${name}`), '=', value),
      query,
    )
  }

  /** Throws the reason if no row was changed. */
  async #check(count: bigint): Promise<void> {
    if (count > 0n) return
    const table = this.#table
    const select = this.#db.selectFrom(table).select(`${table}.${this.#column} as version`)
    const found = (await this.#row(select).executeTakeFirst()) as { readonly version: unknown } | undefined
    const which = Object.entries(this.#key)
      .map(([name, value]) => `${name} ${show(value)}`)
      .join(', ')
    if (found === undefined) throw new KantaError('not_found', `'${table}' has no row with ${which}.`, { table })
    const [expected, actual] = [this.#expected, found.version as number | bigint]
    throw new KantaError(
      'conflict',
      `The row of '${table}' with ${which} has version ${String(actual)}, not ${expected}: another transaction changed it. Read it again.`,
      { table, expected, actual },
    )
  }
}

/** Checks that a key names all columns of the primary key or of a unique constraint, if the table has a definition. */
function checkKey(
  table: string,
  key: unknown,
  definition: TableDefinition | undefined,
): Readonly<Record<string, unknown>> {
  if (typeof key !== 'object' || key === null || Array.isArray(key) || Object.keys(key).length === 0)
    return refuse(`ifVersion('${table}', ${show(key)}, …) takes the key of a row, such as { id: 7 }.`)
  for (const [name, value] of Object.entries(key))
    if (value === undefined || value === null) refuse(`ifVersion('${table}', …): the key has no value for '${name}'.`)
  if (definition !== undefined) {
    const keys = [definition.primaryKey, ...definition.uniques.map((unique) => unique.columns)]
    const names = Object.keys(key)
    const isKey = (columns: readonly string[]): boolean =>
      columns.length === names.length && columns.every((name) => names.includes(name))
    if (!keys.some(isKey))
      refuse(
        `ifVersion('${table}', { ${names.join(', ')} }, …) may mean several rows. Give a key: ${keys
          .filter((columns) => columns.length > 0)
          .map((columns) => `{ ${columns.join(', ')} }`)
          .join(' or ')}.`,
      )
  }
  return Object.freeze({ ...key })
}
