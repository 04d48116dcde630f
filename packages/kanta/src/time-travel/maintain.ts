import { checkOptions, KantaError, refuse } from '../error/index.ts'
import type { AnyInfo, Database } from '../face/index.ts'
import { fullName, type TableName } from '../ir/index.ts'
import { textOf } from './facet.ts'
import { OPEN } from './instant.ts'
import { lookUp, nowOf, together } from './keep.ts'
import { dialectOf, type Keeper, keeperOf, run } from './keeper.ts'
import { tableNames } from './name.ts'
import { columnText, keyOf, pathsOf } from './statements.ts'

/** What a change of tables did to columns, where their names do not say it. */
export interface AlterOptions {
  /** For each table its columns that have another name now: `{ city: { name: 'title' } }`. */
  readonly renamed?: Readonly<Record<string, Readonly<Record<string, string>>>> | undefined
}

/**
 * Changes tables whose history is kept, and brings their histories up to date, in one transaction where the database
 * undoes definitions. A column that is new is null in what was before; one that is dropped stays in the history in
 * SQLite and PostgreSQL, where `asOf()` reads the columns that the table has now.
 *
 * @example
 * ```ts
 * await alterHistory(db, ['seat'], (trx) =>
 *   schemaBuilder(trx).alterTable('seat').addColumn('note', 'text').execute())
 * ```
 */
export async function alterHistory<DB, I extends AnyInfo>(
  db: Database<DB, I>,
  tables: readonly string[],
  change: (db: Database<DB>) => Promise<unknown>,
  options: AlterOptions = {},
): Promise<void> {
  const names = tableNames(tables, 'alterHistory()')
  if (typeof change !== 'function') refuse('alterHistory() takes a callback that changes the tables.')
  checkRenamed('alterHistory()', options, names)
  await together(keeperOf(db, 'alterHistory()'), async (one) => {
    const [before, after] = textOf(dialectOf(one)).aroundChange
    for (const text of before) await run(one, text)
    try {
      for (const name of names) await unfollow(one, name)
      await change(one as never)
      for (const name of names) await refresh(one, name, options)
    } finally {
      for (const text of after) await run(one, text)
    }
  })
}

/**
 * Brings histories up to date with their tables, after a change that `alterHistory()` was not around: their columns,
 * their triggers, and their rows, should some have been written while there were no triggers.
 *
 * @example
 * ```ts
 * await refreshHistory(db, ['seat'])
 * ```
 */
export async function refreshHistory<DB, I extends AnyInfo>(
  db: Database<DB, I>,
  tables: readonly string[],
  options: AlterOptions = {},
): Promise<void> {
  const names = tableNames(tables, 'refreshHistory()')
  checkRenamed('refreshHistory()', options, names)
  await together(keeperOf(db, 'refreshHistory()'), async (one) => {
    for (const name of names) await refresh(one, name, options)
  })
}

/**
 * Forgets the histories of tables, and keeps none from now on. The tables themselves stay.
 *
 * @example
 * ```ts
 * await dropHistory(db, ['country'])
 * ```
 */
export async function dropHistory<DB, I extends AnyInfo>(
  db: Database<DB, I>,
  tables: readonly string[],
): Promise<void> {
  const names = tableNames(tables, 'dropHistory()')
  await together(keeperOf(db, 'dropHistory()'), async (one) => {
    for (const name of names) {
      const dialect = dialectOf(one)
      const { table } = await keptOf(one, name)
      const paths = pathsOf(table, dialect)
      await unfollow(one, name)
      await run(one, textOf(dialect).drop(paths))
      await run(one, `delete from ${paths.record} where table_name = ${dialect.literal(name.name)}`)
    }
  })
}

function checkRenamed(what: string, options: AlterOptions, names: readonly TableName[]): void {
  checkOptions(what, options, ['renamed'])
  for (const table of Object.keys(options.renamed ?? {}))
    if (!names.some((name) => fullName(name) === table))
      refuse(`renamed has '${table}', which is not among the tables.`)
}

/** What is there of a table whose history has begun. */
async function keptOf(db: Keeper, name: TableName) {
  const kept = await lookUp(db, name)
  if (kept.began === undefined)
    throw new KantaError('not_found', `The history of '${fullName(name)}' has not begun. Begin it with startHistory().`)
  return kept
}

async function unfollow(db: Keeper, name: TableName): Promise<void> {
  const { table } = await keptOf(db, name)
  for (const text of textOf(dialectOf(db)).unfollow(table)) await run(db, text)
}

async function refresh(db: Keeper, name: TableName, { renamed }: AlterOptions): Promise<void> {
  const dialect = dialectOf(db)
  const { table, history } = await keptOf(db, name)
  const text = textOf(dialect)
  if (text.changesWithTable) return
  await unfollow(db, name)
  if (history === undefined) throw new KantaError('not_found', `The history of '${fullName(name)}' is gone.`)
  const paths = pathsOf(table, dialect)
  const q = dialect.quote
  const old = new Map(history.columns.map((column) => [column.name, column]))
  for (const [from, to] of Object.entries(renamed?.[fullName(name)] ?? {})) {
    await run(db, `alter table ${paths.history} rename column ${q(from)} to ${q(to)}`)
    old.set(to, old.get(from)!)
  }
  for (const column of table.columns) {
    const known = old.get(column.name)
    if (known === undefined) await run(db, `alter table ${paths.history} add column ${columnText(column, dialect)}`)
    else if (known.type !== column.type) for (const each of text.retype(paths.history, column)) await run(db, each)
  }
  for (const each of [...text.reindex(table), ...text.follow(table)]) await run(db, each)
  await reconcile(db, name)
}

/** Makes what is open in a history what the table holds. */
async function reconcile(db: Keeper, name: TableName): Promise<void> {
  const dialect = dialectOf(db)
  const { same, later } = textOf(dialect)
  const { table } = await lookUp(db, name)
  const { table: own, history } = pathsOf(table, dialect)
  const names = table.columns.map((column) => dialect.quote(column.name))
  const alike = (columns: readonly string[]): string =>
    columns.map((column) => same(`t.${column}`, `h.${column}`)).join(' and ')
  const now = await nowOf(db)
  const key = keyOf(table).map(dialect.quote)
  await run(
    db,
    `update ${history} as h set history_to = ${later(String(now), 'h.history_from')} where h.history_to = ${OPEN}
    and not exists (select 1 from ${own} as t where ${alike(names)})`,
  )
  const last = `select max(h.history_to) from ${history} as h where ${alike(key)} and h.history_to < ${OPEN}`
  await run(
    db,
    `insert into ${history} (${names.join(', ')}, history_from, history_to)
    select ${names.map((one) => `t.${one}`).join(', ')}, ${later(String(now), `coalesce((${last}), 0)`)}, ${OPEN} from ${own} as t
    where not exists (select 1 from ${history} as h where ${alike(key)} and h.history_to = ${OPEN})`,
  )
}
