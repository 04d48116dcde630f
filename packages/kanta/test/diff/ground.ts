import type { Driver } from '../../src/driver/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { type Database, kanta, sql } from '../../src/index.ts'
import { type DialectName, introspect } from '../../src/introspect/index.ts'
import type { Engine } from '../engine/engine.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { postgres } from '../engine/postgres.ts'

/** An engine on which diffs run. */
export interface Ground {
  readonly name: string
  readonly dialect: DialectName
  readonly missing?: string | undefined
  /** Two empty databases. */
  open(): Promise<Pair>
}

export interface Pair {
  readonly one: Database<{}>
  readonly other: Database<{}>
  /** Makes both empty again. */
  clear(): Promise<void>
  close(): Promise<void>
}

const dropAll: Partial<Record<DialectName, (db: Database<{}>) => Promise<void>>> = {
  postgres: async (db) => {
    await sql`drop schema public cascade`.execute(db)
    await sql`create schema public`.execute(db)
  },
  mariadb: (db) =>
    db.connection().execute(async (held) => {
      await sql`set foreign_key_checks = 0`.execute(held)
      for (const { name } of (await introspect(held)).tables) await sql`drop table ${sql.id(name)}`.execute(held)
      await sql`set foreign_key_checks = 1`.execute(held)
    }),
}

async function pair(make: () => Promise<{ driver: Driver; drop(): Promise<void> }>): Promise<Pair> {
  const places = [await make(), await make()]
  const [one, other] = places.map(({ driver }) => kanta({ driver })) as [Database<{}>, Database<{}>]
  const dialect = places[0]!.driver.dialect.name
  return {
    one,
    other,
    clear: async () => {
      for (const db of [one, other]) await dropAll[dialect]!(db)
    },
    close: async () => {
      await one.destroy()
      await other.destroy()
      for (const place of places) await place.drop()
    },
  }
}

function server(engine: Engine): Ground {
  return {
    name: engine.name,
    dialect: engine.dialect as DialectName,
    missing: engine.missing,
    open: () =>
      pair(async () => {
        const place = await engine.create()
        return { driver: place.driver({ max: 2 }), drop: () => place.drop() }
      }),
  }
}

const inMemory = (): Database<{}> => kanta({ driver: sqlite(':memory:') })

/** SQLite in memory is made anew: that costs less than emptying it. */
const sqliteGround: Ground = {
  name: 'sqlite',
  dialect: 'sqlite',
  open: async () => {
    let both = [inMemory(), inMemory()] as const
    const close = async () => {
      for (const db of both) await db.destroy()
    }
    return {
      get one() {
        return both[0]
      },
      get other() {
        return both[1]
      },
      clear: async () => {
        await close()
        both = [inMemory(), inMemory()]
      },
      close,
    }
  },
}

export const grounds: readonly Ground[] = [sqliteGround, server(postgres), server(mariadbEngine)]
