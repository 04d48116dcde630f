import { KantaError, refuse } from '../../error/index.ts'
import type { NamedTable, Plugin } from '../../extend/index.ts'
import { type DatabaseHandle, exempt, ownPlugin, pluginsOf, policiesOf, schemaOf } from '../../extend/internal/index.ts'
import type { AnyInfo, Delete, One, TableCells, TransactionBuilder, Update } from '../../face/index.ts'
import type { TableReference } from '../../guard/index.ts'
import { checkName } from '../../sql/index.ts'
import { cascading } from './cascade.ts'
import { type Settled, type SoftDeleteOptions, settle } from './option.ts'
import { checkDefinitions, isSoft, tableIn } from './reference.ts'
import { type Act, keyOf, NAME, PLAIN, type Sight, SoftPolicies, type State, tieOf } from './rule.ts'

/** A database with known tables. */
export interface HasTables<I extends AnyInfo> {
  transaction(): TransactionBuilder<I['db'], I>
}

/** The names of the tables of a database. */
type NamesOf<D> = D extends HasTables<infer I> ? I['names'] : never

type Refs<I extends AnyInfo, B extends string> =
  | `${B}.${keyof TableCells<I, B>['row'] & string}`
  | (keyof TableCells<I, B>['row'] & string)

/** The methods that `softDelete()` adds to a database. */
export interface SoftDeleted {
  /**
   * Returns the database with deleted rows included, of some tables or of all.
   *
   * @example
   * ```ts
   * const live = await createExecutor(db, [softDelete({ tables: ['draft'] })])
   * live.withDeleted().selectFrom('draft').select('title').compile().sql // select "title" from "draft"
   * ```
   */
  withDeleted<D>(this: D, ...tables: readonly NamesOf<D>[]): D
  /**
   * Returns the database with only the deleted rows, of some tables or of all.
   *
   * @example
   * ```ts
   * const live = await createExecutor(db, [softDelete({ tables: ['draft'] })])
   * const gone = live.onlyDeleted('draft').selectFrom('draft').select(['id', 'title'])
   * ```
   */
  onlyDeleted<D>(this: D, ...tables: readonly NamesOf<D>[]): D
  /**
   * Begins a statement that restores deleted rows of a table, and the rows that were deleted with them. A row that also
   * references another deleted row stays deleted until that one is restored.
   *
   * @example
   * ```ts
   * const live = await createExecutor(db, [softDelete({ tables: ['draft'] })])
   * const restoring = live.restore('draft').where('id', '=', 7).returning('title')
   * ```
   */
  restore<I extends AnyInfo, B extends I['names']>(
    this: HasTables<I>,
    table: B,
  ): Update<I, One<B, TableCells<I, B>>, Refs<I, B>, TableCells<I, B>, TableCells<I, B>, never>
  /**
   * Begins a statement that deletes rows of a table permanently, whether they are marked or not; after `onlyDeleted()`
   * only the marked ones.
   *
   * @example
   * ```ts
   * const live = await createExecutor(db, [softDelete({ tables: ['draft'] })])
   * const erasing = live.onlyDeleted().hardDelete('draft').where('id', '=', 7)
   * ```
   */
  hardDelete<I extends AnyInfo, B extends I['names']>(
    this: HasTables<I>,
    table: B,
  ): Delete<I, One<B, TableCells<I, B>>, Refs<I, B>, TableCells<I, B>, TableCells<I, B>, never>
}

/** The settings and the policies of the plugin. */
export interface SoftDeletion {
  readonly settled: Settled
  readonly policies: SoftPolicies
}

const deletions = new WeakMap<object, SoftDeletion>()

/** Returns the soft deletion of a database. Throws if the database has none. */
export function deletionOf(db: DatabaseHandle): SoftDeletion {
  const found = pluginsOf(db)
    .map((plugin) => deletions.get(plugin))
    .find((each) => each !== undefined)
  if (found === undefined)
    throw new KantaError('plugin', `The database does not have the plugin '${NAME}'. Give a database that has it.`)
  return found
}

/**
 * Soft delete: a delete marks rows instead of removing them, and every statement filters the marked rows out of the
 * tables that it names. An upsert that conflicts with a marked row fails. `db.restore()` restores marked rows,
 * `db.withDeleted()` and `db.onlyDeleted()` show them, and `db.hardDelete()` and `purge()` remove them permanently.
 *
 * With `cascade`, the rows that reference a deleted row are deleted in the same transaction, and restored with it. Each
 * table then needs a column `deletion` for the id of the deletion, so that a restore brings back exactly the rows of
 * that deletion.
 *
 * @throws KantaError `plugin` when the database opens if a table lacks a column; `policy` for a statement that writes the columns of the plugin.
 *
 * @example
 * ```ts
 * import { kanta, table } from 'kanta'
 * import { softDelete } from 'kanta/plugins'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const post = table('post', (c) => ({
 *   id: c.integer().primaryKey(),
 *   title: c.text(),
 *   deleted_at: c.timestamp().nullable(),
 * }))
 * const db = kanta({ driver: sqlite(':memory:'), schema: { post }, plugins: [softDelete()] })
 * await db.schema.createTable(post).execute()
 *
 * await db.insertInto('post').values({ id: 1, title: 'Hello' }).execute()
 * await db.deleteFrom('post').where('id', '=', 1).execute()
 * await db.selectFrom('post').selectAll().execute() // []
 * await db.restore('post').where('id', '=', 1).execute()
 * ```
 */
export function softDelete<const N extends string = never>(options: SoftDeleteOptions<N> = {}): Plugin<SoftDeleted, N> {
  const settled = settle(options)
  const policies = new SoftPolicies(settled)
  const plain = policies.in(PLAIN)
  const added = methods(settled, policies)
  const plugin: Plugin<SoftDeleted, N> = ownPlugin({
    name: NAME,
    names: namesOf(settled),
    policies: [plain],
    transactionHooks: settled.cascade === undefined ? [] : [cascading(settled, policies)],
    extend: (db: DatabaseHandle) => {
      checkOnce(settled, db)
      return added as never
    },
  })
  deletions.set(plugin, { settled, policies })
  return plugin
}

/** The tables that the options name; their columns are checked with their types. */
function namesOf({ tables = [], cascade }: Settled): readonly NamedTable[] {
  const along = cascade?.along ?? []
  return [
    ...tables.map((table) => ({ table })),
    ...along.flatMap(({ table, references }) => [{ table }, { table: references.table }]),
  ]
}

const checked = new WeakMap<object, WeakSet<Settled>>()

/** Checks definitions once for a database, not again for each of its transactions. */
function checkOnce(settled: Settled, db: DatabaseHandle): void {
  const schema = schemaOf(db)
  const done = checked.get(schema) ?? new WeakSet<Settled>()
  checked.set(schema, done)
  if (done.has(settled)) return
  checkDefinitions(settled, schema)
  done.add(settled)
}

/** Returns the methods for a database with the plugin. Their `this` is that database. */
function methods(settled: Settled, policies: SoftPolicies): object {
  const { column, deletedBy } = settled
  const seeing = (sight: Sight, mode: string) =>
    function (this: DatabaseHandle, ...tables: readonly string[]): DatabaseHandle {
      for (const table of tables) softTable(this, settled, table)
      const named = Object.fromEntries(tables.map((table) => [table, sight]))
      return changed(this, policies, mode, (state) =>
        tables.length === 0 ? { ...state, sight, sights: {} } : { ...state, sights: { ...state.sights, ...named } },
      )
    }
  const acting = (db: DatabaseHandle, act: Act): DatabaseHandle =>
    changed(db, policies, act, (state) => ({ ...state, act }))
  return {
    withDeleted: seeing('all', 'with deleted'),
    onlyDeleted: seeing('deleted', 'only deleted'),
    restore(this: DatabaseHandle, table: string) {
      const columns = [column, deletedBy?.column, tieOf(softTable(this, settled, table), settled)]
      const cleared = columns.flatMap((name) => (name === undefined ? [] : [[name, null]]))
      return acting(this, 'restore').updateTable(table).set(Object.fromEntries(cleared))
    },
    hardDelete(this: DatabaseHandle, table: string) {
      softTable(this, settled, table)
      return acting(this, 'hard delete').deleteFrom(table)
    },
  }
}

/** Returns a table by its name. Throws if the plugin does not apply to it. */
export function softTable(db: DatabaseHandle, settled: Settled, table: string): TableReference {
  checkName(table, 'a table')
  const found = tableIn(schemaOf(db), table)
  if (!isSoft(settled, found)) refuse(`The plugin '${NAME}' does not apply to '${table}'. Add the table to its tables.`)
  return found
}

/** Returns the database with the policy in another state. */
export function changed(
  db: DatabaseHandle,
  policies: SoftPolicies,
  mode: string,
  change: (state: State) => State,
): DatabaseHandle {
  const state = policiesOf(db).flatMap((policy) => policies.stateOf(policy) ?? [])[0]
  if (state === undefined)
    throw new KantaError(
      'policy',
      `unscoped() disables the policy '${NAME}' here. Use the database without unscoped().`,
    )
  const policy = policies.in(change(state))
  return exempt(db, keyOf(change(state)), (each) => (policies.stateOf(each) === undefined ? each : policy), [
    { policy: NAME, mode },
  ])
}
