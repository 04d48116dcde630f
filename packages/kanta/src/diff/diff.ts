import { refuse } from '../error/index.ts'
import type { DialectName } from '../introspect/index.ts'
import type { Ground } from './equal.ts'
import { type Finding, type LintOptions, lint, losses } from './lint.ts'
import { withKeptNames, withNames } from './name.ts'
import { printStep } from './nodes.ts'
import { plan } from './plan.ts'
import { type Ask, findRenames, keyOf, type Renames, renamedSide, reversed } from './rename.ts'
import { ruleSets } from './rules.ts'
import { isCatalog, type Schema, type Side, sideOf } from './side.ts'
import type { Step } from './step.ts'

/** How two schemas are held against each other. */
export interface DiffOptions {
  /** The database that is changed; may be left out when a side was introspected. */
  readonly dialect?: DialectName | undefined
  /** What was renamed: `{ old_table: 'new_table', 'city.nmae': 'name' }`; null says that it is dropped. */
  readonly renames?: Renames | undefined
  /** Is asked what was renamed where `renames` does not say it. */
  readonly ask?: Ask | undefined
  /** The rules that are not asked, each with the reason. */
  readonly off?: LintOptions['off']
}

/** What leads from one schema to another, and back. */
export interface Difference {
  readonly dialect: DialectName
  readonly up: readonly Step[]
  readonly down: readonly Step[]
  /** What may go wrong, and what going down does not bring back. */
  readonly warnings: readonly Finding[]
}

/**
 * The steps from one schema to another: each side is a module of `table()` values, a database that was introspected, or
 * null for nothing. What may have been renamed is asked for; it is never taken for something dropped and something new.
 *
 * @throws KantaError `invalid_input` for a wrong option, and where it does not know whether something was renamed.
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
  const rules = ruleSets.of(check(from, to, options))
  const { name } = rules.dialect
  const [before, after] = [sideOf(from, rules), sideOf(to, rules)]
  const ground: Ground = { rules, full: before.says === 'all' && after.says === 'all' }
  const renames = await findRenames(before, after, rules, options.renames ?? {}, options.ask)
  const named = withNames(before, rules)
  const up = plan(named, after, renames, ground)
  // Back from what is there once it went up, with the names that it has then.
  const back = reversed(renames, before)
  const moved = renamedSide(named, renames, rules)
  // Tables say nothing of views and triggers, which are there all the same.
  const all = after.says === 'all' ? after : { ...after, views: moved.views, triggers: moved.triggers }
  const reached = withKeptNames(all, moved, ground)
  const down = plan(reached, { ...before, enums: withKeptValues(before.enums, after.enums) }, back, ground)
  const warnings = [...lint(up, { dialect: name, off: options.off }), ...losses(up, rules, options.off)]
  return { dialect: name, up, down, warnings }
}

/** No database takes a value from an enum; going down leaves those that came, which harms nothing. */
function withKeptValues(before: Side['enums'], after: Side['enums']): Side['enums'] {
  const came = new Map(after.map((each) => [keyOf(each), each]))
  return before.map((each) => came.get(keyOf(each)) ?? each)
}

const OPTIONS = ['dialect', 'renames', 'ask', 'off']

function check(from: Schema, to: Schema, options: DiffOptions): DialectName {
  if (typeof options !== 'object' || options === null) refuse("diff() takes options such as { dialect: 'sqlite' }.")
  for (const name of Object.keys(options))
    if (!OPTIONS.includes(name)) refuse(`diff() has no option '${name}'. It takes: ${OPTIONS.join(', ')}.`)
  if (options.ask !== undefined && typeof options.ask !== 'function') refuse('ask is a function.')
  const catalog = isCatalog(from) ? from : isCatalog(to) ? to : undefined
  return options.dialect ?? catalog?.dialect ?? refuse("diff() needs a dialect: { dialect: 'sqlite' }.")
}

/** The SQL of a step: one statement or more, without parameters. */
export function stepSql(step: Step, dialect: DialectName): string[] {
  return [...printStep(step, ruleSets.of(dialect).dialect)]
}
