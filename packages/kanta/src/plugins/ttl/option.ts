import { checkOptions, refuse } from '../../error/index.ts'
import { checkName, show } from '../../sql/index.ts'
import { FORMS, type InstantForm } from '../instant.ts'
import type { Expiring } from './time.ts'

/** The expiry of the rows of a table. */
export interface ExpiringTable {
  /** The column of the moment. A row with null never expires. */
  readonly column: string
  /** The milliseconds from that moment to the expiry; 0 by default. */
  readonly after?: number | undefined
  /** The form of the column, if no definition of the table gives it: see {@link InstantForm}. */
  readonly form?: InstantForm | undefined
}

/** The options of {@link ttl}. */
export interface TtlOptions<N extends string = string> {
  /** The tables whose rows expire, by name. */
  readonly tables: Readonly<Record<N, ExpiringTable>>
  /**
   * The deletion of expired rows: by `db.sweepExpired()` (`lazy`, the default), by a timer of the program
   * (`scheduled`), or by the database (`trigger`: after each insert; on MariaDB an event of the server).
   */
  readonly mode?: 'lazy' | 'scheduled' | 'trigger' | undefined
  /** The milliseconds between two sweeps; 60,000 by default. */
  readonly every?: number | undefined
  /** The most rows that one statement of a sweep deletes; 1,000 by default. */
  readonly batch?: number | undefined
  /** The clock that decides what has expired; `client` by default. Triggers always use the clock of the database. */
  readonly clock?: 'client' | 'database' | undefined
  /** The clock of the program. */
  readonly now?: (() => Date) | undefined
  /** Gets the error of a failed sweep of the timer; by default the logger of the database does. The next sweep runs at its time. */
  readonly onError?: ((error: unknown) => void) | undefined
  /** Gets the number of deleted rows by table after each sweep of the timer. */
  readonly onSweep?: ((deleted: Readonly<Record<string, number>>) => void) | undefined
}

/** The checked options with their defaults. */
export interface TtlSettings {
  readonly tables: readonly Expiring[]
  readonly mode: 'lazy' | 'scheduled' | 'trigger'
  readonly every: number
  readonly batch: number
  readonly clock: 'client' | 'database'
  readonly now: () => Date
  readonly onError: ((error: unknown) => void) | undefined
  readonly onSweep: ((deleted: Readonly<Record<string, number>>) => void) | undefined
}

const OPTIONS = ['tables', 'mode', 'every', 'batch', 'clock', 'now', 'onError', 'onSweep']
const OF_TABLE = ['column', 'after', 'form']
const MODES = ['lazy', 'scheduled', 'trigger']
/** The longest time that a timer can wait. */
const LONGEST = 2 ** 31 - 1

/** Checks the options of `ttl()` and fills in the defaults. */
export function settleTtl(options: TtlOptions): TtlSettings {
  checkOptions('ttl()', options, OPTIONS)
  const { mode = 'lazy', every = 60_000, batch = 1_000, clock = 'client', now, onError, onSweep } = options
  if (!MODES.includes(mode)) refuse(`Unknown mode ${show(mode)} in ttl(). Use one of ${MODES.join(', ')}.`)
  if (clock !== 'client' && clock !== 'database')
    refuse(`Unknown clock ${show(clock)} in ttl(). Use client or database.`)
  for (const [name, value] of Object.entries({ now, onError, onSweep }))
    if (value !== undefined && typeof value !== 'function')
      refuse(`The ${name} of ttl() must be a function, not ${show(value)}.`)
  return {
    tables: settleTables(options.tables),
    mode,
    every: whole('every', every, LONGEST),
    batch: whole('batch', batch, 1_000_000),
    clock,
    now: now ?? (() => new Date()),
    onError,
    onSweep,
  }
}

function settleTables(tables: unknown): readonly Expiring[] {
  const entries = Object.entries(Object(tables) as Record<string, ExpiringTable>)
  if (typeof tables !== 'object' || entries.length === 0)
    refuse("ttl() takes the tables whose rows expire: { tables: { session: { column: 'expires_at' } } }.")
  return entries.map(([name, setting]) => {
    checkName(name, 'a table of ttl()')
    const { column, after = 0, form } = Object(setting) as ExpiringTable
    checkOptions(`The table '${name}' of ttl()`, setting, OF_TABLE)
    checkName(column, `the column of '${name}' in ttl()`)
    if (!Number.isSafeInteger(after) || after < 0)
      refuse(`The 'after' of '${name}' in ttl() must be a number of milliseconds, not ${show(after)}.`)
    if (form !== undefined && !FORMS.includes(form))
      refuse(`The 'form' of '${name}' in ttl() must be one of ${FORMS.join(', ')}, not ${show(form)}.`)
    return { table: name, column, after, form }
  })
}

function whole(name: string, value: number, most: number): number {
  if (!Number.isSafeInteger(value) || value < 1 || value > most)
    refuse(`The '${name}' of ttl() must be an integer from 1 to ${most}, not ${show(value)}.`)
  return value
}
