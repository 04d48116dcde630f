import { KantaError } from '../error/index.ts'
import { eachChild, holdsNodes, misplaced, type Part, sourcesOf, takesTables } from '../ir/index.ts'
import type { Node } from '../run/index.ts'
import { STATEMENTS } from './column.ts'
import type { StatementGuard } from './statement-guard.ts'

/** The place of a whole statement. */
export const ROOT: Part = { sort: 'node', takes: ['query', 'statement', 'command'], atom: undefined }

/**
 * Refuses nodes in places that their kind does not allow, and a table as a value unless it means the row of a source in
 * scope. `names` are the names of these sources.
 */
export function checkPlaces(part: Node, place: Part, names: readonly string[], guard: StatementGuard): void {
  if (part.kind === 'trusted') return
  const wrong = misplaced(part)
  if (wrong !== undefined) throw new KantaError('policy', wrong)
  if (part.kind === 'table' && !takesTables(place) && !names.some((name) => guard.sameSource(name, part.name)))
    throw new KantaError(
      'policy',
      `The table '${part.name}' is not a source of this query, and cannot be a value. Read it with selectFrom('${part.name}').`,
    )
  if (!holdsNodes(part)) return
  const inner = STATEMENTS.has(part.kind) ? [...names, ...namesOfSources(part)] : names
  // The operand of an alias has the place of the alias.
  eachChild(part, (child, own) => checkPlaces(child, part.kind === 'alias' ? place : own, inner, guard))
}

function namesOfSources(statement: Node): readonly string[] {
  const { written, read } = sourcesOf(statement)
  return [...written, ...read].flatMap(nameOf)
}

const nameOf = (source: Node): readonly string[] =>
  source.kind === 'alias' || source.kind === 'table' ? [source.name] : []
