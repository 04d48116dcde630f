import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { InferRow, Rowed } from 'kanta'
import type { Db } from './database.ts'
import { compare, type Timing } from './measure.ts'

/** What questions are asked with. */
export interface Scene {
  readonly db: Db
  /** The same file without Kanta. */
  readonly hand: DatabaseSync
  readonly signal: AbortSignal
}

export interface Answer {
  /** The statements, as Kanta wrote them. */
  readonly sql: readonly string[]
  readonly parameters: readonly unknown[]
  readonly rows: readonly object[]
  /** The answer in a sentence. */
  readonly says?: string | undefined
  readonly timing: Timing
}

export interface Question {
  /** A word for `--only`. */
  readonly name: string
  readonly asks: string
  answer(scene: Scene): Promise<Answer>
}

export interface Compiled {
  readonly sql: string
  readonly parameters: readonly unknown[]
}

/** A query with its rows: what every select of Kanta is. */
interface AnyQuery extends Rowed {
  compile(): Compiled
  execute(): Promise<object[]>
}

/** A question that one query answers. The query is built anew for each run, as an application does. */
export function query<Q extends AnyQuery>(
  name: string,
  asks: string,
  build: (db: Db) => Q,
  says?: (rows: readonly InferRow<Q>[]) => string,
): Question {
  return {
    name,
    asks,
    async answer({ db, hand, signal }) {
      const rows = await build(db).execute()
      const { sql, parameters } = build(db).compile()
      const statement = hand.prepare(sql)
      const values = bindable(parameters)
      const byHand = (): object[] => statement.all(...values)
      if (byHand().length !== rows.length)
        throw new Error(`'${name}' gives other rows through the statement prepared by hand.`)
      const timing = await compare(() => build(db).execute(), byHand, signal)
      return { sql: [sql], parameters, rows, says: says?.(rows), timing }
    },
  }
}

/** Parameters as `node:sqlite` takes them. */
export function bindable(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters.map((value) => {
    if (value === null || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string')
      return value
    if (value instanceof Uint8Array) return value
    throw new TypeError(`node:sqlite cannot bind ${String(value)}.`)
  })
}
