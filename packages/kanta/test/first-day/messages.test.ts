import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import { mariadb, mysql } from '../../src/driver/mysql2/index.ts'
import { importPeer } from '../../src/driver/peer.ts'
import { pg } from '../../src/driver/pg/index.ts'
import { pglite as pgliteDriver } from '../../src/driver/pglite/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { tedious } from '../../src/driver/tedious/index.ts'
import { kanta, sql, table } from '../../src/index.ts'
import type { Place } from '../engine/engine.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { pglite } from '../engine/pglite.ts'
import { postgres } from '../engine/postgres.ts'

type Any = any

test.each<[what: string, open: () => unknown, message: RegExp]>([
  [
    'a misspelt option',
    () => pg({ hots: 'localhost' } as never),
    /^pg\(\) has no option 'hots'\. Did you mean 'host'\?/,
  ],
  ['an option of Kanta', () => pg({ statementcache: 5 } as never), /Did you mean 'statementCache'\?/],
  ['the option of another library', () => pg({ hostname: 'x' } as never), /no option 'hostname'\. Use host\./],
  ['a misspelt option', () => mysql({ pasword: 'x' } as never), /no option 'pasword'\. Did you mean 'password'\?/],
  ['a misspelt option', () => sqlite({ path: 'a.db', presett: 'test' } as never), /Did you mean 'preset'\?/],
  ['a misspelt option', () => tedious({ servre: 'x' } as never), /Did you mean 'server'\?/],
  [
    'a URL of MySQL',
    () => pg('mysql://app:secret@localhost/cities'),
    /^pg\(\) takes no URL that begins with 'mysql:'\. Use mysql\(\) of kanta\/mysql2\.$/,
  ],
  ['a URL of SQLite', () => pg('file:cities.db'), /Use sqlite\(\) of kanta\/sqlite\.$/],
  [
    'a URL of PostgreSQL',
    () => mysql('postgres://app:secret@localhost/cities'),
    /^mysql\(\) takes no URL that begins with 'postgres:'\. Use pg\(\) of kanta\/pg\.$/,
  ],
  [
    'a URL of PostgreSQL',
    () => sqlite('postgres://app:secret@localhost/cities'),
    /takes the path of a file, not a URL of 'postgres:'\. Use .*pg\(\) of kanta\/pg/,
  ],
  ['a URL of PostgreSQL', () => betterSqlite3('postgresql://localhost/cities'), /not a URL of 'postgresql:'/],
  [
    'a URL of PostgreSQL',
    () => pgliteDriver('postgres://localhost/cities'),
    /takes a folder, not the URL of a server\. Use pg\(\)/,
  ],
  ['a URL', () => tedious('mssql://localhost' as never), /takes the settings of a connection, not a URL/],
  ['no scheme', () => pg('app:secret@localhost/cities'), /begins with 'app:'|has no scheme/],
  ['no scheme', () => pg('localhost/cities'), /has no scheme\. Begin it with 'postgres:\/\/', such as/],
  ['no scheme', () => mariadb('localhost/cities'), /has no scheme\. Begin it with 'mysql:\/\/'/],
  ['an unknown scheme', () => pg('pgsql://localhost/cities'), /begins with 'pgsql:'\. Begin it with 'postgres:\/\/'/],
  [
    'an empty URL',
    () => pg(''),
    /^The URL that pg\(\) was given is empty\. Check that the environment variable is set/,
  ],
  ['an empty URL', () => mysql(' '), /^The URL that mysql\(\) was given is empty\./],
  ['an empty connection string', () => pg({ connectionString: '' }), /is empty/],
])('%s: %o', (_, open, message) => {
  let error: Any
  try {
    open()
  } catch (cause) {
    error = cause
  }
  expect(error).toMatchObject({ code: 'invalid_input', message: expect.stringMatching(message) })
  // A URL holds a password.
  expect(error.message).not.toContain('secret@localhost/cities"')
})

test('a socket is no URL', () => {
  for (const place of ['/var/run/postgresql cities', 'socket:/var/run/postgresql?db=cities'])
    expect(pg(place)).toBeDefined()
})

test('a library that is not installed is named with the command that installs it', async () => {
  const name = 'a-library-that-is-not-installed'
  await expect(importPeer('kanta/pg', name, () => import(/* @vite-ignore */ name))).rejects.toMatchObject({
    code: 'unsupported',
    message: `kanta/pg needs the package '${name}'. Install it: npm install ${name}`,
  })
  const broken = Object.assign(new Error("Cannot find package 'another'"), { code: 'ERR_MODULE_NOT_FOUND' })
  await expect(importPeer('kanta/pg', 'pg', () => Promise.reject(broken))).rejects.toBe(broken)
})

describe('a Node without SQLite', () => {
  afterEach(() => vi.restoreAllMocks())
  test('is told with the way out', () => {
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never)
    expect(() => sqlite(':memory:')).toThrow(
      `kanta/sqlite needs Node 22.16 or later, and this is ${process.version}. Update Node, or use kanta/better-sqlite3.`,
    )
  })
})

const embedded = (name: string, driver: Place['driver']) => ({
  name,
  missing: undefined,
  create: async (): Promise<Place> => ({ database: name, driver, drop: async () => {} }),
})
const engines = [
  embedded('node:sqlite', () => sqlite(':memory:')),
  embedded('better-sqlite3', () => betterSqlite3(':memory:')),
  ...[pglite, postgres, mariadbEngine],
].filter(({ missing }) => missing === undefined)

test.each(engines)('names that are not there, on $name', async ({ create }) => {
  const city = table('city', (c) => ({ id: c.integer().primaryKey(), name: c.varchar(20) }))
  const country = table('country', (c) => ({ id: c.integer().primaryKey() }))
  const place = await create()
  const db: Any = kanta({ driver: place.driver(), schema: { city, country } })
  const message = (query: { execute(): Promise<unknown> }): Promise<string> =>
    query.execute().then(
      () => '',
      (error: Error) => error.message,
    )
  try {
    for (const each of [city, country]) await db.schema.createTable(each).execute()
    expect(await message(db.selectFrom('citty').selectAll())).toMatch(/citty.* Did you mean 'city'\?$/s)
    expect(await message(db.insertInto('citys').values({ id: 1 }))).toMatch(/Did you mean 'city'\?$/)
    expect(await message(db.selectFrom('planet').selectAll())).toMatch(/planet.* The schema has: city, country\.$/s)
    expect(await message(db.selectFrom('city').select((eb: Any) => eb.fn('lenght', ['name']).as('n')))).toMatch(
      /lenght.*Did you mean 'length'\?/s,
    )
    expect(await message(db.selectFrom('city').select((eb: Any) => eb.fn('zzzzzz', ['name']).as('n')))).not.toMatch(
      /Did you mean/,
    )
    expect(await message(db.insertInto('city').values({ id: 'one', name: 'x' }))).toMatch(
      /^Column 'id': A whole number is expected, not /,
    )
    expect(
      await message(
        db.insertInto('city').values([
          { id: 1, name: 'x' },
          { id: 2, name: 3 },
        ]),
      ),
    ).toMatch(/^Row 1, column 'name': A string is expected/)
  } finally {
    await db.destroy()
    await place.drop()
  }
})

test('a syntax error in a TypeScript migration is shown with its line', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kanta-'))
  try {
    await writeFile(join(folder, '1_city.ts'), 'export const up = async (db: any) => {\n  await db.run(\n}\n')
    // Vitest would compile the file itself.
    const files = new URL('../../src/migrate/files.ts', import.meta.url).href
    const program = `import { folder } from '${files}'; folder(process.argv[1])().catch((error) => console.log(error.message))`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program, folder])
    expect(stdout).toMatch(/^Cannot load the migration '.*1_city\.ts', line 3: .+\n {2}await db\.run\(/s)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test("datetime('now') is no default of a timestamp on SQLite, since its form would not compare with others", async () => {
  const visit = (value: string) =>
    table('visit', (c) => ({ id: c.integer().primaryKey(), at: c.timestamp().default(sql.raw(value) as never) }))
  await using db = kanta({ driver: sqlite(':memory:') })
  for (const text of ["datetime('now')", "(DATETIME ('now'))"])
    expect(() => db.schema.createTable(visit(text) as never)).toThrow(
      "The default of 'at' has another form than timestamps are written in. Use sql`current_timestamp`.",
    )
  await db.schema.createTable(visit('current_timestamp') as never).execute()
})

test('a callback that transaction() itself would never call is refused', async () => {
  await using db: Any = kanta({ driver: sqlite(':memory:') })
  expect(() => db.transaction(async () => {})).toThrow(
    /^transaction\(\) takes no callback\. Write transaction\(\)\.execute/,
  )
})
