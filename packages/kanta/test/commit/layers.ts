import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Driver } from '../../src/driver/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { type Database, kanta, table } from '../../src/index.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { pglite } from '../engine/pglite.ts'
import { postgres } from '../engine/postgres.ts'

export const account = table('account', (c) => ({ id: c.integer().primaryKey(), balance: c.integer() }))
export type Account = { account: { id: number; balance: number } }

/** A kind of database that takes part in commits. */
export interface LayerKind {
  readonly name: string
  readonly missing: string | undefined
  /** Makes an empty one. */
  create(): Promise<{ driver(): Driver; drop(): Promise<void> }>
}

const file: LayerKind = {
  name: 'sqlite',
  missing: undefined,
  async create() {
    const folder = mkdtempSync(join(tmpdir(), 'kanta-commit-'))
    return {
      driver: () => sqlite(join(folder, 'layer.db')),
      drop: async () => rmSync(folder, { recursive: true, force: true }),
    }
  },
}

const engine = (of: typeof postgres): LayerKind => ({
  name: of.name,
  missing: of.missing,
  async create() {
    const place = await of.create()
    return { driver: () => place.driver({ max: 8 }), drop: place.drop }
  },
})

export const kinds = {
  sqlite: file,
  postgres: engine(postgres),
  mariadb: engine(mariadbEngine),
  pglite: engine(pglite),
} as const
export type KindName = keyof typeof kinds

/** Databases with one account of 100 each. */
export interface Bank {
  readonly databases: Readonly<Record<string, Database<Account>>>
  /** The balances by layer. */
  balances(): Promise<Record<string, number>>
  /** The rows of Kanta's own tables that are left, and the transactions that are prepared, by layer. */
  leftovers(): Promise<Record<string, number>>
  /** Another connection to the same databases, as another program has it. */
  another(): Readonly<Record<string, Database<Account>>>
  end(): Promise<void>
}

/** Opens a bank over databases of some kinds; the layers are named a, b, c … */
export async function openBank(names: readonly KindName[]): Promise<Bank> {
  const places = await Promise.all(names.map((name) => kinds[name].create()))
  const made: Database<Account>[] = []
  const open = (): Record<string, Database<Account>> =>
    Object.fromEntries(
      places.map((place, i) => {
        const db = kanta({ driver: place.driver(), schema: { account } }) as unknown as Database<Account>
        made.push(db)
        return [String.fromCharCode(97 + i), db]
      }),
    )
  const databases = open()
  for (const db of Object.values(databases)) {
    await db.schema.createTable(account).execute()
    await db.insertInto('account').values({ id: 1, balance: 100 }).execute()
  }
  const each = async (read: (db: Database<Account>, name: string) => Promise<number>) =>
    Object.fromEntries(
      await Promise.all(Object.entries(databases).map(async ([name, db]) => [name, await read(db, name)] as const)),
    )
  const count = async (db: Database<Account>, query: string): Promise<number> => {
    const { rows } = await db.executeQuery<Record<string, unknown>>({ sql: query, parameters: [] } as never)
    return rows.length
  }
  return {
    databases,
    another: open,
    balances: () =>
      each(
        async (db) =>
          (await db.selectFrom('account').select('balance').where('id', '=', 1).executeTakeFirstOrThrow()).balance,
      ),
    leftovers: () =>
      each(async (db, name) => {
        const kind = names[name.charCodeAt(0) - 97]
        let left = 0
        for (const own of ['kanta_commit', 'kanta_commit_progress', ...(name === 'a' ? ['kanta_commit_owner'] : [])])
          left += await count(db, `select * from ${own}`)
        if (kind === 'postgres')
          left += await count(db, 'select 1 from pg_prepared_xacts where database = current_database()')
        if (kind === 'mariadb') left += await count(db, 'xa recover')
        return left
      }),
    async end() {
      for (const db of made) await db.destroy()
      for (const place of places) await place.drop()
    },
  }
}

/** Moves money from one layer to another. */
export const move =
  (from: string, to: string, amount: number) =>
  async (layers: Readonly<Record<string, Database<Account>>>): Promise<void> => {
    for (const [name, sum] of [
      [from, -amount],
      [to, amount],
    ] as const)
      await layers[name]!.updateTable('account')
        .set((eb) => ({ balance: eb('balance', '+', sum) }))
        .where('id', '=', 1)
        .execute()
  }
