/** A program of many tables and queries, as each library has it written. */
export interface Workload {
  /** The text of `schema.ts`. */
  readonly schema: string
  /** The text of `queries.ts`, which imports it. */
  readonly queries: string
}

const COLUMNS = 20
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
const lines = (count: number, line: (i: number) => string): string => numbers(count).map(line).join('\n')
const list = (count: number, item: (i: number) => string): string => numbers(count).map(item).join(', ')

/** By turns a text, a number, and a text that may be null. */
const pick = <T>(column: number, text: T, number: T, nullable: T): T => [text, number, nullable][column % 3]!
const row = list(COLUMNS, (c) => `c${c}: ${pick(c, "'a'", '1', "'a'")}`)

function interfaces(tables: number, from: string): string {
  const columns = lines(COLUMNS, (c) => `  c${c}: ${pick(c, 'string', 'number', 'string | null')}`)
  return `import type { Generated } from '${from}'
${lines(tables, (t) => `export interface T${t} {\n  id: Generated<number>\n${columns}\n}`)}
export interface DB {
${lines(tables, (t) => `  t${t}: T${t}`)}
}
`
}

/** Each function reads three tables, writes two, and says what it expects of the types. */
function fluent(tables: number, functions: number, head: string): string {
  const body = (i: number): string => {
    const [a, b, c] = [i, i + 1, i + 2].map((t) => `t${t % tables}`) as [string, string, string]
    return `export async function q${i}(n: number) {
  const rows = await db
    .selectFrom('${a}')
    .innerJoin('${b}', '${b}.c1', '${a}.id')
    .leftJoin('${c}', '${c}.c4', '${b}.id')
    .select(['${a}.id', '${a}.c0', '${b}.c3 as other', '${c}.c6 as maybe'])
    .select((eb) => eb.fn.count<number>('${b}.id').as('count'))
    .where('${a}.c1', '>', n)
    .where((eb) => eb.or([eb('${a}.c0', '=', 'a'), eb('${b}.c3', 'like', 'b%')]))
    .groupBy('${a}.id')
    .orderBy('${a}.c0', 'desc')
    .limit(10)
    .execute()
  const count: number = rows[0]!.count
  const other: string = rows[0]!.other
  // @ts-expect-error a column of a left-joined table may be null
  const maybe: string = rows[0]!.maybe
  await db.updateTable('${a}').set({ c0: other, c1: count }).where('id', '=', n).execute()
  await db.insertInto('${b}').values({ ${row} }).returning(['id', 'c0']).executeTakeFirstOrThrow()
  return maybe
}`
  }
  return `${head}${lines(functions, body)}\n`
}

function drizzle(tables: number, functions: number): Workload {
  const columns = list(COLUMNS, (c) =>
    pick(c, `c${c}: text('c${c}').notNull()`, `c${c}: integer('c${c}').notNull()`, `c${c}: text('c${c}')`),
  )
  const table = (t: number): string =>
    `export const t${t} = sqliteTable('t${t}', { id: integer('id').primaryKey(), ${columns} })`
  const body = (i: number): string => {
    const [a, b, c] = [i, i + 1, i + 2].map((t) => `s.t${t % tables}`) as [string, string, string]
    return `export async function q${i}(n: number) {
  const rows = await db
    .select({ id: ${a}.id, c0: ${a}.c0, other: ${b}.c3, maybe: ${c}.c6, count: count(${b}.id) })
    .from(${a})
    .innerJoin(${b}, eq(${b}.c1, ${a}.id))
    .leftJoin(${c}, eq(${c}.c4, ${b}.id))
    .where(and(gt(${a}.c1, n), or(eq(${a}.c0, 'a'), like(${b}.c3, 'b%'))))
    .groupBy(${a}.id)
    .orderBy(desc(${a}.c0))
    .limit(10)
  const counted: number = rows[0]!.count
  const other: string = rows[0]!.other
  // @ts-expect-error a column of a left-joined table may be null
  const maybe: string = rows[0]!.maybe
  await db.update(${a}).set({ c0: other, c1: counted }).where(eq(${a}.id, n))
  await db.insert(${b}).values({ ${row} }).returning({ id: ${b}.id, c0: ${b}.c0 })
  return maybe
}`
  }
  return {
    schema: `import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'\n${lines(tables, table)}\n`,
    queries: `import { and, count, desc, eq, gt, like, or } from 'drizzle-orm'
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3'
import * as s from './schema.ts'
declare const db: BetterSQLite3Database
${lines(functions, body)}
`,
  }
}

/** The contestants; Kysely is what the others are held against. */
export function workloads(tables: number, functions: number): Readonly<Record<string, Workload>> {
  const head = (type: string, from: string, argument: string, schema: string): string =>
    `import type { ${type} } from '${from}'\n${schema}\ndeclare const db: ${type}<${argument}>\n`
  const names = "import type { DB } from './schema.ts'"
  const columns = list(COLUMNS, (c) => `c${c}: c.${pick(c, 'text()', 'integer()', 'text().nullable()')}`)
  const table = (t: number): string =>
    `export const t${t} = table('t${t}', (c) => ({ id: c.integer().primaryKey(), ${columns} }))`
  return {
    kysely: {
      schema: interfaces(tables, 'kysely'),
      queries: fluent(tables, functions, head('Kysely', 'kysely', 'DB', names)),
    },
    drizzle: drizzle(tables, functions),
    'kanta-kysely': {
      schema: interfaces(tables, 'kanta/kysely'),
      queries: fluent(tables, functions, head('Kysely', 'kanta/kysely', 'DB', names)),
    },
    'kanta, tables as an interface': {
      schema: interfaces(tables, 'kanta'),
      queries: fluent(tables, functions, head('Database', 'kanta', 'DB', names)),
    },
    'kanta with four plugins': {
      schema: interfaces(tables, 'kanta'),
      queries: fluent(
        tables,
        functions,
        `import type { Database } from 'kanta'
import { createExecutor, softDelete, tenant, timestamps, version } from 'kanta/plugins'
${names}
declare const bare: Database<DB>
const all = ['t0', 't1']
const plugins = [softDelete({ tables: ['t0'] }), tenant({ column: 'c0', tables: all }), timestamps({ tables: ['t0'] }), version({ tables: ['t0'] })] as const
const db = await createExecutor(bare, plugins)
`,
      ),
    },
    'kanta/kysely': {
      schema: interfaces(tables, 'kanta/kysely'),
      queries: fluent(tables, functions, head('Kysely', 'kanta/kysely', 'DB', names)),
    },
    'kanta, tables as values': {
      schema: `import { table } from 'kanta'\n${lines(tables, table)}\n`,
      queries: fluent(
        tables,
        functions,
        head('DatabaseOf', 'kanta', 'typeof schema', "import type * as schema from './schema.ts'"),
      ),
    },
  }
}
