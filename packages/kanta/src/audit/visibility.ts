import { KantaError } from '../error/index.ts'
import type { Node } from '../extend/index.ts'
import { contextOf, type DatabaseHandle, dialectOf, policiesOf, schemaOf } from '../extend/internal/index.ts'
import {
  type ColumnUse,
  type Row,
  type RowUse,
  RunValues,
  sameName,
  type TablePolicy,
  type TableRule,
} from '../guard/index.ts'
import type { Images } from './entry.ts'
import { type Image, imageText, redacted, type StoredRow } from './image.ts'
import { type NamedTable, renameInDatabase } from './names.ts'
import type { Settings } from './options.ts'

/** The rows and columns of a table that a reader of the trail can see. */
export interface RowVisibility {
  /** Removes hidden rows and columns from images; returns `undefined` if nothing remains. */
  restrict(images: Images): Images | undefined
  /** Returns true if the policies show a row. */
  isVisible(image: Image): boolean
}

/**
 * Applies the row policies of a database to images of the past: evaluates them in memory, with the current context, as
 * if an image were a row of the table.
 *
 * @throws KantaError `policy` for a policy that only the database can evaluate, such as one with a subquery.
 */
export function visibilityOf(db: DatabaseHandle, named: NamedTable, settings: Settings): RowVisibility {
  const tests = testsOf(db, named, settings, 'select', (rule, row, runValues) => rule.sees?.(row, 'select', runValues))
  const columns = columnChecksOf(db, named, settings, 'select', 'read')
  const forbidden = new Map<string, boolean>()
  const isForbidden = (column: string): boolean => {
    let found = forbidden.get(column)
    if (found === undefined) {
      found = columns.some((ask) => isRefused(() => ask(column)))
      forbidden.set(column, found)
    }
    return found
  }
  const readable = (image: Image): Image => {
    if (columns.length === 0) return image
    return Object.fromEntries(Object.entries(image).filter(([name]) => !isForbidden(named.toProgram(name))))
  }
  const sees = (image: Image): boolean => tests.every((test) => test(image))
  return {
    isVisible: sees,
    restrict: ({ before, after }) => {
      const seen = {
        before: before !== null && sees(before) ? readable(before) : null,
        after: after !== null && sees(after) ? readable(after) : null,
      }
      return seen.before === null && seen.after === null ? undefined : seen
    },
  }
}

/** Returns true if a policy of the database may hide rows or columns of a table. */
export function isRestricted(db: DatabaseHandle, named: NamedTable, settings: Settings): boolean {
  for (const { rule } of rulesOf(db, named, settings, 'select'))
    if (rule.sees !== undefined || rule.column !== undefined) return true
  return false
}

/** Returns true if the policies of a database allow to insert, update or delete a row. */
export function mayWrite(
  db: DatabaseHandle,
  named: NamedTable,
  settings: Settings,
  { before, after }: { readonly before: StoredRow | undefined; readonly after: StoredRow | undefined },
): boolean {
  if (before !== undefined) {
    const use = after === undefined ? 'delete' : 'update'
    const there = testsOf(db, named, settings, use, (rule, row, runValues) => rule.sees?.(row, use, runValues))
    if (!there.every((test) => test(before))) return false
  }
  if (after === undefined) return true
  const use = before === undefined ? 'insert' : 'update'
  const then = testsOf(db, named, settings, use, (rule, row, runValues) => rule.checks?.(row, use, runValues, false))
  if (!then.every((test) => test(after))) return false
  const changed = Object.keys(after).filter((name) =>
    before === undefined
      ? after[name] !== null
      : imageText({ _: after[name]! }, false) !== imageText({ _: before[name]! }, false),
  )
  const columns = columnChecksOf(db, named, settings, use, use)
  return !changed.some((name) => columns.some((ask) => isRefused(() => ask(named.toProgram(name)))))
}

/** Yields the rules of the policies for a table. */
function* rulesOf(db: DatabaseHandle, named: NamedTable, settings: Settings, use: RowUse | 'insert') {
  const { program } = named
  const reference = { name: program.name, schema: program.schema, definition: program.definition as never }
  const dialect = dialectOf(db)
  const schema = schemaOf(db)
  const around = { dialect, schema, renames: (name: Node) => renameInDatabase(name, db), toProgram: named.toProgram }
  for (const policy of policiesOf(db)) {
    if (!('rule' in policy) || policy.name === 'audit' || settings.statePolicies.includes(policy.name)) continue
    const runValues = new RunValues(around, 0)
    const { tables, rule: ruleOf } = policy as TablePolicy
    const spelled = tables?.find((name) => sameName(name, reference.name)) ?? reference.name
    const rule = ruleOf.call(policy, { ...reference, name: spelled }, use, runValues)
    if (rule === undefined) continue
    if (rule.source !== undefined) throw undecidableError(policy.name, program.name)
    yield { policy, rule, runValues, around }
  }
}

/** Returns tests of an image, from one condition of each rule. */
function testsOf(
  db: DatabaseHandle,
  named: NamedTable,
  settings: Settings,
  use: RowUse | 'insert',
  conditionOf: (rule: TableRule, row: Row, runValues: RunValues) => Node | undefined,
): readonly ((image: Image) => boolean)[] {
  const context = contextOf(db)
  const tests: ((image: Image) => boolean)[] = []
  const row: Row = (column) => ({ kind: 'ref', schema: undefined, table: undefined, column })
  for (const { policy, rule, runValues } of rulesOf(db, named, settings, use)) {
    const condition = conditionOf(rule, row, runValues)
    const args = runValues.prepare?.([], context) ?? []
    const why = (): KantaError => undecidableError(policy.name, named.program.name)
    const { toDatabase } = named
    if (condition !== undefined)
      tests.push((image) => holds(condition, { image, args, toDatabase, context, why }) === true)
  }
  return tests
}

/** Returns the checks of a column that is read or written. They throw to refuse it. */
function columnChecksOf(
  db: DatabaseHandle,
  named: NamedTable,
  settings: Settings,
  use: RowUse | 'insert',
  columnUse: ColumnUse,
): readonly ((column: string) => void)[] {
  const context = contextOf(db)
  const columns: ((column: string) => void)[] = []
  for (const { rule, around } of rulesOf(db, named, settings, use)) {
    if (rule.column === undefined) continue
    columns.push((column) => {
      const asked = new RunValues(around, 0)
      rule.column!(column, columnUse, asked)
      asked.prepare?.([], context)
    })
  }
  return columns
}

function isRefused(ask: () => void): boolean {
  try {
    ask()
    return false
  } catch (error) {
    if (error instanceof KantaError && error.code === 'policy') return true
    throw error
  }
}

const undecidableError = (policy: string, table: string): KantaError =>
  new KantaError(
    'policy',
    `The policy '${policy}' of '${table}' can be evaluated only by the database, on current rows. Read the trail of '${table}' through db.unscoped(capability, reason).`,
  )

interface Evaluation {
  readonly image: Image
  readonly args: readonly unknown[]
  readonly toDatabase: (column: string) => string
  readonly context: Readonly<Record<string, unknown>>
  readonly why: () => KantaError
}

/** Evaluates a condition for an image; returns `null` for unknown, as SQL does. */
function holds(node: Node, evaluation: Evaluation): boolean | null {
  switch (node.kind) {
    case 'parens':
      return holds(node.operand, evaluation)
    case 'and': {
      const parts = node.items.map((item) => holds(item, evaluation))
      return parts.includes(false) ? false : parts.includes(null) ? null : true
    }
    case 'or': {
      const parts = node.items.map((item) => holds(item, evaluation))
      return parts.includes(true) ? true : parts.includes(null) ? null : false
    }
    case 'binary':
      return compare(node.left, node.op, node.right, evaluation)
    case 'literal':
      if (typeof node.value === 'boolean') return node.value
  }
  throw evaluation.why()
}

function compare(left: Node, op: string, right: Node, evaluation: Evaluation): boolean | null {
  const one = valueOf(left, evaluation)
  const other = valueOf(right, evaluation)
  if (op === 'is' && other === null) return one === null
  if (op === 'is not' && other === null) return one !== null
  if (one === null || other === null) return null
  if (op === '=') return isEqual(one, other, evaluation)
  if (op === 'in' && Array.isArray(other)) return other.some((item) => isEqual(one, item, evaluation))
  throw evaluation.why()
}

function valueOf(node: Node, { image, args, toDatabase, context, why }: Evaluation): unknown {
  switch (node.kind) {
    case 'ref': {
      const value = image[toDatabase(node.column)]
      if (value === undefined || value === redacted) throw why()
      return value
    }
    case 'slot':
      return args[node.index]
    case 'context':
      return context[node.name] ?? null
    case 'literal':
      return node.value
    case 'cast':
      // Values compare as text anyway.
      if (node.type.kind === 'word' && /^(?:text|(?:var)?char|binary)$/i.test(node.type.text))
        return valueOf(node.operand, { image, args, toDatabase, context, why })
      break
    case 'raw':
      if (node.parts.length === 1 && /^ collate [\w"]+$/.test(node.strings.join('')))
        return valueOf(node.parts[0]!, { image, args, toDatabase, context, why })
      break
    case 'word':
      if (/^\d+$/.test(node.text)) return Number(node.text)
      break
  }
  throw why()
}

/** Compares values as text. At worst this hides an image that could be seen. */
function isEqual(one: unknown, other: unknown, { why }: Evaluation): boolean {
  return comparableText(one, why) === comparableText(other, why)
}

function comparableText(value: unknown, why: () => KantaError): string {
  if (typeof value === 'boolean') return String(Number(value))
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return String(value)
  throw why()
}
