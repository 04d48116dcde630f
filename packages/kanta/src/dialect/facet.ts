import { KantaError } from '../error/index.ts'
import type { Dialect } from './dialect.ts'
import { type DialectName, dialectNames, isDialectName, titleOf } from './name.ts'

/** The implementations of one feature, of which each database has one or none. */
export interface Facets<F> {
  /**
   * Returns what the feature does on a database, given by its dialect or by the name in a catalog or an option.
   *
   * @throws KantaError `unsupported` where the database lacks the feature; `invalid_input` for an unknown name.
   */
  of(dialect: Dialect | DialectName): F
  /** Returns `undefined` where the database lacks the feature. */
  find(dialect: Dialect | DialectName): F | undefined
  /** Returns the names of the databases whose implementation passes a test. */
  names(test: (facet: F) => boolean): readonly DialectName[]
}

/**
 * Puts a feature together from its implementations. The record is exhaustive, so that the compiler names every feature
 * when a database is added. `advice` is the sentence that tells how to do without.
 */
export function facetsOf<F extends object>(
  feature: string,
  byName: Readonly<Record<DialectName, F | undefined>>,
  advice: string = availability(byName),
): Facets<F> {
  const find = (dialect: Dialect | DialectName): F | undefined => {
    const name = typeof dialect === 'string' ? dialect : dialect.name
    if (isDialectName(name)) return byName[name]
    throw new KantaError('invalid_input', `Unknown dialect '${name}'. Name one of: ${dialectNames.join(', ')}.`)
  }
  return {
    find,
    names: (test) =>
      dialectNames.filter((name) => {
        const facet = byName[name]
        return facet !== undefined && test(facet)
      }),
    of(dialect) {
      const facet = find(dialect)
      if (facet !== undefined) return facet
      throw new KantaError('unsupported', `${feature} is not available on ${titleOf(dialect)}. ${advice}`)
    },
  }
}

/** Tells which databases have a feature. */
function availability(byName: Readonly<Record<DialectName, object | undefined>>): string {
  const titles = dialectNames.filter((name) => byName[name] !== undefined).map(titleOf)
  const last = titles.pop()
  return `Use ${titles.length === 0 ? last : `${titles.join(', ')} or ${last}`}.`
}
