import { refuse } from '../../error/index.ts'
import { show } from '../../sql/index.ts'

/** A clock that stands still until it is set. */
export interface Clock {
  /** Returns the time of the clock; for the option `now` of plugins. */
  readonly now: () => Date
  /** Sets the clock. */
  set(at: Date | string): void
  /** Moves the clock by so many milliseconds. */
  advance(milliseconds: number): void
}

/**
 * Makes a clock for plugins: `timestamps()`, `softDelete()`, `ttl()`, `audit()`, `cache()` and `timeTravel()` read the
 * time by their option `now`.
 *
 * @throws KantaError `invalid_input` for what is no moment.
 *
 * @example
 * ```ts
 * import { timestamps } from 'kanta/plugins'
 * import { clock } from 'kanta/testing'
 *
 * const time = clock('2024-02-29T12:00:00Z')
 * const plugin = timestamps({ now: time.now })
 * time.advance(60_000)
 * time.now().toISOString() // '2024-02-29T12:01:00.000Z'
 * ```
 */
export function clock(at: Date | string): Clock {
  let current = momentOf(at)
  return {
    now: () => new Date(current),
    set(to) {
      current = momentOf(to)
    },
    advance(milliseconds) {
      const time = new Date(current + milliseconds).getTime()
      if (Number.isNaN(time)) refuse(`advance() takes milliseconds, not ${show(milliseconds)}.`)
      current = time
    },
  }
}

function momentOf(at: Date | string): number {
  const time = at instanceof Date || typeof at === 'string' ? new Date(at).getTime() : Number.NaN
  return Number.isNaN(time) ? refuse(`clock(${show(at)}) takes a Date, or text such as '2024-02-29T12:00:00Z'.`) : time
}
