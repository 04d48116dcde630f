import { afterAll, beforeAll, expect, test } from 'vitest'
import { kanta } from '../../src/index.ts'
import { softDelete } from '../../src/plugins/index.ts'
import { clock, fresh, onEngines, schema } from './ground.ts'

type Name = 'author' | 'post' | 'comment'
const NAMES: readonly Name[] = ['author', 'post', 'comment']

/** A row of the oracle: which rows it refers to, and which deletion took it. */
interface Item {
  readonly table: Name
  readonly id: number
  parents: Item[]
  deletion: number | undefined
}

/** What a cascade is, without a database. */
class Oracle {
  readonly items: Item[] = []
  #deletions = 0

  delete(rows: readonly Item[]): void {
    const id = ++this.#deletions
    let next = rows.filter((row) => row.deletion === undefined)
    while (next.length > 0) {
      for (const row of next) row.deletion = id
      next = this.items.filter((row) => row.deletion === undefined && row.parents.some((one) => one.deletion === id))
    }
  }

  restore(rows: readonly Item[]): void {
    const roots = rows.filter((row) => row.deletion !== undefined)
    const byDeletion = Map.groupBy(roots, (row) => row.deletion)
    for (const row of roots) row.deletion = undefined
    for (const [deletion, own] of byDeletion) this.#undo(deletion!, own)
  }

  #undo(deletion: number, roots: readonly Item[]): void {
    const back = new Set<Item>()
    const reached = (row: Item) => row.parents.some((one) => roots.includes(one) || back.has(one))
    for (let size = -1; size !== back.size; ) {
      size = back.size
      for (const row of this.items) if (row.deletion === deletion && reached(row)) back.add(row)
    }
    // Whatever belongs to a row that stays deleted goes with that.
    for (let changed = true; changed; ) {
      changed = false
      for (const row of back) {
        const stays = row.parents.find((one) => one.deletion !== undefined && !back.has(one))
        if (stays === undefined) continue
        row.deletion = stays.deletion
        back.delete(row)
        changed = true
      }
    }
    for (const row of back) row.deletion = undefined
  }

  live(): string {
    return NAMES.map((name) =>
      this.items
        .filter((row) => row.table === name && row.deletion === undefined)
        .map((row) => row.id)
        .sort((a, b) => a - b)
        .join(''),
    ).join(' ')
  }
}

/** Numbers that are the same for a seed: https://en.wikipedia.org/wiki/Xorshift */
function random(seed: number): (below: number) => number {
  let x = seed
  return (below) => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) % below
  }
}

const CASES = { sqlite: 60, postgres: 12, mariadb: 12 }

onEngines('random cascades', (ground) => {
  const open = () => {
    const base = kanta({ driver: ground.driver(), schema })
    return { base, db: base.withPlugins([softDelete({ now: clock(), cascade: true })]) }
  }
  let { base, db } = {} as ReturnType<typeof open>
  beforeAll(async () => {
    ;({ base, db } = open())
    await fresh(base, schema)
  })
  afterAll(() => base.destroy())

  /** A world of rows that refer to each other, comments in circles and to themselves, too. */
  async function world(pick: (below: number) => number): Promise<Oracle> {
    await base.updateTable('comment').set({ reply_to: null }).execute()
    for (const name of NAMES.toReversed()) await base.deleteFrom(name).execute()
    const oracle = new Oracle()
    const make = (table: Name, count: number): Item[] =>
      Array.from({ length: count }, (_, i) => ({ table, id: i + 1, parents: [], deletion: undefined }))
    const [authors, posts, comments] = [make('author', 3), make('post', 5), make('comment', 9)]
    oracle.items.push(...authors, ...posts, ...comments)
    for (const post of posts) post.parents = [authors[pick(3)]!]
    const replies = comments.map((comment) => {
      const [post, author, reply] = [posts[pick(5)]!, authors[pick(6)], comments[pick(18)]]
      comment.parents = [post, ...[author, reply].filter((one) => one !== undefined)]
      return { id: comment.id, post_id: post.id, author_id: author?.id ?? null, reply_to: reply?.id ?? null }
    })
    await base
      .insertInto('author')
      .values(authors.map(({ id }) => ({ id, name: 'x' })))
      .execute()
    await base
      .insertInto('post')
      .values(posts.map(({ id, parents }) => ({ id, author_id: parents[0]!.id, title: 'x' })))
      .execute()
    await base
      .insertInto('comment')
      .values(replies.map((row) => ({ ...row, reply_to: null, text: 'x' })) as never)
      .execute()
    for (const { id, reply_to } of replies)
      if (reply_to !== null) await base.updateTable('comment').set({ reply_to }).where('id', '=', id).execute()
    return oracle
  }

  const live = async () => {
    const found: string[] = []
    for (const name of NAMES)
      found.push((await db.selectFrom(name).select('id').orderBy('id').execute()).map((row) => row.id).join(''))
    return found.join(' ')
  }

  test('are as an oracle says', async () => {
    for (let seed = 1; seed <= CASES[ground.dialect]; seed++) {
      const pick = random(seed * 7919)
      const oracle = await world(pick)
      const steps: string[] = []
      for (let step = 0; step < 8; step++) {
        const name = NAMES[pick(3)]!
        const ids = [pick(9) + 1, pick(9) + 1]
        const rows = oracle.items.filter((row) => row.table === name && ids.includes(row.id))
        const restores = pick(5) > 2
        steps.push(`${restores ? 'restore' : 'delete'} ${name} ${ids}`)
        if (restores) {
          oracle.restore(rows)
          await db.restore(name).where('id', 'in', ids).execute()
        } else {
          oracle.delete(rows)
          await db.deleteFrom(name).where('id', 'in', ids).execute()
        }
        expect(await live(), `seed ${seed}: ${steps.join(', ')}`).toBe(oracle.live())
      }
      for (const name of NAMES) {
        const marked = base
          .selectFrom(name)
          .select('id')
          .where('deleted_at', 'is', null)
          .where('deletion', 'is not', null)
        expect(await marked.execute(), `seed ${seed}`).toEqual([])
      }
    }
  })
})
