import { checkOptions, refuse } from '../error/index.ts'
import type { DialectName } from '../introspect/index.ts'
import { completeSide, restoreCharacters } from './complete.ts'
import { type Finding, findLosses, type LintOptions, lint } from './lint.ts'
import { keepConstraintNames, nameUnnamedConstraints } from './name.ts'
import { printStep } from './nodes.ts'
import { withoutOwnObjects } from './own-objects.ts'
import { planSteps } from './plan-steps.ts'
import { type Ask, applyRenames, findRenames, keyOf, type Renames, reverseRenames } from './rename.ts'
import { ruleSets } from './rules.ts'
import { isCatalog, type Schema, type Side, sideOf } from './side.ts'
import type { Step } from './step.ts'

/** The options of `diff()`. */
export interface DiffOptions {
  /** The database to change. Optional if one side is a catalog of `introspect()`. */
  readonly dialect?: DialectName | undefined
  /** The renames: `{ old_table: 'new_table', 'city.nmae': 'name' }`. Null means that the old name is dropped. */
  readonly renames?: Renames | undefined
  /** Answers what was renamed where `renames` has no entry. */
  readonly ask?: Ask | undefined
  /** The lint rules to turn off, each with the reason. */
  readonly off?: LintOptions['off']
}

/** The steps from one schema to another, and back. */
export interface Difference {
  readonly dialect: DialectName
  readonly up: readonly Step[]
  readonly down: readonly Step[]
  /** The risks of the steps, and the data that going down does not restore. */
  readonly warnings: readonly Finding[]
}

/**
 * Returns the steps from one schema to another. Each side is a module of `table()` values, a catalog of `introspect()`,
 * or null for an empty schema. It asks if a table or column may have been renamed, and never guesses that it was
 * dropped and a new one added.
 *
 * @throws KantaError `invalid_input` for a wrong option, and for a possible rename without an answer.
 *
 * @example
 * ```ts
 * import { table } from 'kanta'
 * import { diff, stepSql } from 'kanta/diff'
 *
 * const before = { city: table('city', (c) => ({ id: c.integer().primaryKey(), nmae: c.text() })) }
 * const after = { city: table('city', (c) => ({ id: c.integer().primaryKey(), name: c.text() })) }
 * const { up } = await diff(before, after, { dialect: 'sqlite', renames: { 'city.nmae': 'name' } })
 * stepSql(up[0]!, 'sqlite') // ['alter table "city" rename column "nmae" to "name"']
 * ```
 */
export async function diff(from: Schema, to: Schema, options: DiffOptions = {}): Promise<Difference> {
  const dialect = dialectFor(from, to, options)
  const rules = ruleSets.of(dialect)
  const sides = withoutOwnObjects(sideOf(from, rules), sideOf(to, rules))
  const renames = await findRenames(...sides, rules, options.renames ?? {}, options.ask)
  const reverse = reverseRenames(renames, sides[0])
  const [whole, wholeTarget] = [
    restoreCharacters(sides[0], sides[1], renames, rules),
    restoreCharacters(sides[1], sides[0], reverse, rules),
  ]
  const before = nameUnnamedConstraints(completeSide(whole, applyRenames(wholeTarget, reverse, rules), rules), rules)
  const renamed = applyRenames(before, renames, rules)
  const after = completeSide(wholeTarget, renamed, rules)
  const up = planSteps(before, after, renames, rules)
  // The way back starts from the schema after `up`, with the names that it has then.
  const reached = keepConstraintNames(after, renamed, rules)
  const down = planSteps(reached, { ...before, enums: keepEnumValues(before.enums, after.enums) }, reverse, rules)
  const warnings = [...lint(up, { dialect, off: options.off }), ...findLosses(up, rules, options.off)]
  return { dialect, up, down, warnings }
}

/** Keeps the values that enums gained, since no database can remove a value from an enum. */
function keepEnumValues(before: Side['enums'], after: Side['enums']): Side['enums'] {
  const current = new Map(after.map((each) => [keyOf(each), each]))
  return before.map((each) => current.get(keyOf(each)) ?? each)
}

const OPTIONS = ['dialect', 'renames', 'ask', 'off']

function dialectFor(from: Schema, to: Schema, options: DiffOptions): DialectName {
  if (typeof options !== 'object' || options === null)
    refuse("The options of diff() are an object, such as { dialect: 'sqlite' }.")
  checkOptions('diff()', options, OPTIONS)
  if (options.ask !== undefined && typeof options.ask !== 'function') refuse('ask must be a function.')
  const catalog = isCatalog(from) ? from : isCatalog(to) ? to : undefined
  return options.dialect ?? catalog?.dialect ?? refuse("diff() needs a dialect: { dialect: 'sqlite' }.")
}

/** Returns the SQL of a step: one or more statements without parameters. */
export function stepSql(step: Step, dialect: DialectName): string[] {
  return [...printStep(step, ruleSets.of(dialect).dialect)]
}
