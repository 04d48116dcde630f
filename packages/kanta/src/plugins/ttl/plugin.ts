import { KantaError } from '../../error/index.ts'
import type { Node, Plugin } from '../../extend/index.ts'
import { type DatabaseHandle, exempt, inSession, loggerOf, ownPlugin, sessionOf } from '../../extend/internal/index.ts'
import { isNull, type Row, sameName, type TablePolicy, type TableReference, tablePolicy } from '../../guard/index.ts'
import { splitName } from '../../ir/index.ts'
import { expiries } from './facet.ts'
import { settleTtl, type TtlOptions, type TtlSettings } from './option.ts'
import { type Swept, sweep, sweeping } from './sweep.ts'
import { type Expiring, readClock, timeColumn } from './time.ts'
import { makeTriggers } from './trigger.ts'

export type { ExpiringTable, TtlOptions } from './option.ts'
export type { Swept } from './sweep.ts'

/** The methods that {@link ttl} adds to a database. */
export interface Expires {
  /** Returns the database with expired rows included. Hooks see this exemption. */
  withExpired(): this
  /**
   * Deletes expired rows in batches and returns the number for each table; `undefined` if another program is sweeping.
   *
   * @throws KantaError `transaction` inside of a transaction or a held connection.
   */
  sweepExpired(): Promise<Swept | undefined>
}

/**
 * Makes rows expire. Reads, updates and deletes do not see expired rows, even before they are deleted; a null never
 * expires. An insert with the key of an expired row that still exists fails, also with `onConflict`: sweep before, or
 * delete it through `db.withExpired()`.
 *
 * A row is live while `column is null or column > now`, so that an index on the column serves reads and sweeps. Text
 * that is not a moment compares as text. Sweeps ignore the row policies of other plugins, and their deletions are not
 * audited.
 *
 * @throws KantaError `invalid_input` for wrong options.
 *
 * @example
 * ```ts
 * import { kanta, table } from 'kanta'
 * import { ttl } from 'kanta/plugins'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const session = table('session', (c) => ({ id: c.text().primaryKey(), expires_at: c.timestamp().nullable() }))
 * const db = kanta({
 *   driver: sqlite(':memory:'),
 *   schema: { session },
 *   plugins: [ttl({ tables: { session: { column: 'expires_at' } }, mode: 'scheduled' })],
 * })
 * await db.schema.createTable(session).execute()
 * await db.insertInto('session').values({ id: 'a', expires_at: new Date(0) }).execute()
 * await db.selectFrom('session').selectAll().execute() // none
 * await db.withExpired().selectFrom('session').selectAll().execute() // one
 * await db.sweepExpired() // { session: 1 }
 * await db.destroy()
 * ```
 */
export function ttl<const N extends string>(options: TtlOptions<N>): Plugin<Expires, N> {
  const settings = settleTtl(options)
  const policy = expiry(settings)
  const all = settings.mode === 'scheduled' ? new Schedule(settings) : undefined
  let main: DatabaseHandle | undefined
  return ownPlugin({
    name: 'ttl',
    names: settings.tables.map(({ table, column }) => ({ table, columns: [column] })),
    policies: [policy],
    onInit: async (db: DatabaseHandle) => {
      // The database given here lacks the plugins that rename, so use the one that was opened.
      const own = inSession(main ?? db, sessionOf(db))
      if (settings.mode === 'trigger') await makeTriggers(sweeping(own), settings)
      all?.start(own)
    },
    onDestroy: () => all?.stop(),
    extend: (db: DatabaseHandle) => {
      main ??= db
      return {
        withExpired: () =>
          exempt(db, 'with expired', (other) => (other === policy ? undefined : other), [
            { policy: policy.name, mode: 'with expired' },
          ]),
        sweepExpired: () => sweep(db, settings, () => true),
      } as never
    },
  })
}

function expiry(settings: TtlSettings): TablePolicy {
  const { tables, clock, now } = settings
  return tablePolicy({
    name: 'ttl',
    rule: (table) => {
      const expiring = tables.find((one) => isOf(one, table))
      if (expiring === undefined) return undefined
      const { column, after } = expiring
      return {
        sees: (row: Row, _use, runValues) => {
          const { form, valueOf } = timeColumn(expiring, table.definition, runValues.dialect)
          const moment: Node =
            clock === 'database'
              ? expiries.of(runValues.dialect).moment(form, after).node
              : runValues.value(() => valueOf(new Date(readClock(now).getTime() - after)))
          const left: Node = { kind: 'binary', left: row(column), op: '>', right: moment }
          return { kind: 'or', items: [isNull(row(column)), left] }
        },
      }
    },
  })
}

function isOf({ table }: Expiring, { name, schema }: TableReference): boolean {
  const { name: own, schema: ownSchema } = splitName(table)
  return sameName(own, name) && (ownSchema === undefined || schema === undefined || sameName(ownSchema, schema))
}

/** Sweeps at intervals. Sets the timer when a sweep has ended, so that two sweeps never overlap. */
class Schedule {
  readonly #settings: TtlSettings
  #timer: ReturnType<typeof setTimeout> | undefined
  #db: DatabaseHandle | undefined
  #running: Promise<void> | undefined

  constructor(settings: TtlSettings) {
    this.#settings = settings
  }

  start(db: DatabaseHandle): void {
    if (this.#db !== undefined)
      throw new KantaError(
        'plugin',
        'One ttl() with a timer serves one database. Create another ttl() for the second database.',
      )
    this.#db = db
    this.#next()
  }

  /** Stops the timer and waits for the running sweep. */
  async stop(): Promise<void> {
    this.#db = undefined
    clearTimeout(this.#timer)
    await this.#running
  }

  #next(): void {
    if (this.#db === undefined) return
    this.#timer = setTimeout(() => {
      this.#running = this.#sweep().finally(() => this.#next())
    }, this.#settings.every)
    const timer = this.#timer as { unref?(): void }
    timer.unref?.()
  }

  async #sweep(): Promise<void> {
    const db = this.#db
    const { onError, onSweep } = this.#settings
    if (db === undefined) return
    try {
      const swept = await sweep(db, this.#settings, () => this.#db !== undefined)
      if (swept !== undefined) onSweep?.(swept)
    } catch (error) {
      // A database that is closing takes no more statements.
      if (this.#db === undefined || (error instanceof KantaError && error.code === 'closed')) return
      if (onError === undefined) loggerOf(db).error('A sweep of expired rows failed.', error)
      else onError(error)
    }
  }
}
