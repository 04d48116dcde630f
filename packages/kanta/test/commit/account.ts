import type { Driver } from '../../src/driver/index.ts'
import { mariadb } from '../../src/driver/mysql2/index.ts'
import { pg } from '../../src/driver/pg/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { type Database, table } from '../../src/index.ts'

export const account = table('account', (c) => ({ id: c.integer().primaryKey(), balance: c.integer() }))
export type Account = { account: { id: number; balance: number } }

/** The address of a layer for another process. */
export type Address =
  | { readonly kind: 'sqlite'; readonly path: string }
  | {
      readonly kind: 'postgres' | 'mariadb'
      readonly host: string
      readonly port: number
      readonly user: string
      readonly password?: string | undefined
      readonly database: string
    }

export function driverAt(address: Address): Driver {
  if (address.kind === 'sqlite') return sqlite(address.path)
  const { kind, ...at } = address
  return kind === 'postgres' ? pg({ ...at, max: 4 }) : mariadb({ ...at, max: 4 })
}

/** Moves money from one layer to others. */
export const move =
  (from: string, to: string | readonly string[], amount: number) =>
  async (layers: Readonly<Record<string, Pick<Database<Account>, 'updateTable'>>>): Promise<void> => {
    const targets = typeof to === 'string' ? [to] : to
    const sums = [[from, -amount * targets.length] as const, ...targets.map((name) => [name, amount] as const)]
    for (const [name, sum] of sums)
      await layers[name]!.updateTable('account')
        .set((eb) => ({ balance: eb('balance', '+', sum) }))
        .where('id', '=', 1)
        .execute()
  }
