// What `tsc --declaration` writes for exported queries: it should name the schema, not repeat it in each query.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compile } from './compilers.ts'

const TABLES = 100
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
const columns = numbers(20).map((c) => `c${c}: c.${['text()', 'integer()', 'text().nullable()'][c % 3]}`)
const tables = numbers(TABLES).map(
  (t) => `export const t${t} = table('t${t}', (c) => ({ id: c.integer().primaryKey(), ${columns.join(', ')} }))`,
)
const names = numbers(TABLES).map((t) => `t${t}`)

/** The files of queries, and how each gets its database. */
const heads = {
  'module.ts': `import { kanta } from 'kanta'
import { sqlite } from 'kanta/sqlite'
import * as schema from './schema.ts'
export const db = kanta({ driver: sqlite(':memory:'), schema })`,
  'interface.ts': `import { db } from './database.ts'`,
}
/** An object in place of a module has no name that a declaration could use; an interface gives it one. */
const database = `import { type Database, kanta, type TablesOf } from 'kanta'
import { sqlite } from 'kanta/sqlite'
import { ${names.join(', ')} } from './schema.ts'
const schema = { ${names.join(', ')} }
export interface Tables extends TablesOf<typeof schema> {}
export const db: Database<Tables> = kanta({ driver: sqlite(':memory:'), schema })
`

const query = (i: number): string => `export const q${i} = db
  .selectFrom('t${i}')
  .innerJoin('t${i + 1}', 't${i + 1}.c1', 't${i}.id')
  .leftJoin('t${i + 2}', 't${i + 2}.c4', 't${i + 1}.id')
  .select(['t${i}.id', 't${i}.c0', 't${i + 1}.c3 as other', 't${i + 2}.c6 as maybe'])
  .select((eb) => eb.fn.count('t${i + 1}.id').as('count'))
  .where('t${i}.c1', '>', 3)`
const queries = numbers(10).map(query)

const folder = join(import.meta.dirname, '.programs/declarations')
beforeAll(() => {
  mkdirSync(folder, { recursive: true })
  const config = {
    extends: '../../../../../../tsconfig.base.json',
    // Emits without checks, which take most of the time and are the work of other tests.
    compilerOptions: { noEmit: false, noCheck: true, declaration: true, emitDeclarationOnly: true, rootDir: '/' },
    files: Object.keys(heads),
  }
  const files = {
    'tsconfig.json': JSON.stringify(config),
    'schema.ts': `import { table } from 'kanta'\n${tables.join('\n')}\n`,
    'database.ts': database,
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  for (const [name, head] of Object.entries(heads))
    writeFileSync(join(folder, name), `${head}\n${queries.join('\n')}\n`)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.for(['5.9', '7.0'] as const)(
  'ten exported queries over 100 tables are at most 60 kB: TypeScript %s',
  { timeout: 120_000 },
  (version) => {
    expect(compile(version, folder, '--outDir', join(folder, version))).toBe('')
    for (const name of Object.keys(heads)) {
      const written = readFileSync(join(folder, version, folder, name.replace('.ts', '.d.ts')), 'utf8')
      expect(written, name).toContain('"t9.c0"')
      expect(Buffer.byteLength(written), name).toBeLessThanOrEqual(60_000)
    }
  },
)
