import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta, table } from '../../src/index.ts'
import { camelCase } from '../../src/plugins/index.ts'
import type { Output, TableName, Type, Value } from './query.ts'

// The types of the face are not what is tested here: queries are made at random.
export type Any = any

/** A value as SQLite holds it. Integers are numbers, whatever their column is called in JavaScript. */
export type Cell = null | number | string

interface ColumnInfo {
  readonly name: string
  readonly type: Type
}

const column = (name: string, type: Type): ColumnInfo => ({ name, type })

export const columns: Readonly<Record<TableName, readonly ColumnInfo[]>> = {
  item: [
    column('id', 'int'),
    column('n', 'int'),
    column('s', 'text'),
    column('b', 'bool'),
    column('t', 'time'),
    column('ownerId', 'int'),
  ],
  owner: [column('id', 'int'), column('n', 'int'), column('s', 'text'), column('flag', 'bool'), column('g', 'big')],
  // The names of columns of the others, with other types.
  tag: [column('itemId', 'int'), column('s', 'bool'), column('n', 'text'), column('at', 'time')],
}

export const tableNames = Object.keys(columns) as readonly TableName[]

const codecs: ReadonlySet<Type> = new Set(['bool', 'time', 'big'])

/** The columns of a table as a query gives them. */
export function outputsOf(name: TableName): readonly Output[] {
  return columns[name].map(
    (c) => ({ name: c.name, type: c.type, read: codecs.has(c.type) ? c.type : undefined }) as Output,
  )
}

export const tables: Readonly<Record<TableName, Any>> = {
  item: table('item', (c) => ({
    id: c.integer().primaryKey(),
    n: c.integer().nullable(),
    s: c.text().nullable(),
    b: c.boolean().nullable(),
    t: c.timestamp().nullable(),
    ownerId: c.integer().nullable(),
  })),
  owner: table('owner', (c) => ({
    id: c.integer().primaryKey(),
    n: c.integer().nullable(),
    s: c.text().nullable(),
    flag: c.boolean().nullable(),
    g: c.bigint().nullable(),
  })),
  tag: table('tag', (c) => ({
    itemId: c.integer().nullable(),
    s: c.boolean().nullable(),
    n: c.text().nullable(),
    at: c.timestamp().nullable(),
  })),
}

/** The values of each type that queries and rows hold: few, so that they meet. */
export const pool: Readonly<Record<Type, readonly Exclude<Value, null>[]>> = {
  int: [1, 0, 2, -1, 3, 5],
  text: ['a', '', 'b', 'B', 'ab', "o'x", 'a%', '_', 'é', '😀', '"', '?', ' a'],
  bool: [true, false],
  time: ['2024-01-01T00:00:00.000Z', '2024-02-29T12:00:00.500Z', '1969-12-31T23:59:59.999Z'].map((at) => new Date(at)),
  big: [1n, 0n, -1n, 2n ** 40n],
}

export function encode(value: Value): Cell {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'bigint') return Number(value)
  return value instanceof Date ? value.toISOString() : value
}

export type Row = Readonly<Record<string, Cell>>
export type Content = Readonly<Record<TableName, readonly Row[]>>

/** Small numbers that are the same each time for a seed. */
function random(seed: number): (below: number) => number {
  let state = seed * 2654435761 + 1
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0
    return ((state ^ (state >>> 13)) >>> 0) % below
  }
}

/** The rows of a world: few, with many nulls; the first world is empty. */
export function contentOf(seed: number): Content {
  const below = random(seed)
  const cell = (type: Type): Cell => (below(10) < 4 ? null : encode(pool[type][below(pool[type].length)]!))
  const made = {} as Record<TableName, Row[]>
  for (const name of tableNames) {
    const count = seed === 0 ? 0 : 1 + below(6)
    made[name] = Array.from({ length: count }, (_, i) =>
      Object.fromEntries(columns[name].map((c) => [c.name, c.name === 'id' ? i + 1 : cell(c.type)])),
    )
  }
  return made
}

const open = kanta as unknown as (options: object) => Any
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** How a database is opened: each has to give the same rows. */
export const kinds = ['node', 'better', 'uncached', 'raw', 'camel', 'inSchema'] as const
export type WorldKind = (typeof kinds)[number]

/** Databases with the same rows. */
export interface World {
  readonly content: Content
  readonly db: Readonly<Record<WorldKind, Any>>
  close(): Promise<void>
}

/** `raw` has no schema: its values and rows are as SQLite holds them. */
export async function openWorld(seed: number): Promise<World> {
  const content = contentOf(seed)
  const before = process.env.PLAN_CACHE ?? ''
  process.env.PLAN_CACHE = 'off'
  const uncached = open({ driver: sqlite(':memory:'), schema: tables })
  process.env.PLAN_CACHE = 'on'
  const node = open({ driver: sqlite(':memory:'), schema: tables })
  const db = {
    node,
    better: open({ driver: betterSqlite3(':memory:'), schema: tables }),
    uncached,
    raw: open({ driver: sqlite(':memory:') }),
    camel: open({ driver: betterSqlite3(':memory:'), schema: tables, plugins: [camelCase()] }),
    inSchema: node.withSchema('main'),
  }
  process.env.PLAN_CACHE = before
  for (const kind of ['node', 'better', 'uncached', 'raw', 'camel'] as const)
    await fill(db[kind], content, kind === 'camel')
  return {
    content,
    db,
    close: async () => void (await Promise.all([node, db.better, uncached, db.raw, db.camel].map((d) => d.destroy()))),
  }
}

const SQL_TYPES: Readonly<Record<Type, string>> = {
  int: 'integer',
  text: 'text',
  bool: 'integer',
  time: 'text',
  big: 'integer',
}

/** Makes and fills the tables by text of its own, so that what is tested does not make its own data. */
async function fill(db: Any, content: Content, camel: boolean): Promise<void> {
  const name = (text: string): string => `"${camel ? snake(text) : text}"`
  for (const tableName of tableNames) {
    const defined = columns[tableName].map(
      (c) => `${name(c.name)} ${SQL_TYPES[c.type]}${c.name === 'id' ? ' primary key' : ''}`,
    )
    await db.executeQuery({ sql: `create table "${tableName}" (${defined.join(', ')}) strict`, parameters: [] })
    for (const row of content[tableName]) {
      const places = columns[tableName].map(() => '?').join(', ')
      const parameters = columns[tableName].map((c) => row[c.name])
      await db.executeQuery({ sql: `insert into "${tableName}" values (${places})`, parameters })
    }
  }
}
