import { KantaError } from '../error/index.ts'
import { type Node, type NodeOf, type Plugin, walk } from '../extend/index.ts'
import { ownPlugin } from '../extend/internal/index.ts'

type Write = NodeOf<'update'> | NodeOf<'delete'>

const isWrite = (part: Node): part is Write => part.kind === 'update' || part.kind === 'delete'

/** Refuses a statement, or one that it has in `with`, that would write every row. */
function checkConditions(statement: Node): Node {
  walk(statement, (part) => {
    if (isWrite(part) && part.where.length === 0) throw noCondition(part)
  })
  return statement
}

function noCondition({ kind, targets }: Write): KantaError {
  const names = targets.map((target) => {
    const table = target.kind === 'alias' ? target.operand : target
    return table.kind === 'table' ? `'${table.name}'` : 'a table'
  })
  return new KantaError(
    'policy',
    `The ${kind} of ${names.join(' and ')} has no condition and would change every row. Add where(…), or say that every row is meant: where((eb) => eb.lit(true)).`,
  )
}

const requireWherePlugin = ownPlugin({
  name: 'requireWhere',
  policies: [{ name: 'requireWhere', rewriteInFront: checkConditions }],
})

/**
 * Refuses updates and deletes without a condition, which write every row. A condition that is true says that every row
 * is meant. The conditions of joins do not count.
 *
 * Statements are checked when they are planned, as the program built them: stored queries and those in `with` too, but
 * not SQL text. A merge and an upsert have a condition of their own and pass; so does `truncateTable()`, which says it.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { requireWhere } from 'kanta/plugins'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const db = kanta<{ city: { id: number } }>({ driver: sqlite(':memory:'), plugins: [requireWhere()] })
 * db.deleteFrom('city').where('id', '=', 1).compile().sql // delete from "city" where "id" = ?
 * ```
 *
 * @throws KantaError `policy` from the statement that has no condition.
 */
export function requireWhere(): Plugin {
  return requireWherePlugin
}
