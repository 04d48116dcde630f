import { KantaError } from '../error/index.ts'
import { eachChild, misplaced, type Part, sourcesOf, takesTables } from '../ir/index.ts'
import type { Node } from '../run/index.ts'
import { STATEMENTS } from './column.ts'
import type { StatementGuard } from './statement-guard.ts'

/** Where a statement itself stands. */
export const ROOT: Part = { sort: 'node', takes: ['query', 'statement', 'command'], atom: undefined }

/**
 * Refuses nodes where no role allows them, however they were made, and a table as a value that is not the row of a
 * source around it. `names` are those of the sources around it.
 */
export function checkPlaces(part: Node, place: Part, names: readonly string[], guard: StatementGuard): void {
  if (part.kind === 'trusted') return
  const wrong = misplaced(part)
  if (wrong !== undefined) throw new KantaError('policy', wrong)
  if (part.kind === 'table' && !takesTables(place) && !names.some((name) => guard.sameSource(name, part.name)))
    throw new KantaError(
      'policy',
      `The table '${part.name}' stands where a value is asked for, and is no source of this query. Read it with selectFrom('${part.name}').`,
    )
  const { written, read } = STATEMENTS.has(part.kind) ? sourcesOf(part) : NONE
  const inner = [...names, ...[...written, ...read].flatMap(nameOf)]
  // What has an alias stands where the alias does.
  eachChild(part, (child, own) => checkPlaces(child, part.kind === 'alias' ? place : own, inner, guard))
}

const NONE = { written: [], read: [] }

const nameOf = (source: Node): readonly string[] =>
  source.kind === 'alias' || source.kind === 'table' ? [source.name] : []
