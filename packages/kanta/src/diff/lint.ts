import { refuse } from '../error/index.ts'
import type { CatalogColumn, DialectName } from '../introspect/index.ts'
import { normalType } from './equal.ts'
import { alterSteps } from './plan.ts'
import { keyOf } from './rename.ts'
import type { Rules } from './rule.ts'
import { ruleSets } from './rules.ts'
import { type Step, tableOf } from './step.ts'

/** What may go wrong with a step. */
export interface Finding {
  /** The name of the rule, by which it can be turned off. */
  readonly rule: Rule
  /** Loses data; keeps others waiting; or fails, depending on the rows. */
  readonly category: 'destructive' | 'blocking' | 'data-dependent'
  readonly severity: 'error' | 'warning'
  readonly step: Step
  readonly message: string
  /** How it can be done with less risk. */
  readonly safer: string
}

export interface LintOptions {
  readonly dialect: DialectName
  /** The rules that are not asked, each with the reason: `{ 'drop-column': 'nobody reads it since 2.3' }`. */
  readonly off?: Readonly<Partial<Record<Rule, string>>> | undefined
}

type Said = Pick<Finding, 'message' | 'safer'>
interface Case {
  readonly step: Step
  readonly rules: Rules
  /** Whether the table has rows, as far as one can know: it was there before. */
  readonly old: boolean
}
interface RuleOf {
  readonly category: Finding['category']
  readonly severity: Finding['severity']
  check(it: Case): Said | undefined
}

const where = (step: Step): string => {
  const table = tableOf(step)
  return table === undefined ? '' : `'${keyOf(table)}'`
}

const VOLATILE = /\b(?:random|gen_random_uuid|uuid_generate_\w+|uuidv[47]|clock_timestamp|timeofday|nextval)\s*\(/i

const RULES = {
  'drop-table': {
    category: 'destructive',
    severity: 'error',
    check: ({ step }) =>
      step.kind === 'dropTable'
        ? {
            message: `Dropping ${where(step)} loses its rows.`,
            safer: 'Rename it first, and drop it when nobody has missed it; or keep a copy of its rows.',
          }
        : undefined,
  },
  'drop-column': {
    category: 'destructive',
    severity: 'error',
    check: ({ step }) =>
      step.kind === 'dropColumn' && step.column.generated === null
        ? {
            message: `Dropping the column '${step.column.name}' of ${where(step)} loses its values, and breaks programs that still read it.`,
            safer: 'Release programs that do not use it first; keep a copy of its values if they may be needed.',
          }
        : undefined,
  },
  'narrow-type': {
    category: 'data-dependent',
    severity: 'error',
    check: ({ step, rules, old }) =>
      old && step.kind === 'alterColumn' && step.changes.includes('type') && !widens(step.from, step.to, rules)
        ? {
            message: `The column '${step.to.name}' of ${where(step)} goes from ${step.from.type} to ${step.to.type}: values that do not fit stop the migration, or are cut.`,
            safer: 'Look for values that do not fit first; or add a column of the new type, copy, and switch.',
          }
        : undefined,
  },
  'not-null': {
    category: 'data-dependent',
    severity: 'error',
    check: ({ step, old }) => {
      if (!old) return undefined
      const added = step.kind === 'addColumn' && !step.column.nullable && isEmpty(step.column)
      const set = step.kind === 'alterColumn' && step.changes.includes('nullable') && !step.to.nullable
      if (!added && !set) return undefined
      return {
        message: added
          ? `The new column '${step.column.name}' of ${where(step)} is not null and has no default: it fails if there are rows.`
          : `The column of ${where(step)} becomes not null: it fails if a row holds null.`,
        safer: added
          ? 'Give it a default; or add it nullable, fill it in, then make it not null.'
          : 'Fill in the rows that hold null first.',
      }
    },
  },
  unique: {
    category: 'data-dependent',
    severity: 'warning',
    check: ({ step, old }) => {
      if (!old) return undefined
      const key = step.kind === 'addConstraint' && /^(?:unique|primary key)$/.test(step.constraint.type)
      if (!key && !(step.kind === 'createIndex' && step.index.unique)) return undefined
      return {
        message: `${where(step)} gets a unique key: it fails if rows are alike.`,
        safer: 'Look for rows that are alike first: select … group by … having count(*) > 1.',
      }
    },
  },
  'check-rows': {
    category: 'data-dependent',
    severity: 'warning',
    check: ({ step, old }) =>
      old && step.kind === 'addConstraint' && /^(?:check|foreign key)$/.test(step.constraint.type)
        ? {
            message: `${where(step)} gets a ${step.constraint.type}: it fails if a row breaks it.`,
            safer: 'Look for rows that break it first.',
          }
        : undefined,
  },
  'index-blocks-writes': {
    category: 'blocking',
    severity: 'warning',
    check: ({ step, rules, old }) =>
      old && rules.locks.scans && step.kind === 'createIndex'
        ? {
            message: `Nobody can write to ${where(step)} while the index '${step.index.name}' is made.`,
            safer: 'Write create index concurrently, in a migration without a transaction.',
          }
        : undefined,
  },
  'key-blocks-writes': {
    category: 'blocking',
    severity: 'warning',
    check: ({ step, rules, old }) =>
      old && rules.locks.scans && step.kind === 'addConstraint' && /^(?:unique|primary key)$/.test(step.constraint.type)
        ? {
            message: `Nobody can read or write ${where(step)} while the index of the ${step.constraint.type} is made.`,
            safer: 'Make a unique index concurrently, then add the constraint using index.',
          }
        : undefined,
  },
  'constraint-scans': {
    category: 'blocking',
    severity: 'warning',
    check: ({ step, rules, old }) =>
      old && rules.locks.scans && step.kind === 'addConstraint' && /^(?:check|foreign key)$/.test(step.constraint.type)
        ? {
            message: `${where(step)} is locked while every row is held against the new ${step.constraint.type}.`,
            safer: 'Add it as not valid, then validate constraint in a second migration.',
          }
        : undefined,
  },
  'not-null-scans': {
    category: 'blocking',
    severity: 'warning',
    check: ({ step, rules, old }) =>
      old && rules.locks.scans && step.kind === 'alterColumn' && step.changes.includes('nullable') && !step.to.nullable
        ? {
            message: `${where(step)} is locked while every row is searched for null in '${step.to.name}'.`,
            safer: `Add check (${step.to.name} is not null) not valid, validate it, set not null, and drop the check.`,
          }
        : undefined,
  },
  'rewrites-table': {
    category: 'blocking',
    severity: 'warning',
    check: ({ step, rules, old }) => {
      if (!old) return undefined
      const why = rewrites(step, rules)
      return why === undefined
        ? undefined
        : {
            message: `${where(step)} is locked while every row is written anew: ${why}.`,
            safer: 'Add a nullable column without a default, fill it in by parts, and switch to it.',
          }
    },
  },
} satisfies Record<string, RuleOf>

/** The names of the rules. */
export type Rule = keyof typeof RULES | 'down-loses'

const isEmpty = ({ default: text, generated, identity }: CatalogColumn): boolean =>
  text === null && generated === null && identity === null

/** Why a step writes every row. */
function rewrites(step: Step, rules: Rules): string | undefined {
  const { scans, rewrites: which } = rules.locks
  if (which === undefined) return undefined
  if (step.kind === 'addColumn') {
    const { column } = step
    if (column.generated?.stored === true) return `'${column.name}' is computed and stored`
    if (!scans) return undefined
    if (column.identity !== null) return `'${column.name}' is numbered`
    if (column.default !== null && VOLATILE.test(column.default))
      return `the default of '${column.name}' is new for each row`
  }
  if (step.kind !== 'alterColumn') return undefined
  if (step.changes.includes('generated')) return `'${step.to.name}' is computed in another way`
  if (which === 'any') {
    if (step.changes.some((change) => change === 'type' || change === 'nullable' || change === 'collation'))
      return `the ${step.changes.join(' and ')} of '${step.to.name}' changes by copying the table`
    return undefined
  }
  return step.changes.includes('type') && !keepsBytes(step.from, step.to, rules)
    ? `the type of '${step.to.name}' changes`
    : undefined
}

/** Whether PostgreSQL takes the values of one type for another as they are. */
function keepsBytes(from: CatalogColumn, to: CatalogColumn, rules: Rules): boolean {
  const text = /^(?:text|character varying)/
  const [a, b] = [normalType(from.type, rules), normalType(to.type, rules)]
  return (text.test(a) && text.test(b) && widens(from, to, rules)) || (/^numeric/.test(a) && widens(from, to, rules))
}

const INTEGERS = ['tinyint', 'smallint', 'mediumint', 'int', 'integer', 'bigint']
const TEXTS = /^(?:text|longtext|mediumtext|character varying|varchar|nvarchar|character|char)/

/** Whether every value of one type is one of the other. */
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

/** What the rebuild of a table does, step by step. */
function inside(step: Step, rules: Rules): readonly Step[] {
  return step.kind === 'rebuildTable' ? alterSteps(step.from, step.to, { rules, full: true }) : [step]
}

/**
 * What may go wrong with some steps, by built-in rules: data that is lost, tables that are locked, rows that may stop
 * the migration.
 *
 * @throws KantaError `invalid_input` for a rule that is not there, or one turned off without a reason.
 */
export function lint(steps: readonly Step[], { dialect, off = {} }: LintOptions): Finding[] {
  checkOff(off)
  const rules = ruleSets.of(dialect)
  const fresh = new Set(steps.flatMap((step) => (step.kind === 'createTable' ? [keyOf(step.table)] : [])))
  const found: Finding[] = []
  for (const step of steps) {
    const table = tableOf(step)
    const old = table !== undefined && !fresh.has(keyOf(table))
    for (const part of inside(step, rules)) {
      for (const [name, rule] of Object.entries(RULES) as [Rule, RuleOf][]) {
        const said = Object.hasOwn(off, name) ? undefined : rule.check({ step: part, rules, old })
        if (said !== undefined)
          found.push({ rule: name, category: rule.category, severity: rule.severity, step, ...said })
      }
    }
  }
  return found
}

/** What going back does not bring back. */
export function losses(up: readonly Step[], rules: Rules, off: LintOptions['off'] = {}): Finding[] {
  if (Object.hasOwn(off, 'down-loses')) return []
  return up.flatMap((step) =>
    inside(step, rules).flatMap((part): Finding[] => {
      const what =
        part.kind === 'dropTable'
          ? `the table '${keyOf(part.table)}', not its rows`
          : part.kind === 'dropColumn' && part.column.generated === null
            ? `the column '${part.column.name}' of '${keyOf(part.table)}', not its values`
            : undefined
      const message =
        part.kind === 'addEnumValue'
          ? `Going down leaves the value '${part.value}' in the enum '${keyOf(part.enum)}'.`
          : what === undefined
            ? undefined
            : `Going down again makes ${what}.`
      if (message === undefined) return []
      return [
        {
          rule: 'down-loses',
          category: 'destructive',
          severity: 'warning',
          step,
          message,
          safer: 'Keep a copy before it goes up, if going down is meant to be of use.',
        },
      ]
    }),
  )
}

function checkOff(off: Readonly<Record<string, string | undefined>>): void {
  const rules = [...Object.keys(RULES), 'down-loses']
  for (const [rule, reason] of Object.entries(off)) {
    if (!rules.includes(rule)) refuse(`There is no rule '${rule}'. The rules are ${rules.join(', ')}.`)
    if (typeof reason !== 'string' || reason.trim() === '')
      refuse(`The rule '${rule}' is turned off with a reason: { '${rule}': 'why it does not matter here' }.`)
  }
}
