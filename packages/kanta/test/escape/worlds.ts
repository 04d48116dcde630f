import { kanta } from '../../src/index.ts'
import { createExecutor } from '../../src/plugins/index.ts'
import { statements } from '../props/engine-world.ts'
import type { TableName } from '../props/query.ts'
import { type Any, type Cell, type Content, contentOf, type Row, tableNames, tables } from '../props/world.ts'
import type { Place } from './ground.ts'
import { type Declared, declared, WORDS } from './policies.ts'

/** Rows that are there or not, and a database that shows only some to each set of policies. */
export interface Hiding {
  readonly place: Place
  readonly content: Content
  guarded(policies: string): Any
  /** A database in which the hidden rows do not exist, and no policy is in force. */
  twin(policies: string): Promise<Any>
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
  const seen = (name: TableName, among: Content): readonly Row[] =>
    content[name].filter((row) => policies.every((one) => one.visible(name, row, among)))
  const others = { ...content, owner: seen('owner', content), tag: seen('tag', content) }
  // What is seen of items depends on the owners that are seen.
  return { ...others, item: seen('item', others) }
}

async function openFilled(engine: Place, content: Content): Promise<{ readonly base: Any; close(): Promise<void> }> {
  const place = await engine.create()
  const base: Any = (kanta as Any)({ driver: place.driver({ max: 1 }), schema: tables })
  await base.connection().execute(async (db: Any) => {
    for (const text of statements(engine.dialect, content)) await db.executeQuery({ sql: text, parameters: [] })
  })
  const close = async (): Promise<void> => {
    await base.destroy()
    await place.drop()
  }
  return { base, close }
}

export async function openHiding(engine: Place, seed: number): Promise<Hiding> {
  const content = hidingContent(seed)
  const { base, close } = await openFilled(engine, content)
  const twins = new Map<string, Promise<{ readonly base: Any; close(): Promise<void> }>>()
  const guarded = new Map<string, Any>()
  for (const [name, policies] of Object.entries(declared)) {
    const db: Any = await createExecutor(base, [{ name, policies: policies.map(({ policy }) => policy) }] as never)
    guarded.set(name, db.as({ tenant: 1, words: WORDS }))
  }
  return {
    place: engine,
    content,
    guarded: (name) => guarded.get(name)!,
    twin: async (name) => {
      const known = twins.get(name) ?? openFilled(engine, visibleOf(content, declared[name]!))
      twins.set(name, known)
      return (await known).base
    },
    close: async () => {
      await close()
      for (const twin of twins.values()) await (await twin).close()
    },
  }
}
