import { checkOptions, refuse, show } from '../error/index.ts'
import type { Facts, Hook, Plugin } from '../extend/index.ts'
import { ownPlugin } from '../extend/internal/index.ts'
import { Histogram } from './histogram.ts'
import { tableOf } from './text-table.ts'

/** The figures of the statements of one plan. */
export interface Profile {
  readonly sql: string
  readonly count: number
  /** The milliseconds of all runs together. */
  readonly total: number
  /** The milliseconds below which half of the runs are, 95 % and 99 %, each within 2 %. */
  readonly p50: number
  readonly p95: number
  readonly p99: number
  /** The longest run, in milliseconds. */
  readonly longest: number
  /** The rows that all runs returned or changed. */
  readonly rows: number
  readonly errors: number
}

/** The options of `profiler()`. */
export interface ProfilerOptions {
  /** The most plans that it keeps. Those with the least time are given up for others. Default: 1,000. */
  readonly most?: number | undefined
}

class Entry {
  readonly sql: string
  readonly times = new Histogram()
  rows = 0
  errors = 0
  isDropped = false

  constructor(sql: string) {
    this.sql = sql
  }
}

/** The plugin that `profiler()` makes, with its figures. */
export class Profiler implements Plugin {
  readonly name = 'profiler'
  readonly hooks: readonly Hook[]
  readonly #most: number
  #byPlan = new WeakMap<Facts, Entry>()
  readonly #bySql = new Map<string, Entry>()
  #lastFacts: Facts | undefined
  #last: Entry | undefined

  constructor(most: number) {
    this.#most = most
    this.hooks = [
      {
        name: 'profiler',
        watch: ({ facts, sql, milliseconds, rows, error }) => {
          // Statements of one plan often follow each other.
          let entry = facts === this.#lastFacts ? this.#last : this.#byPlan.get(facts)
          if (entry === undefined || entry.isDropped) entry = this.#add(facts, sql)
          this.#lastFacts = facts
          this.#last = entry
          entry.times.add(milliseconds)
          if (rows !== undefined) entry.rows += rows
          if (error !== undefined) entry.errors++
        },
      },
    ]
    ownPlugin(this)
  }

  /** Returns the figures of each plan, those with the most time first. */
  profiles(): readonly Profile[] {
    return [...this.#bySql.values()]
      .map(({ sql, times, rows, errors }) => ({
        ...{ sql, count: times.count, total: times.total, longest: times.longest, rows, errors },
        ...{ p50: times.quantile(0.5), p95: times.quantile(0.95), p99: times.quantile(0.99) },
      }))
      .sort((a, b) => b.total - a.total)
  }

  /** Forgets all figures. */
  reset(): void {
    this.#byPlan = new WeakMap()
    this.#bySql.clear()
    this.#lastFacts = undefined
    this.#last = undefined
  }

  /** Returns the figures as a table: the `lines` plans with the most time. */
  table(lines = 20): string {
    const milliseconds = (value: number): string => value.toFixed(value < 10 ? 2 : 0)
    return tableOf(
      ['count', 'total ms', 'p50', 'p95', 'p99', 'rows', 'errors', 'statement'],
      this.profiles()
        .slice(0, lines)
        .map(({ count, total, p50, p95, p99, rows, errors, sql }) => [
          ...[count, milliseconds(total), milliseconds(p50), milliseconds(p95), milliseconds(p99), rows, errors, sql],
        ]),
    )
  }

  #add(facts: Facts, sql: string): Entry {
    let entry = this.#bySql.get(sql)
    if (entry === undefined) {
      if (this.#bySql.size >= this.#most) this.#dropSome()
      entry = new Entry(sql)
      this.#bySql.set(sql, entry)
    }
    this.#byPlan.set(facts, entry)
    return entry
  }

  /** Drops a tenth of the plans, those with the least time, so that dropping is rare. */
  #dropSome(): void {
    const entries = [...this.#bySql.values()].sort((a, b) => a.times.total - b.times.total)
    for (const entry of entries.slice(0, Math.max(1, Math.floor(this.#most / 10)))) {
      entry.isDropped = true
      this.#bySql.delete(entry.sql)
    }
  }
}

/**
 * Counts and times the statements of a database by plan: quantiles, rows, errors. It keeps no parameters, and its
 * memory is bounded. Quantiles are within 2 % of the exact ones.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { profiler } from 'kanta/debug'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const profile = profiler()
 * const db = kanta({ driver: sqlite(':memory:'), plugins: [profile] })
 * const slowest = profile.profiles()[0]
 * ```
 */
export function profiler(options: ProfilerOptions = {}): Profiler {
  checkOptions('profiler()', options, ['most'])
  const { most = 1_000 } = options
  if (!Number.isInteger(most) || most < 1)
    refuse(`profiler({ most }) takes a whole number, 1 or more, not ${show(most)}.`)
  return new Profiler(most)
}
