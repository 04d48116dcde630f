// Programs whose types are counted: tables of 20 columns, and functions of three statements over three tables each.
export const columns = 20

const list = (n) => Array.from({ length: n }, (_, i) => i)
const typeOf = (c) => (c % 3 === 0 ? 'string' : c % 3 === 1 ? 'number' : 'string | null')
const builderOf = (c) => (c % 3 === 0 ? 'c.text()' : c % 3 === 1 ? 'c.integer()' : 'c.text().nullable()')
const row = list(columns)
  .map((c) => `c${c}: ${c % 3 === 1 ? 1 : "'a'"}`)
  .join(', ')

export const schemas = {
  interfaces: (tables, n) =>
    `import type { Generated } from 'kanta'
${list(tables)
  .map(
    (t) =>
      `export interface T${t} { id: Generated<number>; ${list(n)
        .map((c) => `c${c}: ${typeOf(c)};`)
        .join(' ')} }`,
  )
  .join('\n')}
export interface DB { ${list(tables)
      .map((t) => `t${t}: T${t};`)
      .join(' ')} }
`,
  tables: (tables, n) =>
    `import { table } from 'kanta'
${list(tables)
  .map(
    (t) =>
      `export const t${t} = table('t${t}', (c) => ({ id: c.integer().primaryKey(), ${list(n)
        .map((c) => `c${c}: ${builderOf(c)}`)
        .join(', ')} }))`,
  )
  .join('\n')}
`,
}

export const heads = {
  interfaces: `import type { Database } from 'kanta'
import type { DB } from './schema.js'
declare const db: Database<DB>
`,
  tables: `import type { DatabaseOf } from 'kanta'
import * as schema from './schema.js'
declare const db: DatabaseOf<typeof schema>
`,
}

/** With names as strings. */
export const chain = (i, tables) => {
  const [a, b, c] = [i % tables, (i + 1) % tables, (i + 2) % tables]
  return `export async function q${i}(x: number) {
  const r = await db.selectFrom('t${a}').innerJoin('t${b}', 't${b}.c1', 't${a}.id').leftJoin('t${c}', 't${c}.c4', 't${b}.id')
    .select(['t${a}.id', 't${a}.c0', 't${b}.c3 as bc3', 't${c}.c5 as cc5'])
    .select((eb) => eb.fn.count<number>('t${b}.id').as('n'))
    .where('t${a}.c1', '>', x).where((eb) => eb.or([eb('t${a}.c0', '=', 'a'), eb('t${b}.c3', 'like', 'b%')]))
    .groupBy('t${a}.id').orderBy('t${a}.c0', 'desc').limit(10).execute()
  const n: number = r[0]!.n; const s: string = r[0]!.bc3; void n; void s
  // @ts-expect-error a column of the left-joined table can be null
  const m: string = r[0]!.cc5; void m
  await db.updateTable('t${a}').set({ c0: 'x', c1: x }).where('id', '=', x).execute()
  await db.insertInto('t${b}').values({ ${row} }).returning(['id', 'c0']).executeTakeFirstOrThrow()
  return r
}`
}

/** The same with tables and columns as values. */
export const objects = (i, tables) => {
  const [a, b, c] = [i % tables, (i + 1) % tables, (i + 2) % tables].map((t) => `schema.t${t}`)
  return `export async function q${i}(x: number) {
  const r = await db.selectFrom(${a}).innerJoin(${b}, ${b}.c1, ${a}.id).leftJoin(${c}, ${c}.c4, ${b}.id)
    .select([${a}.id, ${a}.c0, ${b}.c3.as('bc3'), ${c}.c5.as('cc5')])
    .select((eb) => eb.fn.count<number>(${b}.id).as('n'))
    .where(${a}.c1, '>', x).where((eb) => eb.or([eb(${a}.c0, '=', 'a'), eb(${b}.c3, 'like', 'b%')]))
    .groupBy(${a}.id).orderBy(${a}.c0, 'desc').limit(10).execute()
  const n: number = r[0]!.n; const s: string = r[0]!.bc3; void n; void s
  // @ts-expect-error a column of the left-joined table can be null
  const m: string = r[0]!.cc5; void m
  await db.updateTable(${a}).set({ c0: 'x', c1: x }).where(${a}.id, '=', x).execute()
  await db.insertInto(${b}).values({ ${row} }).returning([${b}.id, ${b}.c0]).executeTakeFirstOrThrow()
  return r
}`
}

/** What one wrong call costs, beside right ones over the same tables. */
export const errors = {
  base: `export const base = db.selectFrom('t0').innerJoin('t1', 't1.c1', 't0.id').select('t0.c0').where('t0.c1', '=', 1)
`,
  statements: {
    'wrong table': `export const wrong = db.selectFrom('tt')`,
    'wrong column': `export const wrong = base.select('t0.cc')`,
    'wrong where': `export const wrong = base.where('t0.cc', '=', 1)`,
    'wrong join key': `export const wrong = db.selectFrom('t0').innerJoin('t1', 't1.cc', 't0.id')`,
    'wrong join table': `export const wrong = db.selectFrom('t0').innerJoin('tt', 'tt.c1', 't0.id')`,
  },
}
