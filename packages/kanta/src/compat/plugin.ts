import { refuse } from '../error/index.ts'
import { mapChildren, type Node, type Plugin } from '../extend/index.ts'
import type { QueryId, QueryResult } from './contract.ts'

/** A row of unknown columns. */
export type UnknownRow = Record<string, unknown>

export interface PluginTransformQueryArgs {
  readonly queryId: QueryId
  readonly node: object
}
export interface PluginTransformResultArgs {
  readonly queryId: QueryId
  readonly result: QueryResult<UnknownRow>
  readonly signal?: AbortSignal | undefined
}

/** A plugin that was written for Kysely. It may change results, but not queries. */
export interface KyselyPlugin {
  transformQuery(args: PluginTransformQueryArgs): object
  transformResult(args: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>>
}

/** The key under which a plugin of this package holds its Kanta plugin. */
export const PLUGIN: unique symbol = Symbol('plugin')

/** Converts a plugin of Kysely to a plugin of Kanta. */
export function kantaPlugin(plugin: KyselyPlugin): Plugin {
  const own = (plugin as { [PLUGIN]?: Plugin })[PLUGIN]
  if (own !== undefined) return own
  if (typeof plugin?.transformQuery !== 'function' || typeof plugin.transformResult !== 'function')
    return refuse('A plugin needs transformQuery() and transformResult().')
  return resultPlugin(plugin)
}

let runs = 0
const NODE = Object.freeze({ kind: 'SelectQueryNode' })

function checkQuery(plugin: KyselyPlugin, queryId: QueryId): void {
  let changed: unknown
  try {
    changed = plugin.transformQuery({ queryId, node: NODE })
  } catch (cause) {
    changed = cause
  }
  if (changed !== NODE)
    refuse(
      `The plugin ${plugin.constructor.name} rewrites Kysely's operation nodes, which Kanta does not have. Write it as a policy: see "Plugins" in docs/from-kysely.md.`,
    )
}

function resultPlugin(plugin: KyselyPlugin): Plugin {
  const name = plugin.constructor.name
  checkQuery(plugin, { queryId: 'check' })
  return {
    name,
    hooks: [
      {
        name,
        async around(event, next) {
          const queryId = { queryId: `run${++runs}` }
          checkQuery(plugin, queryId)
          const found = await next()
          if (!Array.isArray(found)) return found
          if (event.facts.kind === 'rawStatement')
            return Promise.all(found.map((result) => plugin.transformResult({ queryId, result })))
          const hasRows = found.length > 0 && Object.getPrototypeOf(found[0]) === Object.prototype
          const { rows } = await plugin.transformResult({ queryId, result: { rows: hasRows ? found : [] } })
          return hasRows ? rows : found
        },
      },
    ],
  }
}

/** The plugin that turns off decoding of values that belong to no column, such as JSON paths, as in Kysely. */
export const undecoded: Plugin = { name: 'undecoded', policies: [{ name: 'undecoded', rewrite: asText }] }

const NO_TEXT = Object.freeze(['', ''])
/** The kinds whose values Kanta decodes without a column. */
const DECODED_KINDS: ReadonlySet<string> = new Set(['jsonPath', 'aggregate', 'call'])

/** The kinds that Kanta decodes as booleans where they are selected. */
const CONDITION_KINDS: ReadonlySet<string> = new Set(['and', 'or', 'between', 'unary', 'binary', 'parens'])

const rawOf = (part: Node): Node => ({ kind: 'raw', strings: NO_TEXT, parts: [part] })

/** Wraps parts in raw SQL, whose values are not decoded. */
function asText(part: Node): Node {
  const inner = mapChildren(part, asText)
  if (inner.kind === 'alias' && CONDITION_KINDS.has(inner.operand.kind))
    return { ...inner, operand: rawOf(inner.operand) }
  return DECODED_KINDS.has(inner.kind) ? rawOf(inner) : inner
}
