import { refuse } from '../error/index.ts'
import type { CatalogColumn, DialectName } from '../introspect/index.ts'
import { normalType } from './equal.ts'
import { alterSteps } from './plan-steps.ts'
import { keyOf } from './rename.ts'
import type { Rules } from './rule.ts'
import { ruleSets } from './rules.ts'
import { type Step, tableOf } from './step.ts'

/** A risk of a step. */
export interface Finding {
  /** The name of the rule. Use it in `off` to turn the rule off. */
  readonly rule: Rule
  /** `destructive` loses data, `blocking` makes other sessions wait, `data-dependent` may fail on existing rows. */
  readonly category: 'destructive' | 'blocking' | 'data-dependent'
  readonly severity: 'error' | 'warning'
  readonly step: Step
  readonly message: string
  /** A way to make the change with less risk. */
  readonly safer: string
}

/** Options of `lint()`. */
export interface LintOptions {
  readonly dialect: DialectName
  /** The rules to turn off, each with the reason: `{ 'drop-column': 'nobody reads it since 2.3' }`. */
  readonly off?: Readonly<Partial<Record<Rule, string>>> | undefined
}

type FindingText = Pick<Finding, 'message' | 'safer'>
interface RuleInput {
  readonly step: Step
  /** The steps that are made together with it. */
  readonly together: readonly Step[]
  readonly rules: Rules
  /** Is true if the table existed before the steps, and so may have rows. */
  readonly isExisting: boolean
}
interface LintRule {
  readonly category: Finding['category']
  readonly severity: Finding['severity']
  check(input: RuleInput): FindingText | undefined
}

const tableLabel = (step: Step): string => {
  const table = tableOf(step)
  return table === undefined ? '' : `'${keyOf(table)}'`
}

type DropColumn = Extract<Step, { readonly kind: 'dropColumn' }>

/** Returns the column that takes the place of a dropped one under its name. */
function successorOf({ table, column }: DropColumn, together: readonly Step[]): CatalogColumn | undefined {
  for (const step of together)
    if (step.kind === 'addColumn' && keyOf(step.table) === keyOf(table) && step.column.name === column.name)
      return step.column
  return undefined
}

/** Checks if dropping a column loses values. Those of a computed one do not come back if a plain one follows it. */
function losesValues(step: DropColumn, together: readonly Step[], { rebuilds }: Rules): boolean {
  if (step.column.generated === null) return true
  // A rebuild copies what a column held, also where it was computed.
  return rebuilds === undefined && successorOf(step, together)?.generated === null
}

const VOLATILE = /\b(?:random|gen_random_uuid|uuid_generate_\w+|uuidv[47]|clock_timestamp|timeofday|nextval)\s*\(/i

const RULES = {
  'drop-table': {
    category: 'destructive',
    severity: 'error',
    check: ({ step }) =>
      step.kind === 'dropTable'
        ? {
            message: `Dropping ${tableLabel(step)} loses its rows.`,
            safer: 'Rename it first, and drop it later; or keep a copy of its rows.',
          }
        : undefined,
  },
  'drop-column': {
    category: 'destructive',
    severity: 'error',
    check: ({ step, together, rules }) => {
      if (step.kind !== 'dropColumn' || !losesValues(step, together, rules)) return undefined
      const { name } = step.column
      const next = successorOf(step, together)
      if (next === undefined)
        return {
          message: `Dropping the column '${name}' of ${tableLabel(step)} loses its values and breaks programs that still read it.`,
          safer: 'First release programs that do not use it. Keep a copy of its values if you may need them.',
        }
      return {
        message: `The column '${name}' of ${tableLabel(step)} is dropped, and added again as ${next.generated === null ? 'a plain one' : 'a computed one'}. Its values are lost.`,
        safer: 'Add a column under another name, copy or compare the values, and switch to it.',
      }
    },
  },
  'narrow-type': {
    category: 'data-dependent',
    severity: 'error',
    check: ({ step, rules, isExisting }) =>
      isExisting && step.kind === 'alterColumn' && step.changes.includes('type') && !widens(step.from, step.to, rules)
        ? {
            message: `The column '${step.to.name}' of ${tableLabel(step)} changes from ${step.from.type} to ${step.to.type}. Values that do not fit stop the migration or are cut.`,
            safer:
              'First look for values that do not fit; or add a column of the new type, copy the values, and switch.',
          }
        : undefined,
  },
  'not-null': {
    category: 'data-dependent',
    severity: 'error',
    check: ({ step, isExisting }) => {
      if (!isExisting) return undefined
      const added = step.kind === 'addColumn' && !step.column.nullable && isEmpty(step.column)
      const set = step.kind === 'alterColumn' && step.changes.includes('nullable') && !step.to.nullable
      if (!added && !set) return undefined
      return {
        message: added
          ? `The new column '${step.column.name}' of ${tableLabel(step)} is not null and has no default. The step fails if the table has rows.`
          : `The column of ${tableLabel(step)} becomes not null. The step fails if a row holds null.`,
        safer: added
          ? 'Give it a default; or add it as nullable, fill it in, then make it not null.'
          : 'First fill in the rows that hold null.',
      }
    },
  },
  unique: {
    category: 'data-dependent',
    severity: 'warning',
    check: ({ step, isExisting }) => {
      if (!isExisting) return undefined
      const key = step.kind === 'addConstraint' && /^(?:unique|primary key)$/.test(step.constraint.type)
      if (!key && !(step.kind === 'createIndex' && step.index.unique)) return undefined
      return {
        message: `${tableLabel(step)} gets a unique key. The step fails if rows have equal values.`,
        safer: 'First look for duplicates: select … group by … having count(*) > 1.',
      }
    },
  },
  'check-rows': {
    category: 'data-dependent',
    severity: 'warning',
    check: ({ step, isExisting }) =>
      isExisting && step.kind === 'addConstraint' && /^(?:check|foreign key)$/.test(step.constraint.type)
        ? {
            message: `${tableLabel(step)} gets a ${step.constraint.type}. The step fails if a row violates it.`,
            safer: 'First look for rows that violate it.',
          }
        : undefined,
  },
  'index-blocks-writes': {
    category: 'blocking',
    severity: 'warning',
    check: ({ step, rules, isExisting }) =>
      isExisting && rules.locks.scans && step.kind === 'createIndex'
        ? {
            message: `Writes to ${tableLabel(step)} wait while the index '${step.index.name}' is built.`,
            safer: 'Use create index concurrently in a migration without a transaction.',
          }
        : undefined,
  },
  'key-blocks-writes': {
    category: 'blocking',
    severity: 'warning',
    check: ({ step, rules, isExisting }) =>
      isExisting &&
      rules.locks.scans &&
      step.kind === 'addConstraint' &&
      /^(?:unique|primary key)$/.test(step.constraint.type)
        ? {
            message: `Reads and writes of ${tableLabel(step)} wait while the index of the ${step.constraint.type} is built.`,
            safer: 'Create a unique index concurrently, then add the constraint using that index.',
          }
        : undefined,
  },
  'constraint-scans': {
    category: 'blocking',
    severity: 'warning',
    check: ({ step, rules, isExisting }) =>
      isExisting &&
      rules.locks.scans &&
      step.kind === 'addConstraint' &&
      /^(?:check|foreign key)$/.test(step.constraint.type)
        ? {
            message: `${tableLabel(step)} is locked while every row is checked against the new ${step.constraint.type}.`,
            safer: 'Add it as not valid, then validate it in a second migration.',
          }
        : undefined,
  },
  'not-null-scans': {
    category: 'blocking',
    severity: 'warning',
    check: ({ step, rules, isExisting }) =>
      isExisting &&
      rules.locks.scans &&
      step.kind === 'alterColumn' &&
      step.changes.includes('nullable') &&
      !step.to.nullable
        ? {
            message: `${tableLabel(step)} is locked while every row is checked for null in '${step.to.name}'.`,
            safer: `Add check (${step.to.name} is not null) not valid, validate it, set not null, and drop the check.`,
          }
        : undefined,
  },
  'rewrites-table': {
    category: 'blocking',
    severity: 'warning',
    check: ({ step, rules, isExisting }) => {
      if (!isExisting) return undefined
      const why = rewriteReason(step, rules)
      return why === undefined
        ? undefined
        : {
            message: `${tableLabel(step)} is locked while every row is rewritten: ${why}.`,
            safer: 'Add a nullable column without a default, fill it in batches, and switch to it.',
          }
    },
  },
} satisfies Record<string, LintRule>

/** The names of the rules. */
export type Rule = keyof typeof RULES | 'down-loses'

const isEmpty = ({ default: text, generated, identity }: CatalogColumn): boolean =>
  text === null && generated === null && identity === null

/** Returns the reason why a step rewrites every row, or `undefined` if it does not. */
function rewriteReason(step: Step, rules: Rules): string | undefined {
  const { scans, rewrites: rewritingChanges } = rules.locks
  if (rewritingChanges === undefined) return undefined
  if (step.kind === 'addColumn') {
    const { column } = step
    if (column.generated?.stored === true) return `'${column.name}' is computed and stored`
    if (!scans) return undefined
    if (column.identity !== null) return `'${column.name}' is numbered`
    if (column.default !== null && VOLATILE.test(column.default))
      return `the default of '${column.name}' differs for each row`
  }
  if (step.kind !== 'alterColumn') return undefined
  if (step.changes.includes('generated')) return `'${step.to.name}' gets another expression`
  if (rewritingChanges === 'any') {
    if (step.changes.some((change) => change === 'type' || change === 'nullable' || change === 'collation'))
      return `the ${step.changes.join(' and ')} of '${step.to.name}' changes by copying the table`
    return undefined
  }
  return step.changes.includes('type') && !keepsStoredValues(step.from, step.to, rules)
    ? `the type of '${step.to.name}' changes`
    : undefined
}

/** Checks if PostgreSQL can change the type without rewriting the values. */
function keepsStoredValues(from: CatalogColumn, to: CatalogColumn, rules: Rules): boolean {
  const text = /^(?:text|character varying)/
  const [a, b] = [normalType(from.type, rules), normalType(to.type, rules)]
  return (text.test(a) && text.test(b) && widens(from, to, rules)) || (/^numeric/.test(a) && widens(from, to, rules))
}

const INTEGERS = ['tinyint', 'smallint', 'mediumint', 'int', 'integer', 'bigint']
const TEXTS = /^(?:text|longtext|mediumtext|character varying|varchar|nvarchar|character|char)/

/** Checks if the new type holds every value of the old one. */
function widens(from: CatalogColumn, to: CatalogColumn, rules: Rules): boolean {
  const [a, b] = [normalType(from.type, rules), normalType(to.type, rules)]
  const nameOf = (type: string): string => type.replace(/\(.*$/, '')
  const sizes = (type: string): number[] => /\(([\d,]+)\)/.exec(type)?.[1]?.split(',').map(Number) ?? []
  const [x, y] = [INTEGERS.indexOf(nameOf(a)), INTEGERS.indexOf(nameOf(b))]
  if (x >= 0 && y >= 0) return y >= x
  if (nameOf(b) === 'text' && rules.types?.textHoldsAll) return true
  if (nameOf(a) === 'real' && nameOf(b) === 'double precision') return true
  if (/^(?:numeric|decimal)/.test(a) && nameOf(a) === nameOf(b)) {
    const [[p = Infinity, s = 0], [q = Infinity, t = 0]] = [sizes(a), sizes(b)]
    return sizes(b).length === 0 || (t >= s && q - t >= p - s)
  }
  if (from.values !== null && to.values !== null) return from.values.every((value) => to.values!.includes(value))
  if (!TEXTS.test(a) || !TEXTS.test(b)) return false
  return (sizes(b)[0] ?? Infinity) >= (sizes(a)[0] ?? Infinity)
}

/** Returns the steps that a table rebuild stands for, or else the step itself. */
function stepsInside(step: Step, rules: Rules): readonly Step[] {
  return step.kind === 'rebuildTable' ? alterSteps(step.from, step.to, rules) : [step]
}

/**
 * Checks steps against built-in rules, and returns their risks: lost data, locked tables, rows that may stop the
 * migration.
 *
 * @throws KantaError `invalid_input` for an unknown rule, or one turned off without a reason.
 */
export function lint(steps: readonly Step[], { dialect, off = {} }: LintOptions): Finding[] {
  checkOff(off)
  const rules = ruleSets.of(dialect)
  const fresh = new Set(steps.flatMap((step) => (step.kind === 'createTable' ? [keyOf(step.table)] : [])))
  const found: Finding[] = []
  for (const step of steps) {
    const table = tableOf(step)
    const isExisting = table !== undefined && !fresh.has(keyOf(table))
    const inside = stepsInside(step, rules)
    const together = inside.length === 1 && inside[0] === step ? steps : inside
    for (const part of inside) {
      for (const [name, rule] of Object.entries(RULES) as [Rule, LintRule][]) {
        const text = Object.hasOwn(off, name) ? undefined : rule.check({ step: part, together, rules, isExisting })
        if (text !== undefined)
          found.push({ rule: name, category: rule.category, severity: rule.severity, step, ...text })
      }
    }
  }
  return found
}

/** Returns a finding for each loss that going down does not restore. */
export function findLosses(up: readonly Step[], rules: Rules, off: LintOptions['off'] = {}): Finding[] {
  if (Object.hasOwn(off, 'down-loses')) return []
  return up.flatMap((step) => {
    const inside = stepsInside(step, rules)
    const together = inside.length === 1 && inside[0] === step ? up : inside
    return inside.flatMap((part): Finding[] => {
      const what =
        part.kind === 'dropTable'
          ? `the table '${keyOf(part.table)}' again, but not its rows`
          : part.kind === 'dropColumn' && losesValues(part, together, rules)
            ? `the column '${part.column.name}' of '${keyOf(part.table)}' again, but not its values`
            : undefined
      const message =
        part.kind === 'addEnumValue'
          ? `Going down leaves the value '${part.value}' in the enum '${keyOf(part.enum)}'.`
          : what === undefined
            ? undefined
            : `Going down creates ${what}.`
      if (message === undefined) return []
      return [
        {
          rule: 'down-loses',
          category: 'destructive',
          severity: 'warning',
          step,
          message,
          safer: 'Keep a copy before you go up if you may need to go down.',
        },
      ]
    })
  })
}

function checkOff(off: Readonly<Record<string, string | undefined>>): void {
  const rules = [...Object.keys(RULES), 'down-loses']
  for (const [rule, reason] of Object.entries(off)) {
    if (!rules.includes(rule)) refuse(`Unknown rule '${rule}'. The rules are ${rules.join(', ')}.`)
    if (typeof reason !== 'string' || reason.trim() === '')
      refuse(
        `The rule '${rule}' is turned off without a reason. Give one: { '${rule}': 'why it does not matter here' }.`,
      )
  }
}
