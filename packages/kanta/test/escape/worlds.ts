import type { Driver } from '../../src/driver/index.ts'
import { kanta } from '../../src/index.ts'
import { createExecutor } from '../../src/plugins/index.ts'
import { script } from '../engine/engine.ts'
import { statements } from '../props/engine-world.ts'
import type { TableName } from '../props/query.ts'
import { type Any, type Cell, type Content, columns, contentOf, type Row, tableNames, tables } from '../props/world.ts'
import type { Place } from './ground.ts'
import { type Declared, declared, WORDS } from './policies.ts'

/** Rows that are there or not, and a database that shows only some to each set of policies. */
export interface Hiding {
  readonly place: Place
  readonly content: Content
  guarded(policies: string): Any
  close(): Promise<void>
}

/** More rows than those of queries have, of which about half are there for each policy. */
export function hidingContent(seed: number): Content {
  const made = {} as Record<TableName, Row[]>
  let state = seed * 7 + 1
  const below = (most: number): number => {
    state = (Math.imul(state ^ (state >>> 13), 0x5bd1e995) + 0x9e3779b9) | 0
    return ((state ^ (state >>> 15)) >>> 0) % most
  }
  const change = (row: Row, name: string, cells: readonly Cell[]): Row => ({
    ...row,
    [name]: cells[below(cells.length)]!,
  })
  for (const name of tableNames) {
    const rows = [contentOf(seed), contentOf(seed + 100)].flatMap((content) => content[name])
    made[name] = rows.map((row, i) => {
      let own: Row = 'id' in row ? { ...row, id: i + 1 } : row
      if (name === 'item')
        own = change(change(change(own, 't', [null, null, own.t!]), 'n', [1, 1, own.n!]), 'ownerId', [
          1,
          2,
          4,
          own.ownerId!,
        ])
      if (name === 'owner') own = change(change(own, 'flag', [null, null, own.flag!]), 'n', [1, 1, own.n!])
      if (name === 'tag') own = change(change(own, 'at', [null, null, own.at!]), 'itemId', [1, 1, own.itemId!])
      return own
    })
  }
  return made
}

/** The rows that are there for some policies. */
export function visibleOf(content: Content, policies: readonly Declared[]): Content {
  return Object.fromEntries(
    tableNames.map((name) => [
      name,
      content[name].filter((row) => policies.every((one) => one.visible(name, row, content))),
    ]),
  ) as unknown as Content
}

export async function openHiding(engine: Place, seed: number): Promise<Hiding> {
  const place = await engine.create()
  const content = hidingContent(seed)
  const driver: Driver = place.driver({ max: 1 })
  const base: Any = (kanta as Any)({ driver, schema: tables })
  await base.connection().execute(async (db: Any) => {
    for (const text of statements(engine.dialect, content)) await db.executeQuery({ sql: text, parameters: [] })
  })
  void script
  const guarded = new Map<string, Any>()
  for (const [name, policies] of Object.entries(declared)) {
    const db: Any = await createExecutor(base, [{ name, policies: policies.map(({ policy }) => policy) }] as never)
    guarded.set(name, db.as({ tenant: 1, words: WORDS }))
  }
  return {
    place: engine,
    content,
    guarded: (name) => guarded.get(name)!,
    close: async () => {
      await base.destroy()
      await place.drop()
    },
  }
}

export { columns }
