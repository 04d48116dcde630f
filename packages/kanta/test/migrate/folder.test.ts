import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { titleOf } from '../../src/dialect/index.ts'
import { sql } from '../../src/index.ts'
import { folder, make } from '../../src/migrate/files.ts'
import { type MigrationRun, none, sqlMigration } from '../../src/migrate/index.ts'
import { names, onEachEngine, thrown } from './world.ts'

let root = ''
beforeEach(() => {
  // Inside of the repository, so that the files find the package.
  root = mkdtempSync(join(dirname(fileURLToPath(import.meta.url)), '.folder-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const write = (files: Record<string, string>) => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
}

const TABLE = 'create table city (id integer not null primary key, name varchar(50));'

onEachEngine((world) => {
  const { migrate, engine } = world

  test('TypeScript, JavaScript and SQL run in the order of their names', async () => {
    write({
      '1_city.sql': `-- Cities.\n${TABLE}\ninsert into city values (1, 'Turku; not Åbo');\n`,
      '1_city.down.sql': 'drop table city',
      '2_mayor.ts': `
        import { sql } from '../../../src/index.ts'
        import type { Migration } from '../../../src/migrate/index.ts'
        const column: string = 'mayor'
        export const up: Migration['up'] = (db) => sql\`alter table city add \${sql.id(column)} varchar(50)\`.execute(db)
        export const down: Migration['down'] = (db) => sql\`alter table city drop column mayor\`.execute(db)`,
      '3_rows.js': `
        export default { up: (db) => db.insertInto('city').values({ id: 2, name: 'Oulu' }).execute(), down() {} }`,
      '_draft.txt': '',
      'README.md': '',
    })
    const runner = migrate(folder(root))
    expect(names(await runner.latest())).toEqual(['up 1_city', 'up 2_mayor', 'up 3_rows'])
    const rows = await world.db.selectFrom('city').select(['id', 'name', 'mayor']).orderBy('id').execute()
    expect(rows).toEqual([
      { id: 1, name: 'Turku; not Åbo', mayor: null },
      { id: 2, name: 'Oulu', mayor: null },
    ])
    expect(names(await runner.to(none))).toEqual(['down 3_rows', 'down 2_mayor', 'down 1_city'])
    expect(await world.has('city')).toBe(false)
    expect(names(await migrate(folder(pathToFileURL(root))).up())).toEqual(['up 1_city'])
  })

  test('a file that has changed since is told by its checksum; its line ends are nothing', async () => {
    write({ 'a.sql': `${TABLE}\n`, 'b.js': 'export function up() {}\n' })
    const runner = migrate(folder(root))
    await runner.latest()
    write({ 'a.sql': `\uFEFF${TABLE}\r\n`, 'a.down.sql': 'drop table city', 'b.js': 'export function up() {}\r\n' })
    expect((await runner.status()).map(({ drift }) => drift)).toEqual([[], []])
    write({ 'a.sql': `${TABLE} -- more\n`, 'b.js': 'export function up() {} // more\n' })
    expect((await thrown(runner.latest())).code).toBe('migration_drift')
    expect((await runner.status()).map(({ drift }) => drift)).toEqual([['changed'], ['changed']])
  })

  test('an error of SQL names its line, and what was before it is undone', async () => {
    write({ 'a.sql': `${TABLE}\n\ninsert into nowhere\n  values (1);` })
    const error = await thrown(migrate(folder(root)).latest())
    expect(error.message).toContain("'a' failed to be applied, at its statement 2: Line 3 of the SQL: ")
    expect(error.sql).toBe('insert into nowhere\n  values (1)')
    expect((error.result as MigrationRun).results[0]!.statements[0]!.sql).toBe(TABLE.slice(0, -1))
    expect(await world.has('city')).toBe(!engine.transactionalDdl)
  })

  if (engine.transactionalDdl)
    test('what ends a transaction is refused, unless there is none', async () => {
      write({ 'a.sql': `${TABLE} commit;` })
      const error = await thrown(migrate(folder(root)).latest())
      expect(error.message).toContain("'commit' begins or ends a transaction")
      expect(await world.has('city')).toBe(false)
      write({ 'a.sql': `-- kanta: no transaction\nbegin; ${TABLE} commit;` })
      await migrate(folder(root)).latest()
      expect(await world.has('city')).toBe(true)
    })

  test('a folder that drizzle-kit has written', async () => {
    const of = { sqlite: 'sqlite', postgres: 'postgres', mysql: 'mysql', mariadb: 'mysql', mssql: 'none' }[
      engine.dialect
    ]
    const path = fileURLToPath(new URL(`drizzle/${of}`, import.meta.url))
    const runner = migrate(folder(path))
    await runner.up()
    await sql`insert into country values ('FI', 'Finland')`.execute(world.db)
    const city = { id: 1, name: 'Turku', country: 'FI' }
    await world.db.insertInto('city').values(city).execute()
    expect(names(await runner.latest({ dryRun: true }))).toEqual(['up 0001_change'])
    expect(names(await runner.latest())).toEqual(['up 0001_change'])
    expect((await runner.status()).map(({ name, state, drift }) => [name, state, ...drift])).toEqual([
      ['0000_create', 'applied'],
      ['0001_change', 'applied'],
    ])
    // On SQLite it rebuilds the table of countries, and the cities refer to that with `on delete cascade`.
    expect(await world.db.selectFrom('city').select(['id', 'name', 'country']).execute()).toEqual([city])
    expect(await world.db.selectFrom('country').select(['cca2', 'name']).execute()).toEqual([
      { cca2: 'FI', name: 'Finland' },
    ])
    const orphan = world.db
      .insertInto('city')
      .values({ ...city, id: 2, country: 'SE' })
      .execute()
    expect((await thrown(orphan)).code).toBe('foreign_key_violation')
    const others = ['sqlite', 'postgres', 'mysql'].filter((each) => each !== of)
    for (const other of others) {
      const wrong = migrate(folder(fileURLToPath(new URL(`drizzle/${other}`, import.meta.url))), { table: 'other' })
      expect((await thrown(wrong.up())).message).toContain(`and the database is ${titleOf(engine.dialect)}`)
    }
  })
})

describe('what is wrong with a folder', () => {
  const load = () => thrown(Promise.resolve(folder(root)()))
  const wrong: [Record<string, string>, string][] = [
    [{ 'a.sql': '', 'a.ts': 'export const up = () => {}' }, "The files 'a.sql' and 'a.ts' are both the migration 'a'"],
    [{ 'a.down.sql': '' }, 'has no migration to revert'],
    [{ 'a.txt': '' }, "a.txt' is not a migration"],
    [{ 'inner/a.sql': '' }, "inner' is not a migration"],
    [{ 'a.ts': 'export const down = () => {}' }, 'does not export a function up(db)'],
    [{ 'a.js': 'export const up = (' }, 'Cannot load the migration'],
    [{ 'a.sql': '-- kanta: no transactions\nselect 1' }, "Unknown directive '-- kanta: no transactions'"],
    [{ 'a.sql': '-- migrate:up\nselect 1;\n-- migrate:down\nselect 2' }, "a section '-- migrate:up'"],
    [{ 'a.sql': 'select 1;\n-- down\nselect 2' }, "a section '-- down'"],
    [{ 'a.sql': 'select 1;\n-- +goose Down\nselect 2' }, "a section '-- +goose Down'"],
    [{ 'meta/_journal.json': '{' }, 'Cannot read the journal'],
    [{ 'meta/_journal.json': '{"dialect":"sqlite","entries":[{"idx":0,"tag":"0000_a"}]}' }, "there is no '0000_a.sql'"],
    [{ 'meta/_journal.json': '{"dialect":"sqlite","entries":[]}', '0000_a.sql': '' }, 'is not in the journal'],
    [
      { 'meta/_journal.json': '{"dialect":"sqlite","entries":[{"idx":0,"tag":"b"},{"idx":1,"tag":"a"}]}' },
      "has 'b' where 'a' comes by name",
    ],
  ]
  test.for(wrong)('%o', async ([files, message]) => {
    write(files)
    const error = await load()
    expect(error.code).toBe('invalid_input')
    expect(error.message).toContain(message)
  })

  test('that it is not there', async () => {
    expect((await thrown(Promise.resolve(folder(join(root, 'nowhere'))()))).message).toContain('there is no folder')
    expect(() => folder('')).toThrow('takes the path of a folder')
  })

  test('an ordinary comment is none of these', () => {
    for (const text of ['-- downtown\nselect 1', '-- up to here all is well\nselect 1', 'select 1 -- down'])
      expect(() => sqlMigration(text), text).not.toThrow()
  })
})

describe('make', () => {
  const now = new Date('2026-01-31T12:30:05.250Z')

  test('writes a file that loads, in each kind', async () => {
    const ts = await make(root, 'create_city', { now })
    expect(ts).toBe(join(root, '20260131_123005_create_city.ts'))
    await make(root, 'in_js', { now, kind: 'js' })
    await make(root, 'in_sql', { now, kind: 'sql' })
    expect(readdirSync(root).sort()).toEqual([
      '20260131_123005_create_city.ts',
      '20260131_123005_in_js.js',
      '20260131_123005_in_sql.down.sql',
      '20260131_123005_in_sql.sql',
    ])
    expect(readFileSync(ts, 'utf8')).toContain("export const up: Migration['up'] = async (db) => {")
    const loaded = await folder(root)()
    expect(Object.keys(loaded)).toHaveLength(3)
    expect(Object.values(loaded).every(({ up, down }) => typeof up === 'function' && typeof down === 'function')).toBe(
      true,
    )
  })

  test('makes the folder, and writes over nothing', async () => {
    const inner = join(root, 'db', 'migrations')
    const path = await make(inner, 'a', { now })
    writeFileSync(path, 'mine')
    await expect(make(inner, 'a', { now })).rejects.toMatchObject({ code: 'invalid_input' })
    expect(readFileSync(path, 'utf8')).toBe('mine')
  })

  test('refuses names that are none, and the folder of drizzle-kit', async () => {
    for (const name of ['', 'a b', '../a', 'a.ts', undefined])
      expect((await thrown(make(root, name as string))).code).toBe('invalid_input')
    expect((await thrown(make(root, 'a', { kind: 'go' as 'ts' }))).code).toBe('invalid_input')
    const drizzle = new URL('drizzle/sqlite', import.meta.url)
    expect((await thrown(make(drizzle, 'a'))).message).toContain('drizzle-kit writes the folder')
  })
})
