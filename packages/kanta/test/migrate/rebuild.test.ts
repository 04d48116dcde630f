import { expect, test } from 'vitest'
import { type Database, sql } from '../../src/index.ts'
import { type Migration, rebuildTable } from '../../src/migrate/index.ts'
import { engines } from './engines.ts'
import { names, onEachEngine, thrown } from './world.ts'

const create: Migration = {
  up: async (db) => {
    for (const text of [
      'create table country (id integer primary key autoincrement, name text, area integer, twice integer generated always as (2 * area))',
      'create table city (id integer primary key, country integer not null references country (id) on delete cascade)',
      'create table log (name text)',
      'create index country_name on country (name)',
      'create trigger country_log after insert on country begin insert into log values (new.name); end',
      'create trigger city_log after insert on city begin insert into log select name from country where id = new.country; end',
      'create view big as select name from country where area > 100',
      "insert into country (id, name, area) values (1, 'Finland', 338), (2, null, 5), (9, 'Gone', 1)",
      'insert into city values (1, 1), (2, 1), (3, 2)',
      'delete from country where id = 9',
    ])
      await sql.raw(text).execute(db)
  },
}

const rebuild = (db: Database<any>) =>
  rebuildTable(db, 'country', {
    create: (name) =>
      sql`create table ${sql.id(name)} (id integer primary key autoincrement, title text not null, area real not null check (area > 0), code text default 'xx', twice generated always as (2 * area))`.execute(
        db,
      ),
    values: { title: sql`coalesce(name, 'country ' || id)` },
  })

const dropIndex = (db: Database<any>) => sql`drop index country_name`.execute(db)

onEachEngine(
  (world) => {
    const { migrate } = world
    const read = async (text: string) => (await sql.raw(text).execute(world.db)).rows

    test('keeps its rows, those that refer to it, and what belongs to it', async () => {
      const runner = migrate({
        '1': create,
        '2': {
          foreignKeys: 'off',
          up: async (db) => {
            await dropIndex(db)
            await sql`drop trigger country_log`.execute(db)
            await sql`drop trigger city_log`.execute(db)
            await sql`drop view big`.execute(db)
            await sql`create index country_area on country (area)`.execute(db)
            await sql`create trigger shrink before update on country when new.area < old.area begin select raise(abort, 'shrunk'); end`.execute(
              db,
            )
            await rebuild(db)
          },
        },
      })
      await runner.up()
      expect(names(await runner.latest({ dryRun: true }))).toEqual(['up 2'])
      expect(await read('pragma foreign_keys')).toEqual([{ foreign_keys: 1 }])
      await runner.latest()
      expect(await read('select * from country order by id')).toEqual([
        { id: 1, title: 'Finland', area: 338, code: 'xx', twice: 676 },
        { id: 2, title: 'country 2', area: 5, code: 'xx', twice: 10 },
      ])
      expect(await read('select count(*) as n from city')).toEqual([{ n: 3 }])
      expect(
        await read("select name from sqlite_schema where tbl_name = 'country' and type <> 'table' order by name"),
      ).toEqual([{ name: 'country_area' }, { name: 'shrink' }])
      await expect(sql`update country set area = 1 where id = 1`.execute(world.db)).rejects.toThrow('shrunk')
      // Foreign keys are on again, and lead to the new table; numbers go on after those that were given.
      expect(await read('pragma foreign_keys')).toEqual([{ foreign_keys: 1 }])
      expect((await thrown(sql`insert into city values (4, 77)`.execute(world.db))).code).toBe('foreign_key_violation')
      expect(await read("insert into country (title, area) values ('New', 1) returning id")).toEqual([{ id: 10 }])
      await sql`delete from country where id = 1`.execute(world.db)
      expect(await read('select id from city')).toEqual([{ id: 3 }])
      expect(await read('pragma legacy_alter_table')).toEqual([{ legacy_alter_table: 0 }])
    })

    test('views and triggers that speak of it stay', async () => {
      const again = (db: Database<any>) =>
        rebuildTable(db, 'country', {
          create: (name) =>
            sql`create table ${sql.id(name)} (id integer primary key, name text, area real)`.execute(db),
        })
      await migrate({ '1': create, '2': { foreignKeys: 'off', up: again } }).latest()
      expect(await read('select * from big')).toEqual([{ name: 'Finland' }])
      await sql`insert into country (name, area) values ('Sweden', 450)`.execute(world.db)
      expect(await read('select name from big order by name')).toEqual([{ name: 'Finland' }, { name: 'Sweden' }])
      await sql`insert into city values (4, 1)`.execute(world.db)
      expect(await read('select * from log order by rowid desc limit 2')).toEqual([
        { name: 'Finland' },
        { name: 'Sweden' },
      ])
    })

    test('rows that refer to nothing keep it from being committed', async () => {
      const up = (db: Database<any>) => sql`delete from country where id = 2`.execute(db)
      const runner = migrate({ '1': create, '2': { foreignKeys: 'off', up } })
      const error = await thrown(runner.latest())
      expect(error.message).toContain("left violations: 1 from 'city' to 'country'")
      expect((error.cause as { code: string }).code).toBe('foreign_key_violation')
      expect(await read('select count(*) as n from country')).toEqual([{ n: 2 }])
      expect(await read('pragma foreign_keys')).toEqual([{ foreign_keys: 1 }])
      // What was so before is not its doing.
      await migrate({
        '1': create,
        '2': {
          transaction: false,
          up: async (db) => {
            await sql`pragma foreign_keys = off`.execute(db)
            await sql`delete from country where id = 2`.execute(db)
            await sql`pragma foreign_keys = on`.execute(db)
          },
        },
      }).latest()
      const third: Migration = { foreignKeys: 'off', up: (db) => sql`create table other (id integer)`.execute(db) }
      expect(names(await migrate({ '1': create, '2': { up }, '3': third }).latest())).toEqual(['up 3'])
    })

    test('with foreign keys on it is refused, and a pragma in a transaction, where it does nothing, too', async () => {
      const runner = migrate({ '1': create, '2': { up: rebuild } })
      expect((await thrown(runner.latest())).message).toContain("Set foreignKeys: 'off' in its migration")
      const idle = migrate({ '1': create, '2': { up: (db) => sql`PRAGMA foreign_keys = OFF`.execute(db) } })
      expect((await thrown(idle.latest())).message).toContain("'pragma foreign_keys' has no effect in a transaction")
      const small = (db: Database<any>) => (name: string) => sql`create table ${sql.id(name)} (id integer)`.execute(db)
      const wrong: [string, (db: Database<any>) => Promise<void>][] = [
        ['unknown table "nowhere"', (db) => rebuildTable(db, 'nowhere', { create: small(db) })],
        ['did not create the table "kanta_new_country"', (db) => rebuildTable(db, 'country', { create: () => {} })],
        ['Unknown column "i"', (db) => rebuildTable(db, 'country', { create: small(db), values: { i: sql`1` } })],
        ['takes { create }', (db) => rebuildTable(db, 'country', { create: 1 as never })],
        [
          'must be an expression',
          (db) => rebuildTable(db, 'country', { create: small(db), values: { id: 1 as never } }),
        ],
      ]
      for (const [message, up] of wrong) {
        const error = await thrown(migrate({ '1': create, '2': { foreignKeys: 'off', up } }).latest())
        expect(error.message).toContain(message)
      }
    })
  },
  engines.filter(({ dialect }) => dialect === 'sqlite'),
)

onEachEngine(
  (world) => {
    test('is for SQLite only', async () => {
      const off = { foreignKeys: 'off', up: () => {} } as const
      expect((await thrown(world.migrate({ a: off }).latest())).message).toContain('which only SQLite needs')
      const up = (db: Database<any>) => rebuildTable(db, 'a', { create: () => {} })
      expect((await thrown(world.migrate({ a: { up } }).latest())).message).toContain(
        'rebuildTable() is not available on',
      )
    })
  },
  engines.filter(({ dialect }) => dialect !== 'sqlite'),
)
