import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

let root = ''
beforeEach(() => {
  // Inside of the repository, so that the files find the packages.
  root = mkdtempSync(join(fileURLToPath(new URL('.', import.meta.url)), '.cli-'))
  mkdirSync(join(root, 'migrations'))
  writeFileSync(
    join(root, 'kanta.config.ts'),
    `import { kanta } from 'kanta'
import { sqlite } from 'kanta/sqlite'
export default { db: () => kanta({ driver: sqlite('test.db') }), migrations: 'migrations' }
`,
  )
  write('1_city.sql', "create table city (id integer primary key, name text);\ninsert into city values (1, 'Turku')")
  write('1_city.down.sql', 'drop table city')
  write('2_mayor.ts', `export const up = (db: any) => db.insertInto('city').values({ id: 2, name: 'Oulu' }).execute()`)
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const write = (name: string, text: string) => writeFileSync(join(root, 'migrations', name), text)

/** Calls the command as a person does. */
function kanta(call: string) {
  const flags = ['--conditions=kanta-source', '--disable-warning=ExperimentalWarning', main]
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, ...call.split(' ').filter(Boolean)], {
    cwd: root,
    encoding: 'utf8',
  })
  return { code: status, out: stdout, error: stderr.replaceAll(/\d+ ms/g, 'n ms') }
}

test('from the first migration to the last, and back', { timeout: 60_000 }, () => {
  expect(kanta('migrate status --check')).toEqual({ code: 3, out: 'pending  1_city\npending  2_mayor\n', error: '' })
  const dry = kanta('migrate latest --dry-run')
  expect(dry.out).toBe(`-- up 1_city
create table city (id integer primary key, name text);
insert into city values (1, 'Turku');

-- up 2_mayor
insert into "city" ("id", "name") values (?, ?); -- [2,"Oulu"]
`)
  expect(kanta('migrate latest')).toEqual({
    code: 0,
    out: 'Done: 2 applied, the last is 2_mayor.\n',
    error: '1/2 up   1_city  n ms, 2 statements\n2/2 up   2_mayor  n ms, 1 statement\n',
  })
  expect(kanta('migrate up').out).toBe('Nothing to do: 2 applied, the last is 2_mayor.\n')
  const status = kanta('migrate status --check')
  expect(status.code).toBe(0)
  expect(status.out).toMatch(/^applied {2}1_city {3}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +\d+ ms\napplied {2}2_mayor /)
  const down = kanta('migrate down')
  expect(down.code).toBe(1)
  expect(down.error).toBe(
    "kanta: The migration '2_mayor' cannot be reverted, since it has no down(db). Write one, or create a new migration.\n",
  )
})

test('what fails is told with its statement', { timeout: 60_000 }, () => {
  write('3_broken.sql', '-- kanta: no transaction\ncreate table a (id integer);\ndrop table nowhere')
  const failed = kanta('migrate latest')
  expect(failed.code).toBe(1)
  expect(failed.error).toContain('3/3 up   3_broken  n ms, 1 statement  dirty\n')
  expect(failed.error).toContain("kanta: The migration '3_broken' failed to be applied, at its statement 2")
  expect(failed.error).toContain('\ndrop table nowhere\n')
  expect(kanta('migrate resolve 3_broken rolled-back').out).toBe('3_broken is now recorded as rolled back.\n')
  expect(kanta('migrate baseline 3_broken').out).toBe('Marked as applied: 3_broken.\n')
})

test('make writes a file where the others are', { timeout: 60_000 }, () => {
  const { code, out } = kanta('migrate make add_slug --kind sql')
  expect(code).toBe(0)
  expect(out).toMatch(/migrations\/\d{8}_\d{6}_add_slug\.sql\n$/)
  expect(readdirSync(join(root, 'migrations')).filter((name) => name.includes('add_slug'))).toHaveLength(2)
})

test('pull writes the tables of a database, and diff compares it with them', { timeout: 60_000 }, () => {
  expect(kanta('migrate latest').code).toBe(0)
  const pulled = kanta('pull')
  expect(pulled.error).toBe('')
  expect(pulled.out).toBe(`import { table } from 'kanta'

export const city = table('city', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text().nullable(),
}))
`)
  expect(kanta('pull --out schema.ts').out).toBe('schema.ts\n')
  expect(kanta('pull --out schema.ts').error).toContain('already there')
  expect(kanta('diff schema.ts --check')).toEqual({
    code: 0,
    out: '-- The database has the tables of the module.\n',
    error: '',
  })
  const changed = pulled.out.replace(
    'name: c.text().nullable()',
    'title: c.text().nullable(),\n  size: c.integer().nullable()',
  )
  writeFileSync(join(root, 'schema.ts'), changed)
  expect(kanta('diff schema.ts').error).toContain("Pass renames: { 'city.name': 'title' }")
  const { code, out, error } = kanta('diff schema.ts --rename city.name=title --check')
  expect({ code, error }).toEqual({ code: 3, error: '' })
  expect(out).toBe(
    'alter table "city" rename column "name" to "title";\nalter table "city" add column "size" integer;\n',
  )
  expect(kanta('diff schema.ts --rename city.name=').error).toContain("error drop-column: Dropping the column 'name'")
  expect(kanta('diff schema.ts --rename city.name=title --out title').out).toMatch(/_title\.sql\n$/)
  const written = readdirSync(join(root, 'migrations')).filter((name) => name.includes('_title'))
  expect(written.map((name) => readFileSync(join(root, 'migrations', name), 'utf8'))).toEqual([
    'alter table "city" rename column "title" to "name";\nalter table "city" drop column "size";\n',
    out,
  ])
})

test('a call that cannot be meant ends with 2 and says why', { timeout: 60_000 }, () => {
  expect(kanta('--help').out).toContain('kanta migrate <command>')
  expect(kanta('--version').out).toMatch(/^\d+\.\d+\.\d+\n$/)
  const wrong: [string, string][] = [
    [
      'generate',
      "Unknown command 'generate'. Use one of: kanta migrate, kanta pull, kanta diff, kanta doctor, kanta seed.",
    ],
    ['diff', 'diff needs the module with the tables'],
    ['diff nowhere.ts', 'There is no file'],
    ['pull --check', '--check applies to status, diff'],
    ['migrate lastest', "Unknown command 'migrate lastest'"],
    ['migrate to', 'migrate to needs more'],
    ['migrate up 1 2', "does not take '2'"],
    ['migrate up many', "not 'many'"],
    ['migrate status --dry-run', '--dry-run applies to latest, up, down, to'],
    ['migrate latest --dryrun', "Unknown option '--dryrun'"],
    ['migrate latest --config nowhere.ts', 'There is no file'],
    ['migrate resolve 1_city done', "takes the state 'applied' or 'rolled-back'"],
  ]
  for (const [call, message] of wrong) {
    const { code, error } = kanta(call)
    expect(error).toContain(message)
    expect(code, call).toBe(2)
  }
})

test('a configuration that cannot be loaded is named', { timeout: 60_000 }, () => {
  writeFileSync(join(root, 'broken.ts'), "throw new Error('no password')")
  const { code, error } = kanta('migrate status --config broken.ts')
  expect(error).toContain('broken.ts: no password')
  expect(code).toBe(2)
})

test('doctor tells what should be mended', { timeout: 60_000 }, () => {
  const sick = kanta('doctor')
  expect(sick.code).toBe(3)
  expect(sick.error).toBe('')
  expect(sick.out).toMatch(
    /^ok {7}connection {4}SQLite 3\.\d+\.\d+, answered in \d+\.\d ms\.\nok {7}pool {10}1 of at most /,
  )
  expect(sick.out).toContain('ok       settings      None that hurts.\n')
  expect(sick.out).toContain('error    migrations    Pending: 1_city, 2_mayor. Run kanta migrate latest.\n')
  expect(kanta('migrate latest').code).toBe(0)
  const { code, out } = kanta('doctor --json')
  expect(code).toBe(0)
  const told = JSON.parse(out)
  expect(told.status).toBe('ok')
  expect(told.checks.map(({ check, state }: { check: string; state: string }) => `${check} ${state}`)).toEqual([
    'connection ok',
    'pool ok',
    'settings ok',
    'migrations ok',
  ])
  write('1_city.sql', 'create table city (id integer primary key)')
  expect(kanta('doctor').out).toMatch(/error {4}migrations {4}Drifted: 1_city/)
})

test('doctor tells of settings that hurt and of tables that differ', { timeout: 60_000 }, () => {
  expect(kanta('migrate latest').code).toBe(0)
  writeFileSync(
    join(root, 'kanta.config.ts'),
    `import { kanta } from 'kanta'
import { sqlite } from 'kanta/sqlite'
export default {
  db: () => kanta({ driver: sqlite({ path: 'test.db', pragmas: { foreign_keys: false, synchronous: 'off' } }) }),
  migrations: 'migrations',
  schema: 'schema.ts',
}
`,
  )
  writeFileSync(
    join(root, 'schema.ts'),
    `import { table } from 'kanta'
export const city = table('city', (c) => ({ id: c.integer().primaryKey() }))
`,
  )
  const { code, out } = kanta('doctor')
  expect(code).toBe(3)
  expect(out).toContain('error    settings      foreign_keys is 0: Foreign keys are not enforced. Set the pragma')
  expect(out).toContain('error    settings      synchronous is 0: A loss of power can corrupt the database.')
  expect(out).toContain('error    tables        They differ from the schema in 1 step. See kanta diff.')
})

test('doctor ends with 1 where the database cannot be reached, and --json is for it alone', { timeout: 60_000 }, () => {
  writeFileSync(
    join(root, 'kanta.config.ts'),
    `import { kanta } from 'kanta'
import { sqlite } from 'kanta/sqlite'
export default { db: () => kanta({ driver: sqlite('/nowhere/at/all.db') }), migrations: 'migrations' }
`,
  )
  const { code, out } = kanta('doctor --json')
  expect(code).toBe(1)
  expect(JSON.parse(out)).toMatchObject({ status: 'error', checks: [{ check: 'connection', state: 'error' }] })
  expect(kanta('migrate status --json')).toMatchObject({ code: 2, error: expect.stringMatching(/applies to doctor/) })
})

test('seed writes rows of a file and of --rows, or none', { timeout: 60_000 }, () => {
  write(
    '2_mayor.ts',
    `export const up = (db: any) => db.schema.createTable(mayor).execute()
import { table } from 'kanta'
const mayor = table('mayor', (c) => ({ id: c.integer().primaryKey(), name: c.text(), city_id: c.integer().references((): any => city.id) }))
const city = table('city', (c) => ({ id: c.integer().primaryKey() }))
`,
  )
  expect(kanta('migrate latest').code).toBe(0)
  expect(kanta('seed --rows mayor=5 --dry-run')).toEqual({
    code: 0,
    out: 'mayor  5 rows would be written\n',
    error: '',
  })
  expect(kanta('seed --rows mayor=5 --rows city=2 --seed 7')).toEqual({
    code: 0,
    out: 'city  2 rows\nmayor  5 rows\n',
    error: 'city  2/2\nmayor  5/5\n',
  })
  writeFileSync(
    join(root, 'seed.ts'),
    "export default { seed: 2, rows: { city: 3 }, values: { city: { name: (n: number) => 'City ' + n } } }",
  )
  expect(kanta('seed seed.ts').out).toBe('city  3 rows\n')
  writeFileSync(
    join(root, 'write.ts'),
    `export default (db: any) => db.insertInto('city').values({ name: 'Kemi' }).execute()`,
  )
  expect(kanta('seed write.ts --dry-run').out).toBe('Done, and undone.\n')
  expect(kanta('seed write.ts').out).toBe('Done.\n')
  writeFileSync(
    join(root, 'read.ts'),
    `export default async (db: any) => console.log((await db.selectFrom('city').select('name').where('name', 'is not', null).execute()).map((row: any) => row.name).slice(-4).join())`,
  )
  expect(kanta('seed read.ts').out).toBe('City 1,City 2,City 3,Kemi\nDone.\n')
  writeFileSync(join(root, 'dry.ts'), 'export default { seed: 2, dryRun: true, rows: { city: 3 } }')
  expect(kanta('seed dry.ts').out).toBe('city  3 rows would be written\n')
  expect(kanta('seed read.ts --seed 7')).toMatchObject({ code: 2, error: expect.stringMatching(/Leave out --seed/) })
  expect(kanta('seed --rows city=1 --rows city=2').error).toContain("--rows has the table 'city' twice")
  expect(kanta('seed').error).toContain('seed needs a file or the numbers of rows')
  expect(kanta('seed --rows city')).toMatchObject({ code: 2, out: '' })
  expect(kanta('seed --rows towns=3').error).toContain("There is no table 'towns'. Tables: city, ")
  expect(kanta('seed none.ts').error).toContain('There is no file')
  expect(kanta('pull --rows city=1').error).toContain('--rows applies to seed, not to pull')
  expect(kanta('--help').out).toContain('kanta seed [file]')
})
