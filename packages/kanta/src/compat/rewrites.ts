// The plugins of Kysely that change queries, as policies.
import { mapChildren, type Node, type NodeOf, type Plugin } from '../extend/index.ts'
import { type KyselyPlugin, PLUGIN, type PluginTransformQueryArgs, type PluginTransformResultArgs } from './plugin.ts'
import { withSchema } from './schema-prefix.ts'

abstract class RewritePlugin implements KyselyPlugin {
  abstract get [PLUGIN](): Plugin

  transformQuery({ node }: PluginTransformQueryArgs): object {
    return node
  }

  async transformResult({ result }: PluginTransformResultArgs): Promise<PluginTransformResultArgs['result']> {
    return result
  }
}

const rewritePlugin = (name: string, change: (part: Node) => Node): Plugin => {
  const rewrite = (part: Node): Node => change(mapChildren(part, rewrite))
  return { name, policies: [{ name, rewrite }] }
}

/** Adds a schema to tables without one. */
export class WithSchemaPlugin extends RewritePlugin {
  readonly #schema: string

  constructor(schema: string) {
    super()
    this.#schema = schema
  }

  get [PLUGIN](): Plugin {
    return withSchema(this.#schema)
  }
}

/** Removes duplicate joins. */
function uniqueJoins(joins: readonly Node[]): readonly Node[] {
  const seen = new Set<string>()
  return joins.filter((join) => {
    const form = JSON.stringify(join, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part))
    if (seen.has(form)) return false
    seen.add(form)
    return true
  })
}

const deduplicatePlugin = rewritePlugin('DeduplicateJoinsPlugin', (part) =>
  'joins' in part && part.joins.length > 1 ? ({ ...part, joins: uniqueJoins(part.joins) } as Node) : part,
)

/** Removes duplicate joins from queries. */
export class DeduplicateJoinsPlugin extends RewritePlugin {
  get [PLUGIN](): Plugin {
    return deduplicatePlugin
  }
}

const isEmptyList = (part: Node): part is NodeOf<'binary'> =>
  part.kind === 'binary' &&
  (part.op === 'in' || part.op === 'not in') &&
  part.right.kind === 'tuple' &&
  part.right.items.length === 0

/** Replaces a comparison with an empty list. */
export type EmptyInListsStrategy = (node: EmptyInListNode) => Node
export type EmptyInListNode = NodeOf<'binary'>
export interface HandleEmptyInListsOptions {
  readonly strategy: EmptyInListsStrategy
}

const rawNode = (sql: string, ...parts: readonly Node[]): Node => ({ kind: 'raw', strings: sql.split('?'), parts })

/** Replaces `in ()` with false and `not in ()` with true. */
export const replaceWithNoncontingentExpression: EmptyInListsStrategy = ({ op }) =>
  rawNode(op === 'in' ? '1 = 0' : '1 = 1')

/** Puts null into an empty list of `in`, and a value that nothing equals into one of `not in`. */
export function pushValueIntoList(value: '__kysely_no_values_were_provided__' | (string & {})): EmptyInListsStrategy {
  const only = (item: Node): Node => ({ kind: 'tuple', items: [item] })
  return ({ op, left }) =>
    op === 'in'
      ? { kind: 'binary', left, op, right: only({ kind: 'literal', value: null }) }
      : { kind: 'binary', left: rawNode('cast(? as char)', left), op, right: only({ kind: 'literal', value }) }
}

/** Handles comparisons with an empty list by a strategy. */
export class HandleEmptyInListsPlugin extends RewritePlugin {
  readonly #plugin: Plugin

  constructor({ strategy }: HandleEmptyInListsOptions) {
    super()
    this.#plugin = rewritePlugin('HandleEmptyInListsPlugin', (part) => (isEmptyList(part) ? strategy(part) : part))
  }

  get [PLUGIN](): Plugin {
    return this.#plugin
  }
}

const NULL_SAFE: Readonly<Record<string, string>> = { '=': 'is', '!=': 'is not', '<>': 'is not' }

/** Checks for the null that the builder marks in a comparison. */
const isNull = (part: Node): boolean =>
  part.kind === 'list' && part.items.length === 1 && part.items[0]!.kind === 'slot'

const safeNullPlugin = rewritePlugin('SafeNullComparisonPlugin', (part) => {
  if (part.kind !== 'binary' || !isNull(part.right)) return part
  const op = NULL_SAFE[part.op]
  return op === undefined ? part : { ...part, op }
})

/** Replaces `=` and `!=` with `is` and `is not` in comparisons with null. */
export class SafeNullComparisonPlugin extends RewritePlugin {
  get [PLUGIN](): Plugin {
    return safeNullPlugin
  }
}
