import { kanta } from '../../src/index.ts'
import type { Dialect } from '../case.ts'
import { type Engine, type Place, script } from '../engine/engine.ts'
import type { Type } from './query.ts'
import { type Any, type Cell, type Content, columns, contentOf, tableNames, tables } from './world.ts'

/** A database of an engine, with the rows that the oracle computes with. */
export interface EngineWorld {
  readonly content: Content
  readonly db: Any
  close(): Promise<void>
}

const TYPES: Readonly<Record<Dialect | 'sqlite', Readonly<Record<Type, string>>>> = {
  postgres: { int: 'integer', text: 'text', bool: 'boolean', time: 'timestamptz', big: 'bigint' },
  sqlite: { int: 'integer', text: 'text', bool: 'integer', time: 'text', big: 'integer' },
  mariadb: { int: 'integer', text: 'varchar(255)', bool: 'tinyint(1)', time: 'datetime(6)', big: 'bigint' },
}

/** Text whose letters are ordered by their code points, as in the oracle. */
const SUFFIX: Readonly<Record<Dialect | 'sqlite', string>> = {
  postgres: '',
  sqlite: ' strict',
  mariadb: ' default character set utf8mb4 collate utf8mb4_bin',
}

function literal(dialect: Dialect | 'sqlite', type: Type, cell: Cell): string {
  if (cell === null) return 'null'
  if (type === 'bool' && dialect === 'postgres') return String(cell === 1)
  if (typeof cell === 'number') return String(cell)
  const text = type === 'time' && dialect === 'mariadb' ? cell.replace('T', ' ').replace('Z', '') : cell
  return `'${text.replaceAll("'", "''")}'`
}

export function* statements(dialect: Dialect | 'sqlite', content: Content): Generator<string> {
  const quote = (name: string): string => (dialect === 'mariadb' ? `\`${name}\`` : `"${name}"`)
  for (const name of tableNames) {
    const defined = columns[name].map(
      (c) => `${quote(c.name)} ${TYPES[dialect][c.type]}${c.name === 'id' ? ' primary key' : ''}`,
    )
    yield `create table ${quote(name)} (${defined.join(', ')})${SUFFIX[dialect]}`
    const rows = content[name].map(
      (row) => `(${columns[name].map((c) => literal(dialect, c.type, row[c.name]!)).join(', ')})`,
    )
    if (rows.length > 0) yield `insert into ${quote(name)} values ${rows.join(', ')}`
  }
}

/** Makes and fills the tables by text of its own, so that what is tested does not make its own data. */
export async function openEngineWorld(engine: Engine, seed: number): Promise<EngineWorld> {
  const place: Place = await engine.create()
  const content = contentOf(seed)
  await script(place.driver({ max: 1 }), [...statements(engine.dialect, content)])
  const db: Any = (kanta as Any)({ driver: place.driver({ max: 1 }), schema: tables })
  return {
    content,
    db,
    close: async () => {
      await db.destroy()
      await place.drop()
    },
  }
}
