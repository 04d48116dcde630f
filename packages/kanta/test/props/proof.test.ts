import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { mapChildren, type Node, type Policy } from '../../src/run/index.ts'
import { Build } from './build.ts'
import { Choice } from './choice.ts'
import { difference, expectedRows, givenText } from './compare.ts'
import { Describe } from './describe.ts'
import { numbers, seed } from './settings.ts'
import { type Any, openWorld } from './world.ts'

const world = await openWorld(3)

afterAll(() => world.close())

/** A database that is wrong in one way. */
function broken(rewrite: (tree: Node) => Node): Any {
  const policy: Policy = { name: 'broken', rewrite }
  return world.db.node.withPlugins([{ name: 'broken', policies: [policy] }])
}

/** The query that the fuzz finds in a broken database; undefined when it finds nothing. */
async function caught(db: Any): Promise<unknown> {
  const property = fc.asyncProperty(numbers(), async (described) => {
    const query = new Describe(described).query()
    const expected = expectedRows(query, world.content, 'value')
    const built = new Build(db, { style: new Choice([]) }).select(query)
    let rows: unknown[]
    try {
      rows = await built.execute()
    } catch {
      // A bug that is loud is not the sort that is looked for here.
      return
    }
    const given = rows.map((row) => givenText(row, query.outputs))
    expect(difference(query, expected.decoded, given)).toBeUndefined()
  })
  return (await fc.check(property, { seed, numRuns: 500, endOnFailure: true })).counterexample ?? undefined
}

const everywhere = (change: (node: Node) => Node): ((tree: Node) => Node) => {
  const rewrite = (tree: Node): Node => change(mapChildren(tree, rewrite))
  return rewrite
}

describe('the differential fuzz', () => {
  it('finds nothing in a database that is right', async () => {
    expect(await caught(broken((tree) => tree))).toBeUndefined()
  })

  const bugs: readonly (readonly [string, (node: Node) => Node])[] = [
    [
      'two values in the places of each other',
      (n) => (n.kind === 'slot' && n.index < 2 ? { ...n, index: 1 - n.index } : n),
    ],
    [
      'a condition that is lost',
      (n) => (n.kind === 'select' && n.where.length > 1 ? { ...n, where: n.where.slice(1) } : n),
    ],
    [
      'null taken for false',
      (n) => (n.kind === 'unary' && n.op === 'not' ? { ...n, op: 'not', operand: coalesced(n.operand) } : n),
    ],
    [
      'an inner join for a left join',
      (n) => (n.kind === 'joined' && n.style === 'left join' ? { ...n, style: 'inner join' } : n),
    ],
    ['an offset that is lost', (n) => (n.kind === 'select' ? { ...n, offset: undefined } : n)],
    ['an order that is lost', (n) => (n.kind === 'select' ? { ...n, orderBy: [] } : n)],
    ['distinct that is lost', (n) => (n.kind === 'select' ? { ...n, distinct: false } : n)],
  ]
  it.each(bugs)('finds %s', async (_, change) => {
    expect(await caught(broken(everywhere(change)))).toBeDefined()
  })
})

function coalesced(operand: Node): Node {
  return { kind: 'call', name: 'coalesce', args: [operand, { kind: 'literal', value: false }] }
}
