import { KantaError } from '../error/index.ts'
import { type Node, type NodeOf, nodeWith } from '../extend/index.ts'
import { fullName } from '../ir/index.ts'
import type { Capture } from './capture.ts'
import type { StoredRow } from './image.ts'
import { locksOf, mapByKey, star } from './rows.ts'

type Merge = NodeOf<'merge'>

/**
 * Captures a merge: reads and locks the matching rows, computes the keys of the rows that it may add, runs it, and
 * reads all of them.
 */
export async function captureMerge(tree: Merge, capture: Capture): Promise<unknown[]> {
  const { table } = capture
  refuseNewKeys(tree, capture)
  const before = mapByKey(await capture.derive('met', () => metRows(tree, capture)), table)
  const added: StoredRow[] = []
  for (const [i, keys] of addedKeys(tree, capture).entries())
    added.push(...(await capture.derive(`added ${i}`, () => keys)))
  const result = await capture.next()
  const after = await capture.currentRows([...before.values(), ...added])
  const met = [...before].map(([key, row]) => ({ before: row, after: after.get(key) }))
  const fresh = [...mapByKey(added, table).keys()].filter((key) => !before.has(key) && after.has(key))
  await capture.record([...met, ...fresh.map((key) => ({ before: undefined, after: after.get(key) }))])
  return result
}

function refuseNewKeys(tree: Merge, { table }: Capture): void {
  for (const when of tree.whens) {
    const action = when.kind === 'mergeWhen' && when.action.kind === 'mergeAction' ? when.action : undefined
    for (const set of action?.sets ?? [])
      if (set.kind !== 'assignment' || set.column.kind !== 'ref' || table.key.includes(set.column.column))
        throw new KantaError(
          'unsupported',
          `The audit cannot follow a merge that changes the key of '${fullName(table)}'. Update the key in a statement of its own.`,
        )
  }
}

const isDelete = (when: Node): boolean =>
  when.kind === 'mergeWhen' && when.action.kind === 'mergeAction' && when.action.action === 'delete'

/** Returns a query of the rows that match; of all rows if the merge handles those that the source lacks. */
function metRows(tree: Merge, { name, db }: Capture): Node {
  const { ctes, recursive, into, using, on, whens } = tree
  const isWhole = whens.some((when) => when.kind === 'mergeWhen' && when.match === 'not matched by source')
  const source = joinOf(using, on)
  const deletes = whens.some(isDelete)
  return nodeWith('select', {
    ...{ ctes, recursive, items: [star(name)], from: [into!], locks: locksOf(name, db, deletes ? 'delete' : 'update') },
    joins: isWhole ? [] : [source],
  })
}

/** Returns the source of a merge as a join. `using()` may hold the condition itself. */
function joinOf(using: Node | undefined, on: readonly Node[]): Node {
  if (using?.kind === 'joined') return { ...using, style: 'inner join', on: [...using.on, ...on] }
  return { kind: 'joined', style: 'inner join', lateral: false, source: using, on }
}

/** Returns, for each insert of the merge, a query of the keys that it may add. */
function addedKeys(tree: Merge, { table }: Capture): readonly Node[] {
  const { ctes, recursive, into, using, on } = tree
  return tree.whens.flatMap((when) => {
    if (when.kind !== 'mergeWhen' || when.action.kind !== 'mergeAction' || when.action.action !== 'insert') return []
    const { columns, values } = when.action
    const items = table.key.map((name): Node => {
      const at = columns.indexOf(name)
      if (at < 0 || values[at]!.kind === 'default')
        throw new KantaError(
          'unsupported',
          `The audit needs the keys of the rows that a merge adds to '${fullName(table)}'. Give '${name}' in the insert.`,
        )
      return { kind: 'alias', operand: values[at]!, name, columns: undefined }
    })
    const joined = joinOf(using, on) as NodeOf<'joined'>
    const met = nodeWith('select', { items: [{ kind: 'word', text: '1' }], from: [into!], where: joined.on })
    const isNew: Node = { kind: 'unary', op: 'not exists', operand: met }
    return [nodeWith('select', { ctes, recursive, items, from: [joined.source!], where: [isNew] })]
  })
}
