import type { Plugin } from '../extend/index.ts'
import { ownPlugin, schemaPrefix as prefixPolicy } from '../extend/internal/index.ts'

/**
 * Puts every table without a schema into the given one, as `db.withSchema()` does for a single handle.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { schemaPrefix } from 'kanta/plugins'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const db = kanta<{ city: { name: string } }>({ driver: sqlite(':memory:'), plugins: [schemaPrefix('main')] })
 * db.selectFrom('city').select('name').compile().sql // select "name" from "main"."city"
 * ```
 */
export function schemaPrefix(schema: string): Plugin {
  return ownPlugin({ name: 'schemaPrefix', policies: [prefixPolicy(schema)] })
}
