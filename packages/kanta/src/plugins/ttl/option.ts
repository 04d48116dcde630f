import { checkOptions, refuse } from '../../error/index.ts'
import { checkName, show } from '../../sql/index.ts'
import { FORMS, type InstantForm } from '../instant.ts'
import type { Expiring } from './time.ts'

/** When the rows of a table expire. */
export interface ExpiringTable {
  /** The column of the moment; null never expires. */
  readonly column: string
  /** How many milliseconds after the moment of the column; 0 unless said. */
  readonly after?: number | undefined
  /** How the column holds it, where no definition of the table says so: see {@link InstantForm}. */
  readonly form?: InstantForm | undefined
}

/** What {@link ttl} takes. */
export interface TtlOptions {
  /** The tables whose rows expire, by name. */
  readonly tables: Readonly<Record<string, ExpiringTable>>
  /**
   * Who deletes what has expired: nobody but `db.sweepExpired()` (`lazy`, unless said), a timer of the program
   * (`scheduled`), or the database (`trigger`: with each insert; on MariaDB an event of the server).
   */
  readonly mode?: 'lazy' | 'scheduled' | 'trigger' | undefined
  /** The milliseconds between two sweeps; 60,000 unless said. */
  readonly every?: number | undefined
  /** The most rows that one statement of a sweep deletes; 1,000 unless said. */
  readonly batch?: number | undefined
  /** Whose clock says what has expired: `client` unless said. Triggers always go by that of the database. */
  readonly clock?: 'client' | 'database' | undefined
  /** The clock of the program. */
  readonly now?: (() => Date) | undefined
  /** Told of a sweep of the timer that failed; the console is unless said. The next one is tried in its time. */
  readonly onError?: ((error: unknown) => void) | undefined
  /** Told of each sweep of the timer that ended, with the number of rows that it deleted from each table. */
  readonly onSweep?: ((deleted: Readonly<Record<string, number>>) => void) | undefined
}

/** Options with everything decided. */
export interface TtlSettings {
  readonly tables: readonly Expiring[]
  readonly mode: 'lazy' | 'scheduled' | 'trigger'
  readonly every: number
  readonly batch: number
  readonly clock: 'client' | 'database'
  readonly now: () => Date
  readonly onError: (error: unknown) => void
  readonly onSweep: ((deleted: Readonly<Record<string, number>>) => void) | undefined
}

const OPTIONS = ['tables', 'mode', 'every', 'batch', 'clock', 'now', 'onError', 'onSweep']
const OF_TABLE = ['column', 'after', 'form']
const MODES = ['lazy', 'scheduled', 'trigger']
/** The longest time that a timer can wait. */
const LONGEST = 2 ** 31 - 1

/** Checks the options of `ttl()` and decides the rest. */
export function settleTtl(options: TtlOptions): TtlSettings {
  checkOptions('ttl()', options, OPTIONS)
  const { mode = 'lazy', every = 60_000, batch = 1_000, clock = 'client', now, onError, onSweep } = options
  if (!MODES.includes(mode)) refuse(`ttl() has no mode ${show(mode)}. There are ${MODES.join(', ')}.`)
  if (clock !== 'client' && clock !== 'database')
    refuse(`ttl() has no clock ${show(clock)}. There are client, database.`)
  for (const [name, value] of Object.entries({ now, onError, onSweep }))
    if (value !== undefined && typeof value !== 'function')
      refuse(`The ${name} of ttl() is a function, not ${show(value)}.`)
  return {
    tables: settleTables(options.tables),
    mode,
    every: whole('every', every, LONGEST),
    batch: whole('batch', batch, 1_000_000),
    clock,
    now: now ?? (() => new Date()),
    onError: onError ?? ((error) => console.error('A sweep of expired rows failed:', error)),
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
      refuse(`The 'after' of '${name}' in ttl() is a number of milliseconds, not ${show(after)}.`)
    if (form !== undefined && !FORMS.includes(form))
      refuse(`The 'form' of '${name}' in ttl() is one of ${FORMS.join(', ')}, not ${show(form)}.`)
    return { table: name, column, after, form }
  })
}

function whole(name: string, value: number, most: number): number {
  if (!Number.isSafeInteger(value) || value < 1 || value > most)
    refuse(`The '${name}' of ttl() is a whole number from 1 to ${most}, not ${show(value)}.`)
  return value
}
