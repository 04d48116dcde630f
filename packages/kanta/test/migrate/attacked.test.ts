import { describe, expect, test } from 'vitest'
import { sql } from '../../src/index.ts'
import { type Migration, rebuildTable, sqlMigration } from '../../src/migrate/index.ts'
import { schemaBuilder } from '../../src/schema/index.ts'
import { engines } from './engines.ts'
import { onEachEngine, thrown } from './world.ts'

onEachEngine((world) => {
  const { migrate, engine } = world
  const read = async (text: string) => (await sql.raw(text).execute(world.db)).rows

  test.for([
    ['text', () => sql`create table built (id integer)`],
    ['builder', (db) => schemaBuilder(db).createTable('built').addColumn('id', 'integer')],
  ] satisfies [string, Migration['up']][])('a statement that is built and not run is refused: %s', async ([, up]) => {
    const error = await thrown(migrate({ '1_built': { up } }).latest())
    expect(error.message).toContain('The query was awaited and not run. Call .execute()')
    expect((await migrate({ '1_built': { up } }).status())[0]!.state).toBe('pending')
  })

  if (engine.transactionalDdl)
    test.for(['commit', 'ROLLBACK;', '/* so */ end transaction', 'commit and chain'])(
      'the transaction around a migration is not ended by text: %s',
      async (text) => {
        const up: Migration['up'] = async (db) => {
          await sql`create table part (id integer)`.execute(db)
          await sql.raw(text).execute(db)
        }
        const error = await thrown(migrate({ '1': { up } }).latest())
        expect(error.message).toContain('would end the transaction of the migration')
        expect(await world.has('part')).toBe(false)
        // Parts of it may be undone.
        const nested: Migration['up'] = async (db) => {
          await sql`create table part (id integer)`.execute(db)
          const failing = db.transaction().execute(async (inner) => {
            await sql`insert into part values (1)`.execute(inner)
            throw new Error('back')
          })
          await expect(failing).rejects.toThrow('back')
        }
        await migrate({ '1': { up: nested } }).latest()
        expect(await read('select * from part')).toEqual([])
      },
    )

  const settings = {
    sqlite: ['pragma foreign_keys = off', 'pragma foreign_keys', { foreign_keys: 1 }],
    postgres: ["set statement_timeout = '7s'", 'show statement_timeout', { statement_timeout: '0' }],
    mariadb: ['set session foreign_key_checks = 0', 'select @@foreign_key_checks as on_', { on_: 1 }],
  } as Readonly<Record<string, readonly [string, string, object]>>

  test.for([
    ['that ends well', ''],
    ['that fails', '; select * from no_such_table'],
  ] as const)('what a migration %s sets on its connection does not last', async ([, more]) => {
    const [set, ask, was] = settings[engine.dialect]!
    const up = sqlMigration(`-- kanta: no transaction\n${set}${more}`)
    await migrate({ '1': up })
      .latest()
      .catch(() => {})
    for (let i = 0; i < 3; i++) expect(await read(ask)).toEqual([was])
  })
})

describe('SQL that begins no block', () => {
  onEachEngine(
    (world) => {
      test('is a statement of its own', async () => {
        const body = `create table x (a text);
create trigger fill before insert on x for each row if new.a is null then set new.a = 'q;'; end if;
create procedure twice() l: loop insert into x values (null); leave l; end loop;
begin not atomic for i in 1..2 do insert into x values (i); end for; end;
call twice()`
        await world.migrate({ '1': sqlMigration(body) }).latest()
        expect((await sql`select a from x`.execute(world.db)).rows).toEqual([{ a: '1' }, { a: '2' }, { a: 'q;' }])
      })
    },
    engines.filter((engine) => engine.dialect === 'mariadb'),
  )
})

describe('rebuildTable()', () => {
  onEachEngine(
    (world) => {
      const { migrate } = world
      const read = async (text: string) => (await sql.raw(text).execute(world.db)).rows
      const first = sqlMigration(`create table city (id integer primary key autoincrement, name text,
  up integer references city (id), twice integer generated always as (2 * id));
create index city_name on city (name);
create table log (id integer);
create trigger city_log after insert on city begin insert into log values (new.id); end;
insert into city (name) values ('a'), ('b');
delete from city where id = 2`)
      const second = (table: string, refers: string): Migration => ({
        foreignKeys: 'off',
        up: (db) =>
          rebuildTable(db, table, {
            create: (name) =>
              sql`create table ${sql.id(name)} (id integer primary key autoincrement, name text not null, up integer references ${sql.id(refers === '' ? name : refers)} (id), twice integer)`.execute(
                db,
              ),
          }),
      })

      test('finds what belongs to a table whose name is given in another case', async () => {
        await migrate({ '1': first, '2': second('CITY', 'city') }).latest()
        expect(
          await read("select type, name from sqlite_schema where tbl_name = 'city' and type <> 'table' order by name"),
        ).toEqual([
          { type: 'trigger', name: 'city_log' },
          { type: 'index', name: 'city_name' },
        ])
        expect(await read("insert into city (name) values ('c') returning id")).toEqual([{ id: 3 }])
      })

      test('keeps the values of a column that was generated', async () => {
        await migrate({ '1': first, '2': second('city', 'city') }).latest()
        expect(await read('select id, twice from city')).toEqual([{ id: 1, twice: 2 }])
      })

      test('refuses a table that refers to itself under the name that it has for now', async () => {
        const error = await thrown(migrate({ '1': first, '2': second('city', '') }).latest())
        expect(error.message).toContain('temporary name "kanta_new_city". Let it refer to "city"')
        expect(await read('select name from city')).toEqual([{ name: 'a' }])
      })
    },
    engines.filter((engine) => engine.dialect === 'sqlite'),
  )
})
