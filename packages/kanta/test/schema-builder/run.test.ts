import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mariadbDialect } from '../../src/dialect/mysql/index.ts'
import { postgresDialect } from '../../src/dialect/postgres/index.ts'
import { sqliteDialect } from '../../src/dialect/sqlite/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { index, KantaError, kanta, sql, table } from '../../src/index.ts'
import { schemaBuilder } from '../../src/schema/index.ts'
import { type Engine, type Place, script } from '../engine/engine.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { postgres } from '../engine/postgres.ts'
import { catalogOf } from './catalog.ts'
import { type Any, type Definition, definitions } from './definitions.ts'
import { ground } from './ground.ts'

/** SQLite in memory: a database is gone with its only connection. */
const memory = { name: 'sqlite', dialect: 'sqlite', missing: undefined } as const

/** A database with what the definitions change. */
class World {
  readonly db: Any
  readonly #place: Place | undefined

  constructor(db: Any, place: Place | undefined) {
    this.db = db
    this.#place = place
  }

  static async make(engine: Engine | typeof memory): Promise<World> {
    const place = 'create' in engine ? await engine.create() : undefined
    const db: Any = kanta({ driver: place === undefined ? sqlite(':memory:') : place.driver({ max: 1 }) })
    const texts = ground(engine.dialect)
    if (place === undefined) for (const text of texts) await sql.raw(text).execute(db)
    else await script(place.driver({ max: 1 }), texts)
    return new World(db, place)
  }

  async close(): Promise<void> {
    await this.db.destroy()
    await this.#place?.drop()
  }
}

const built = (definition: Definition, db: Any): Any => definition.build({ s: schemaBuilder(db), db, sql })

/** Whether a database has what a definition asks for; what it lacks is in the texts of its dialect. */
function isAvailable(definition: Definition, engine: Engine | typeof memory): boolean {
  const dialect = dialects[engine.dialect]
  try {
    built(definition, kanta({ driver: { ...sqlite(':memory:'), dialect } })).compile()
    return definition.only === undefined || definition.only.includes(engine.dialect)
  } catch (error) {
    if (error instanceof KantaError) return false
    throw error
  }
}

const dialects = { sqlite: sqliteDialect, postgres: postgresDialect, mariadb: mariadbDialect }

/** What does not show in the catalog that is looked at. */
const UNSEEN: Readonly<Record<string, readonly string[]>> = {
  mariadb: ['a temporary table', 'an empty table', 'a sequence anew'],
}

describe.each([memory, postgres, mariadbEngine])('on $name', (engine) => {
  if (engine.missing !== undefined) console.log(`schema builder: left out, ${engine.missing}`)
  const runs = test.skipIf(engine.missing !== undefined)
  // Where a definition ends the transaction, each needs a database of its own.
  const transactional = engine.dialect !== 'mariadb'
  let shared: World | undefined

  beforeAll(async () => {
    if (transactional && engine.missing === undefined) shared = await World.make(engine)
  })
  afterAll(() => shared?.close())

  const effect = async (definition: Definition, db: Any): Promise<void> => {
    const before = await catalogOf(db, engine.dialect)
    await built(definition, db).execute()
    const after = await catalogOf(db, engine.dialect)
    if (!UNSEEN[engine.dialect]?.includes(definition.name)) expect(after).not.toBe(before)
  }

  const own = definitions.filter((definition) => isAvailable(definition, engine))
  runs.for(own)('$name has its effect', async (definition) => {
    const world = shared === undefined || definition.alone ? await World.make(engine) : shared
    try {
      if (world !== shared) return await effect(definition, world.db)
      const trx = await world.db.startTransaction().execute()
      try {
        await effect(definition, trx)
      } finally {
        await trx.rollback().execute()
      }
    } finally {
      if (world !== shared) await world.close()
    }
  })

  runs('creates a table() with its index, keeps its defaults and refuses what its constraints refuse', async () => {
    const world = await World.make(engine)
    const { db } = world
    const town = table('place', (c) => ({ id: c.integer().primaryKey(), name: c.varchar(50).default("it's") }))
    const visit = table(
      'visit',
      (c) => ({
        id: c.integer().primaryKey(),
        place: c.integer().references(() => town.id, { onDelete: 'cascade' }),
        day: c.date().nullable(),
        open: c.boolean().default(true),
        at: c.timestamp().default(new Date('2024-02-29T12:00:00.000Z')),
      }),
      (t) => [index([t.place, t.day], { name: 'visit_place' })],
    )
    const typed: Any = db.withPlugins([])
    try {
      const schema = schemaBuilder(typed)
      await schema.createTable(town as Any).execute()
      await schema.createTable(visit as Any).execute()
      await schema
        .createTable(visit as Any)
        .ifNotExists()
        .compile()
      await typed.insertInto(town).values({ id: 1 }).execute()
      await typed.insertInto(visit).values({ id: 1, place: 1 }).execute()
      const rows = await typed
        .selectFrom(visit)
        .innerJoin(town, 'place.id', 'visit.place')
        .select(['name', 'open', 'at', 'day'])
        .execute()
      expect(rows).toEqual([{ name: "it's", open: true, at: new Date('2024-02-29T12:00:00.000Z'), day: null }])
      await expect(typed.insertInto(visit).values({ id: 2, place: 9 }).execute()).rejects.toMatchObject({
        code: 'foreign_key_violation',
      })
      expect(await catalogOf(db, engine.dialect)).toContain('visit_place')
    } finally {
      await world.close()
    }
  })
})
