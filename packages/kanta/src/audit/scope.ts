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
import { type Named, renamed } from './names.ts'
import type { Settings } from './options.ts'

/** What a reader of the trail may see of a table. */
export interface Scope {
  /** Images without what may not be seen; `undefined` where nothing is left. */
  see(images: Images): Images | undefined
  /** Whether a row may be seen whole. */
  sees(image: Image): boolean
}

/**
 * The policies on rows of a database for the rows of the past: each image is held to them as a row of the table would
 * be, in memory, with the context of this moment.
 *
 * @throws KantaError `policy` for a policy that only the database can answer, such as one with a subquery.
 */
export function scopeOf(db: DatabaseHandle, named: Named, settings: Settings): Scope {
  const tests = testsOf(db, named, settings, 'select', (rule, row, runValues) => rule.sees?.(row, 'select', runValues))
  const columns = columnsOf(db, named, settings, 'select', 'read')
  const forbidden = new Map<string, boolean>()
  const isForbidden = (column: string): boolean => {
    let found = forbidden.get(column)
    if (found === undefined) {
      found = columns.some((ask) => refuses(() => ask(column)))
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
    sees,
    see: ({ before, after }) => {
      const seen = {
        before: before !== null && sees(before) ? readable(before) : null,
        after: after !== null && sees(after) ? readable(after) : null,
      }
      return seen.before === null && seen.after === null ? undefined : seen
    },
  }
}

/** Whether the policies of a database may keep rows or columns of a table from it. */
export function isScoped(db: DatabaseHandle, named: Named, settings: Settings): boolean {
  for (const { rule } of rulesOf(db, named, settings, 'select'))
    if (rule.sees !== undefined || rule.column !== undefined) return true
  return false
}

/** Whether the policies of a database let a row be written: be added, be changed to another, or be taken away. */
export function mayWrite(
  db: DatabaseHandle,
  named: Named,
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
  const columns = columnsOf(db, named, settings, use, use)
  return !changed.some((name) => columns.some((ask) => refuses(() => ask(named.toProgram(name)))))
}

/** What the policies of a database say of a table. */
function* rulesOf(db: DatabaseHandle, named: Named, settings: Settings, use: RowUse | 'insert') {
  const { program } = named
  const reference = { name: program.name, schema: program.schema, definition: program.definition as never }
  const dialect = dialectOf(db)
  const schema = schemaOf(db)
  const around = { dialect, schema, given: 0, renames: (name: Node) => renamed(name, db), toProgram: named.toProgram }
  for (const policy of policiesOf(db)) {
    if (!('rule' in policy) || policy.name === 'audit' || settings.statePolicies.includes(policy.name)) continue
    const runValues = new RunValues(around)
    const { tables, rule: ruleOf } = policy as TablePolicy
    const spelled = tables?.find((name) => sameName(name, reference.name)) ?? reference.name
    const rule = ruleOf.call(policy, { ...reference, name: spelled }, use, runValues)
    if (rule === undefined) continue
    if (rule.source !== undefined) throw undecided(policy.name, program.name)
    yield { policy, rule, runValues, around }
  }
}

/** What has to hold of an image, by one of the conditions of each rule. */
function testsOf(
  db: DatabaseHandle,
  named: Named,
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
    const why = (): KantaError => undecided(policy.name, named.program.name)
    const { toDatabase } = named
    if (condition !== undefined)
      tests.push((image) => holds(condition, { image, args, toDatabase, context, why }) === true)
  }
  return tests
}

/** What is asked for a column that is read or written; throws where it may not be. */
function columnsOf(
  db: DatabaseHandle,
  named: Named,
  settings: Settings,
  use: RowUse | 'insert',
  columnUse: ColumnUse,
): readonly ((column: string) => void)[] {
  const context = contextOf(db)
  const columns: ((column: string) => void)[] = []
  for (const { rule, around } of rulesOf(db, named, settings, use)) {
    if (rule.column === undefined) continue
    columns.push((column) => {
      const asked = new RunValues(around)
      rule.column!(column, columnUse, asked)
      asked.prepare?.([], context)
    })
  }
  return columns
}

function refuses(ask: () => void): boolean {
  try {
    ask()
    return false
  } catch (error) {
    if (error instanceof KantaError && error.code === 'policy') return true
    throw error
  }
}

const undecided = (policy: string, table: string): KantaError =>
  new KantaError(
    'policy',
    `The policy '${policy}' of '${table}' can be answered only by the database, for rows as they are now. Read the trail of '${table}' through db.unscoped(capability, reason).`,
  )

interface Sight {
  readonly image: Image
  readonly args: readonly unknown[]
  readonly toDatabase: (column: string) => string
  readonly context: Readonly<Record<string, unknown>>
  readonly why: () => KantaError
}

/** Whether a condition holds for an image; `null` where it is unknown, as in SQL. */
function holds(node: Node, sight: Sight): boolean | null {
  switch (node.kind) {
    case 'parens':
      return holds(node.operand, sight)
    case 'and': {
      const parts = node.items.map((item) => holds(item, sight))
      return parts.includes(false) ? false : parts.includes(null) ? null : true
    }
    case 'or': {
      const parts = node.items.map((item) => holds(item, sight))
      return parts.includes(true) ? true : parts.includes(null) ? null : false
    }
    case 'binary':
      return compare(node.left, node.op, node.right, sight)
    case 'literal':
      if (typeof node.value === 'boolean') return node.value
  }
  throw sight.why()
}

function compare(left: Node, op: string, right: Node, sight: Sight): boolean | null {
  const one = valueOf(left, sight)
  const other = valueOf(right, sight)
  if (op === 'is' && other === null) return one === null
  if (op === 'is not' && other === null) return one !== null
  if (one === null || other === null) return null
  if (op === '=') return same(one, other, sight)
  if (op === 'in' && Array.isArray(other)) return other.some((item) => same(one, item, sight))
  throw sight.why()
}

function valueOf(node: Node, { image, args, toDatabase, context, why }: Sight): unknown {
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
      // Values are compared as text anyway.
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

/** Values of one column are equal when their texts are: at worst too few are. */
function same(one: unknown, other: unknown, { why }: Sight): boolean {
  return text(one, why) === text(other, why)
}

function text(value: unknown, why: () => KantaError): string {
  if (typeof value === 'boolean') return String(Number(value))
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return String(value)
  throw why()
}
