import { refuse } from '../error/index.ts'
import type { QueryResult } from './contract.ts'
import type { KyselyPlugin, PluginTransformQueryArgs, PluginTransformResultArgs, UnknownRow } from './plugin.ts'

export interface ParseJSONResultsPluginOptions {
  /** Changes rows and objects in place, or creates new ones. */
  readonly objectStrategy?: 'in-place' | 'create'
  /** Decides if a text that looks like JSON is parsed. The path has the form `$[0]."name"`. */
  readonly shouldParse?: (value: string, jsonPath: string) => boolean
  /** Changes each parsed value. */
  readonly reviver?: (key: string, value: unknown, context?: unknown) => unknown
}

const looksLikeJson = (text: string): boolean =>
  (text.startsWith('{') && text.endsWith('}')) || (text.startsWith('[') && text.endsWith(']'))

/** Removes `prototype` from an object `constructor`, since a deep merge of it would change the prototype of all objects. */
function withoutPrototype(key: string, value: unknown): unknown {
  if (key === 'constructor' && typeof value === 'object' && value !== null)
    delete (value as { prototype?: unknown }).prototype
  return value
}

/** Parses texts in rows that look like JSON. */
export class ParseJSONResultsPlugin implements KyselyPlugin {
  readonly options: ParseJSONResultsPluginOptions

  constructor(options: ParseJSONResultsPluginOptions = {}) {
    const { objectStrategy } = options
    if (objectStrategy !== undefined && objectStrategy !== 'in-place' && objectStrategy !== 'create')
      refuse("objectStrategy must be 'in-place' or 'create'.")
    this.options = options
  }

  transformQuery({ node }: PluginTransformQueryArgs): object {
    return node
  }

  async transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return { ...result, rows: this.#read(result.rows, '$', this.options.objectStrategy === 'create') as UnknownRow[] }
  }

  #read(value: unknown, path: string, createsNew: boolean): unknown {
    if (typeof value === 'string') return this.#text(value, path)
    if (Array.isArray(value)) {
      const items: unknown[] = createsNew ? [] : value
      value.forEach((item, i) => {
        items[i] = this.#read(item, `${path}[${i}]`, createsNew)
      })
      return items
    }
    if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
    const object: Record<string, unknown> = createsNew ? {} : (value as Record<string, unknown>)
    for (const [key, item] of Object.entries(value))
      if (key !== '__proto__') object[key] = withoutPrototype(key, this.#read(item, `${path}."${key}"`, createsNew))
    return object
  }

  #text(text: string, path: string): unknown {
    const { shouldParse, reviver } = this.options
    if (!looksLikeJson(text) || shouldParse?.(text, path) === false) return text
    let parsed: unknown
    try {
      parsed = JSON.parse(text, (key, value: unknown, ...rest: unknown[]) =>
        key === '__proto__'
          ? undefined
          : reviver === undefined
            ? withoutPrototype(key, value)
            : reviver(key, withoutPrototype(key, value), ...rest),
      )
    } catch (error) {
      // With an explicit shouldParse, invalid JSON is an error.
      if (shouldParse !== undefined) throw error
      return text
    }
    return this.#read(parsed, path, false)
  }
}
