import { kanta } from '../../src/index.ts'
import { createExecutor } from '../../src/plugins/index.ts'
import { type Any, column, gone, type Place, TABLES, tenant } from './ground.ts'

/** What a statement came to: its rows as sorted texts, or the code of its error. */
export type Answer = { readonly rows: readonly string[] } | { readonly code: string; readonly message: string }

/** The rows of all tables as texts. */
export interface Contents {
  readonly seen: readonly string[]
  readonly hidden: readonly string[]
}

/** A database with hidden rows and secrets of its own, seen through policies. */
export class Twin {
  readonly base: Any
  readonly guarded: ReadonlyMap<string, Any>
  readonly #rows: readonly string[]
  readonly #close: () => Promise<void>

  private constructor(
    base: Any,
    guarded: ReadonlyMap<string, Any>,
    rows: readonly string[],
    close: () => Promise<void>,
  ) {
    this.base = base
    this.guarded = guarded
    this.#rows = rows
    this.#close = close
  }

  static async open(engine: Place, rows: readonly string[]): Promise<Twin> {
    const place = await engine.create()
    const base: Any = kanta<Any>({ driver: place.driver({ max: 1 }) } as never)
    for (const text of TABLES) await base.executeQuery({ sql: text, parameters: [] })
    const guarded = new Map<string, Any>()
    for (const [name, policies] of Object.entries(POLICIES)) {
      const db: Any = await createExecutor(base, [{ name: 'test', policies }] as never)
      guarded.set(name, db.as({ tenant: 1 }))
    }
    const twin = new Twin(base, guarded, rows, async () => {
      await base.destroy()
      await place.drop()
    })
    await twin.refill()
    return twin
  }

  async refill(): Promise<void> {
    for (const table of NAMES) await this.base.executeQuery({ sql: `delete from ${table}`, parameters: [] })
    for (const text of this.#rows) await this.base.executeQuery({ sql: text, parameters: [] })
  }

  /** Every row of every table: those that tenant 1 sees, those of it that are gone, and those that it never sees. */
  async contents(): Promise<Contents> {
    const seen: string[] = []
    const hidden: string[] = []
    for (const table of NAMES) {
      const { rows } = await this.base.executeQuery({ sql: `select * from ${table} order by id`, parameters: [] })
      for (const row of rows)
        (table === 'open' || (Number(row.tenant) === 1 && row.gone === null) ? seen : hidden).push(textOf(row))
    }
    return { seen, hidden }
  }

  close(): Promise<void> {
    return this.#close()
  }
}

export const POLICIES = { rows: [gone, tenant], column: [column], all: [gone, tenant, column] } as const
const NAMES = ['users', 'posts', 'open'] as const

const OPEN = "insert into open values (1, 1, 1, 'a'), (2, 2, 2, 'b'), (3, null, null, null)"
/** What tenant 1 sees is the same in both; hidden rows and secrets differ in number and in value. */
export const FIRST: readonly string[] = [
  "insert into users values (1, 1, 'ann', 'first-1', null), (2, 2, 'first-bob', 'first-2', null), (3, 1, 'first-cid', 'first-3', 'x'), (4, 1, 'dot', 'first-4', null), (5, 2, 'first-eve', 'first-5', 'x')",
  "insert into posts values (1, 1, 1, 'a', null), (2, 2, 2, 'first-b', null), (3, 1, 2, 'c', null), (4, 1, 1, 'first-d', 'x'), (5, 1, 4, 'e', null), (6, 1, null, 'f', null)",
  OPEN,
]
export const SECOND: readonly string[] = [
  "insert into users values (1, 1, 'ann', 'other-1', null), (4, 1, 'dot', 'other-4', null), (2, 3, 'other-xyz', null, 'y')",
  "insert into posts values (1, 1, 1, 'a', null), (3, 1, 2, 'c', null), (5, 1, 4, 'e', null), (6, 1, null, 'f', null)",
  OPEN,
]

export const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? Number(item) : item)) ?? 'undefined'

/** Without the words by which secrets of the twins differ: of the columns that a statement itself leaves as they were. */
export const withoutSecrets = (text: string): string => text.replace(/(?:first|other)-(?=\d)/gi, '')

export async function answerOf(run: () => Any): Promise<Answer> {
  try {
    const rows: readonly unknown[] = await run()
    // The next number of a table is no secret of its rows.
    return { rows: rows.map((row) => textOf(row).replace(/"insertId":\d+/, '"insertId"')).sort() }
  } catch (error) {
    const { code, message, constructor } = Object(error)
    return { code: code ?? constructor?.name ?? 'unknown', message: String(message) }
  }
}
