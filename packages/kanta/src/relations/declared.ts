import { refuse, show } from '../error/index.ts'
import { DatabaseHandle, expansionOf } from '../extend/internal/index.ts'
import type { QueryRunner } from '../face/index.ts'
import { fullName } from '../ir/index.ts'
import { definitionOf } from '../table/index.ts'
import { declarationsOf, type Relation } from './declare.ts'

/**
 * Returns the relations of a table of a database by their names, for tools that go along them.
 *
 * @example
 * ```ts
 * relationsOf(db, 'city').get('country')?.target.name // 'country'
 * ```
 */
export function relationsOf(db: QueryRunner, table: string | object): ReadonlyMap<string, Relation> {
  if (!(db instanceof DatabaseHandle)) return refuse(`relationsOf(${show(db)}, …) takes a database first.`)
  const definition = definitionOf(table)
  const expansion = expansionOf(db)
  if (expansion === undefined) return NONE
  return (
    declarationsOf(expansion).get(definition === undefined ? String(table) : fullName(definition))?.relations ?? NONE
  )
}

const NONE: ReadonlyMap<string, Relation> = new Map()
