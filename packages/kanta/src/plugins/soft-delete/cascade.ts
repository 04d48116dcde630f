import { rowLocks } from '../../dialect/index.ts'
import { KantaError } from '../../error/index.ts'
import { type Node, nodeWith, type StatementContext, type TransactionHook } from '../../extend/index.ts'
import {
  type DatabaseHandle,
  dialectOf,
  exempt,
  policiesOf,
  schemaOf,
  withoutGuards,
} from '../../extend/internal/index.ts'
import type { TableReference } from '../../guard/index.ts'
import { sql } from '../../sql/index.ts'
import { clockFor, momentOf } from './moment.ts'
import type { CascadeReference, Settled } from './option.ts'
import { referencesOf, sameTable, tableIn } from './reference.ts'
import { Deleted, keyOf, NAME, PLAIN, Restored, type SoftPolicies } from './rule.ts'

/** The alias of the referenced row. */
const PARENT = 'kanta_parent'

/**
 * Creates the transaction hook that deletes and restores referencing rows together with the rows that they reference.
 */
export function cascading(settled: Settled, policies: SoftPolicies): TransactionHook {
  const ofThis = (told: object): told is Deleted | Restored =>
    (told instanceof Deleted || told instanceof Restored) && told.settled === settled
  return {
    name: NAME,
    joins: (_, told) => told.some(ofThis),
    around: async (statement, next) => {
      const told = statement.notes.filter(ofThis)
      const restored = told.find((each) => each instanceof Restored)
      if (restored !== undefined)
        return restoreAlong(statement, next, new Cascade(statement, settled, policies), restored)
      const rows = await next()
      const cascade = new Cascade(statement, settled, policies)
      for (const each of told) if (each instanceof Deleted) await cascade.delete(each, statement)
      return rows
    },
  }
}

/** Deletes and restores rows of one transaction along their references. */
class Cascade {
  readonly settled: Settled
  readonly references: readonly CascadeReference[]
  /** The database with its other policies, which also sees deleted rows. */
  readonly #db: DatabaseHandle
  /** The database without policies, for marks that nobody else sees. */
  readonly #bare: DatabaseHandle

  constructor(statement: StatementContext, settled: Settled, policies: SoftPolicies) {
    const plugged = statement.plugged as DatabaseHandle
    const state = { ...PLAIN, act: 'cascade' } as const
    const policy = policies.in(state)
    this.settled = settled
    this.references = referencesOf(settled, schemaOf(plugged))
    this.#db = exempt(plugged, keyOf(state), (each) => (policies.stateOf(each) === undefined ? each : policy), [
      { policy: NAME, mode: 'cascade' },
    ])
    this.#bare = withoutGuards(plugged, 'cascade')
  }

  get #tie(): string {
    return this.settled.cascade!.column
  }

  referringTo(table: string): readonly CascadeReference[] {
    return this.references.filter((each) => sameTable(each.references.table, table))
  }

  /** Deletes the rows that reference the deleted rows, directly or through others, with the same id of the deletion. */
  async delete({ table, deletion, moment }: Deleted, { args, context }: StatementContext): Promise<void> {
    const { column, deletedBy } = this.settled
    const id = args[deletion]
    const at = moment === undefined ? undefined : args[moment]
    const schema = schemaOf(this.#db)
    const dialect = dialectOf(this.#db)
    const referenceTo = (name: string): TableReference => tableIn(schema, name)
    const typeOf = (name: string) => referenceTo(name).definition?.columns.get(column)?.type
    const momentOn = (each: CascadeReference): unknown => {
      if (at !== undefined) return momentOf(at, referenceTo(each.table), this.settled, dialect)
      // Copies the moment of the referenced row if both columns have the same form.
      if (typeOf(each.table) === typeOf(each.references.table)) return this.#parentOf(each, column)
      return sql.raw(clockFor(referenceTo(each.table), this.settled, dialect).text)
    }
    const by = deletedBy === undefined ? {} : { [deletedBy.column]: context[deletedBy.context] }
    await this.#spread([table], async (each) => {
      const parent = (of: string): unknown => `${PARENT}.${of}`
      const update = this.#db
        .updateTable(each.table)
        .set({ [column]: momentOn(each), ...by, [this.#tie]: id })
        .where(`${each.table}.${column}`, 'is', null)
        .where(exists(this.#parent(this.#db, each).where(parent(this.#tie), '=', id)))
      return countOf(await update.execute())
    })
  }

  /** Returns those of the deletions that also deleted rows that reference a table. */
  async withRows(deletions: readonly unknown[], table: string): Promise<ReadonlySet<unknown>> {
    const found = new Set<unknown>()
    for (const name of new Set(this.referringTo(table).map((each) => each.table))) {
      const rows = await this.#bare
        .selectFrom(name)
        .select(`${name}.${this.#tie} as deletion`)
        .distinct()
        .where(`${name}.${this.#tie}`, 'in', deletions)
        .execute()
      for (const row of rows as Row[]) found.add(row.deletion)
    }
    return found
  }

  /**
   * Undoes a deletion for the rows that reference some rows of a table, directly or through others. A row that also
   * references another deleted row stays deleted, and belongs to that deletion from now on.
   */
  async undo(table: string, roots: readonly Row[], keys: readonly string[], deletion: unknown): Promise<void> {
    const { column, deletedBy } = this.settled
    const mark = crypto.randomUUID()
    const touched = new Set<string>()
    const marking = (name: string) =>
      this.#bare
        .updateTable(name)
        .set({ [this.#tie]: mark })
        .where(`${name}.${this.#tie}`, '=', deletion)
    for (const each of this.referringTo(table))
      for (let i = 0; i < roots.length; i += CHUNK) {
        const ofRoots = among(each, roots.slice(i, i + CHUNK), keys)
        if (countOf(await marking(each.table).where(ofRoots).execute()) > 0n) touched.add(each.table)
      }
    await this.#spread([...touched], async (each) => {
      const marked = this.#parent(this.#bare, each).where(`${PARENT}.${this.#tie}`, '=', mark)
      const count = countOf(await marking(each.table).where(exists(marked)).execute())
      if (count > 0n) touched.add(each.table)
      return count
    })
    await this.#leaveOut(touched, mark, deletion)
    const cleared = {
      [column]: null,
      [this.#tie]: null,
      ...(deletedBy === undefined ? {} : { [deletedBy.column]: null }),
    }
    for (const name of touched) {
      await this.#db.updateTable(name).set(cleared).where(`${name}.${this.#tie}`, '=', mark).execute()
      // Other policies may hide some of them.
      await this.#bare
        .updateTable(name)
        .set({ [this.#tie]: deletion })
        .where(`${name}.${this.#tie}`, '=', mark)
        .execute()
    }
  }

  /** Removes the mark from rows that reference a row that stays deleted, until none is left. */
  async #leaveOut(touched: ReadonlySet<string>, mark: string, deletion: unknown): Promise<void> {
    const { column } = this.settled
    const references = this.references.filter((each) => touched.has(each.table))
    for (let changed = true; changed; ) {
      changed = false
      for (const each of references) {
        const stays = this.#parent(this.#bare, each)
          .where(`${PARENT}.${column}`, 'is not', null)
          .where((eb: Builder) =>
            eb.or([eb(`${PARENT}.${this.#tie}`, 'is', null), eb(`${PARENT}.${this.#tie}`, '<>', mark)]),
          )
        const update = this.#bare
          .updateTable(each.table)
          .set({ [this.#tie]: (eb: Builder) => eb.fn.coalesce(this.#parentOf(each, this.#tie), eb.val(deletion)) })
          .where(`${each.table}.${this.#tie}`, '=', mark)
          .where(exists(stays))
        if (countOf(await update.execute()) > 0n) changed = true
      }
    }
  }

  /**
   * Applies a step to the references to tables, and then to those of the tables that changed, until nothing changes.
   */
  async #spread(from: readonly string[], step: (each: CascadeReference) => Promise<bigint>): Promise<void> {
    let tables = new Set(from)
    while (tables.size > 0) {
      const changed = new Set<string>()
      for (const each of this.references) {
        const isReached = [...tables].some((table) => sameTable(table, each.references.table))
        if (isReached && (await step(each)) > 0n) changed.add(each.table)
      }
      tables = changed
    }
  }

  /** Selects the row that a row references. */
  #parent(db: DatabaseHandle, { table, columns, references }: CascadeReference) {
    const query = db.selectFrom(`${references.table} as ${PARENT}`).select(`${PARENT}.${references.columns[0]}`)
    return columns.reduce(
      (now, name, i) => now.whereRef(`${PARENT}.${references.columns[i]}`, '=', `${table}.${name}`),
      query,
    )
  }

  #parentOf(each: CascadeReference, column: string) {
    return this.#parent(this.#db, each).clearSelect().select(`${PARENT}.${column}`)
  }
}

type Row = Readonly<Record<string, unknown>>
// The query builder without types.
type Builder = any

/** The most rows that one statement names. */
const CHUNK = 200

const exists = (query: unknown) => (eb: Builder) => eb.exists(query)

/** Returns a condition: the row references one of the rows, whose columns are numbered. */
const among = (each: CascadeReference, rows: readonly Row[], keys: readonly string[]) => (eb: Builder) =>
  eb.or(
    rows.map((row) =>
      eb.and(
        each.columns.map((name, i) => {
          const value = row[`k${keys.indexOf(each.references.columns[i]!)}`]
          return eb(`${each.table}.${name}`, '=', value)
        }),
      ),
    ),
  )

export const countOf = ([result]: readonly unknown[]): bigint =>
  (result as { readonly numUpdatedRows?: bigint; readonly numDeletedRows?: bigint } | undefined)?.numUpdatedRows ??
  (result as { readonly numDeletedRows?: bigint } | undefined)?.numDeletedRows ??
  0n

/** Restores rows and undoes the cascade of their deletions. */
async function restoreAlong(
  statement: StatementContext,
  next: () => Promise<unknown[]>,
  cascade: Cascade,
  { table }: Restored,
): Promise<unknown[]> {
  const keys = [...new Set(cascade.referringTo(table).flatMap((each) => each.references.columns))]
  const roots = (await statement.derive(`${NAME} roots`, (tree) =>
    rootsOf(tree, [...keys, cascade.settled.cascade!.column], statement.plugged as DatabaseHandle),
  )) as Row[]
  const rows = await next()
  const last = `k${keys.length}`
  const byDeletion = Map.groupBy(
    roots.filter((row) => row[last] !== null),
    (row) => row[last],
  )
  if (byDeletion.size === 0) return rows
  const deletions = await cascade.withRows([...byDeletion.keys()], table)
  for (const [deletion, own] of byDeletion) if (deletions.has(deletion)) await cascade.undo(table, own, keys, deletion)
  return rows
}

/** Selects numbered columns of the rows that an update is about to change. */
function rootsOf(tree: Node, columns: readonly string[], db: DatabaseHandle): Node {
  const [target] = tree.kind === 'update' ? tree.targets : []
  if (tree.kind !== 'update' || target === undefined)
    throw new KantaError(
      'policy',
      'restore() cannot be part of another statement. Run it by itself, in a transaction with others.',
    )
  const { ctes, recursive, from, joins, where, orderBy, limit } = tree
  const naming = policiesOf(db).filter((policy) => policy.enforce === undefined)
  const named = (node: Node): Node => naming.reduce((now, policy) => policy.rewrite?.(now) ?? now, node)
  const table = target.kind === 'alias' ? target.name : target.kind === 'table' ? target.name : undefined
  const items = columns.map((name, i): Node => {
    const { column } = named({ kind: 'ref', schema: undefined, table: undefined, column: name }) as { column: string }
    const operand: Node = { kind: 'ref', schema: undefined, table, column }
    return { kind: 'alias', operand, name: `k${i}`, columns: undefined }
  })
  const isAlone = from.length === 0 && joins.length === 0 && ctes.length === 0
  const locks = isAlone ? rowLocks(dialectOf(db), 'update') : []
  return nodeWith('select', {
    ...{ ctes, recursive, items, joins, where, orderBy, limit, locks },
    from: [...tree.targets, ...from],
  })
}
