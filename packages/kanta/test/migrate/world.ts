import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { type Database, KantaError, kanta, sql } from '../../src/index.ts'
import {
  type MigrationRun,
  type Migrations,
  type Migrator,
  type MigratorOptions,
  migrator,
} from '../../src/migrate/index.ts'
import { type Engine, engines } from './engines.ts'

/** An empty database for each test. */
export interface World {
  readonly engine: Engine
  readonly db: Database<any>
  readonly place: string
  migrate(migrations: MigratorOptions['migrations'], options?: Partial<MigratorOptions>): Migrator
  /** Whether there is a table, told by reading from it. */
  has(table: string): Promise<boolean>
}

export function onEachEngine(tests: (world: World) => void, chosen: readonly Engine[] = engines): void {
  describe.each(chosen.map((engine) => [engine.name, engine] as const))('%s', (_name, engine) => {
    const servers = inject('servers')
    const missing = engine.missing(servers)
    // The run has said it, too, when it began.
    if (missing !== undefined) return test.skip(missing)
    let db!: Database<any>
    let place!: string
    beforeEach(async () => {
      place = await engine.place(servers)
      db = kanta({ driver: engine.driver(place) })
    })
    // It hangs, and fails, if a connection has not been given back.
    afterEach(async () => {
      await db.destroy()
      await engine.remove(place)
    })
    tests({
      engine,
      get db() {
        return db
      },
      get place() {
        return place
      },
      migrate: (migrations, options) => migrator(db, { migrations, ...options }),
      has: (table) =>
        sql`select 1 from ${sql.id(table)}`.execute(db).then(
          () => true,
          () => false,
        ),
    })
  })
}

/** Three steps, each with a way back. */
export const steps: Migrations = {
  '1_country': {
    up: (db) => sql`create table country (id integer not null primary key, name varchar(50))`.execute(db),
    down: (db) => sql`drop table country`.execute(db),
  },
  '2_city': {
    up: async (db) => {
      await sql`create table city (id integer not null primary key, name varchar(50))`.execute(db)
      await db.insertInto('city').values({ id: 1, name: 'Turku' }).execute()
    },
    down: (db) => sql`drop table city`.execute(db),
  },
  '3_mayor': {
    up: (db) => sql`alter table city add mayor varchar(50)`.execute(db),
    down: (db) => sql`alter table city drop column mayor`.execute(db),
  },
}

/** What a run did, in short. */
export const names = ({ results }: MigrationRun): string[] =>
  results.map(({ direction, name }) => `${direction} ${name}`)

/** The error of work that has to fail. */
export const thrown = (work: Promise<unknown>): Promise<KantaError> =>
  work.then(
    () => expect.unreachable('It did not fail.'),
    (error) => {
      if (error instanceof KantaError) return error
      throw error
    },
  )
