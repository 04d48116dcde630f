import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import type { Driver } from '../../src/driver/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { type Database, kanta } from '../../src/index.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { pglite } from '../engine/pglite.ts'
import { postgres } from '../engine/postgres.ts'
import { type Account, type Address, account } from './account.ts'

/** A kind of database that takes part in commits. */
export interface LayerKind {
  readonly name: string
  readonly missing: string | undefined
  /** Makes an empty one. */
  create(): Promise<LayerPlace>
}

export interface LayerPlace {
  driver(): Driver
  /** The address for another process. */
  readonly address: Address | undefined
  drop(): Promise<void>
}

const file: LayerKind = {
  name: 'sqlite',
  missing: undefined,
  async create() {
    // In memory, where there is such a folder: each commit waits for the disk otherwise.
    const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'kanta-commit-'))
    const path = join(folder, 'layer.db')
    return {
      driver: () => sqlite(path),
      address: { kind: 'sqlite', path },
      drop: async () => rmSync(folder, { recursive: true, force: true }),
    }
  },
}

const engine = (of: typeof postgres): LayerKind => ({
  name: of.name,
  missing: of.missing,
  async create() {
    const place = await of.create()
    const servers = inject('servers')
    const server = of.name === 'postgres' ? servers.postgres : of.name === 'mariadb' ? servers.mariadb : undefined
    return {
      driver: () => place.driver({ max: 8 }),
      address:
        server === undefined || 'missing' in server
          ? undefined
          : { ...server, kind: of.name as 'postgres' | 'mariadb', database: place.database },
      drop: place.drop,
    }
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
  readonly addresses: readonly (Address | undefined)[]
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
    addresses: places.map(({ address }) => address),
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
        if (kind === 'postgres' || kind === 'mariadb') left += (await prepared(db, kind, databases.a!)).length
        return left
      }),
    async end() {
      // A test that failed would leave what no database can be dropped with.
      for (const [i, name] of names.entries())
        if (name === 'mariadb' || name === 'postgres')
          await rollBackPrepared(Object.values(databases)[i]!, name, databases.a!)
      for (const db of made) await db.destroy()
      for (const place of places) await place.drop()
    },
  }
}

/** Lists what is prepared in a database for this bank; the list of MariaDB is that of the whole server. */
async function prepared(
  db: Database<Account>,
  kind: 'mariadb' | 'postgres',
  home: Database<Account>,
): Promise<string[]> {
  const ask = async <R>(text: string, of: Database<Account>): Promise<readonly R[]> =>
    (await of.executeQuery<R>({ sql: text, parameters: [] } as never)).rows
  const pools = await ask<{ id: string }>('select id from kanta_commit_pool', home).catch(() => [])
  const list =
    kind === 'mariadb' ? 'xa recover' : 'select gid as data from pg_prepared_xacts where database = current_database()'
  const ids = (await ask<{ data: string | Uint8Array }>(list, db)).map(({ data }) =>
    typeof data === 'string' ? data : new TextDecoder().decode(data),
  )
  return ids.filter((id) => pools.some((pool) => id.startsWith(`kanta:${pool.id}:`)))
}

async function rollBackPrepared(
  db: Database<Account>,
  kind: 'mariadb' | 'postgres',
  home: Database<Account>,
): Promise<void> {
  for (const id of await prepared(db, kind, home)) {
    const undo = kind === 'mariadb' ? `xa rollback '${id}'` : `rollback prepared '${id}'`
    await db.executeQuery({ sql: undo, parameters: [] } as never).catch(() => {})
  }
}
