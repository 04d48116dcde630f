// Queries that give their columns by their places: the parts of a set operation, an insert, names in a list.
import { type OutputColumn, reads } from '../dialect/index.ts'
import { refuse } from '../error/index.ts'
import type { Codec } from '../table/index.ts'

/** The names of columns. */
export const namesOf = (columns: readonly OutputColumn[]): readonly string[] => columns.map(({ name }) => name)

/**
 * SQL pairs columns by their places, and types by their names. So the same names in another order are refused: they would
 * give each value the name of another.
 */
export function checkSameOrder(what: string, names: readonly string[], others: readonly string[]): void {
  if (names.length !== others.length || names.every((name, i) => name === others[i])) return
  if (new Set(names).size !== names.length || !names.every((name) => others.includes(name))) return
  refuse(
    `The ${what} are (${names.join(', ')}), and the query selects (${others.join(', ')}): SQL pairs them by their places. Select them in one order.`,
  )
}

/** The rows of a set operation are read by the columns of its first query. */
export function checkSameTypes(
  operator: string,
  first: readonly OutputColumn[],
  others: readonly OutputColumn[],
): void {
  others.forEach((other, i) => {
    const [one, two] = [first[i]?.codec as Codec | undefined, other.codec as Codec | undefined]
    if (reads(one) && reads(two) && one.name !== two.name) {
      refuse(
        `The queries of the ${operator} give '${other.name}' as ${one.name} and as ${two.name}. Give columns of one type in each place.`,
      )
    }
  })
}
