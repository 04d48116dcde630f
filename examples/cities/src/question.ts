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
      if (!agree(rows, byHand())) throw new Error(`'${name}' has another answer when it is prepared by hand.`)
      const timing = await compare(() => build(db).execute(), byHand, signal)
      return { sql: [sql], parameters, rows, says: says?.(rows), timing }
    },
  }
}

/** Whether rows are the same, as far as Kanta leaves what is stored as it is. */
function agree(rows: readonly object[], stored: readonly object[]): boolean {
  if (rows.length !== stored.length) return false
  return rows.every((row, i) =>
    Object.entries(stored[i] ?? {}).every(([name, value]) => {
      const mine: unknown = Reflect.get(row, name)
      return mine === value || (typeof mine !== 'number' && typeof mine !== 'string' && mine !== null)
    }),
  )
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
