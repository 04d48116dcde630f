import { KantaError } from '../error/index.ts'
import { type Node, type NodeOf, type StatementContext, type TransactionHook, walk } from '../extend/index.ts'
import { type DatabaseHandle, dialectOf } from '../extend/internal/index.ts'
import { fullName } from '../ir/index.ts'
import type { TableDefinition } from '../table/index.ts'
import { type AuditFacet, auditFacets } from './facet.ts'
import type { StoredRow } from './image.ts'
import { captureInsert } from './insert.ts'
import { type KeyedTable, keyOf } from './key.ts'
import { captureMerge } from './merge.ts'
import type { Settings } from './options.ts'
import { record } from './record.ts'
import { looseKey, mapByKey, rowsOf, selectCandidates } from './rows.ts'

/** The parts of a capture that are the same each time that a statement runs, found once for the tree of its plan. */
interface Form {
  readonly table: KeyedTable
  /** The name that the table has in the statement. */
  readonly name: string
}

function formOf(target: Node | undefined, settings: Settings): Form {
  const table = target?.kind === 'alias' ? target.operand : target
  if (table?.kind !== 'table') throw bypassError('A table in SQL text')
  const { schema, name } = table
  const definition = table.definition as TableDefinition | undefined
  return {
    table: { schema, name, definition, key: keyOf({ schema, name, definition }, settings.keys) },
    name: target?.kind === 'alias' ? target.name : name,
  }
}

/** A statement that writes an audited table, with what it takes to record its changes. */
export class Capture {
  readonly statement: StatementContext
  readonly next: () => Promise<unknown[]>
  readonly settings: Settings
  readonly db: DatabaseHandle
  readonly table: KeyedTable
  /** The name that the table has in the statement. */
  readonly name: string

  constructor({ table, name }: Form, settings: Settings, statement: StatementContext, next: () => Promise<unknown[]>) {
    this.statement = statement
    this.next = next
    this.settings = settings
    this.db = statement.db as DatabaseHandle
    this.table = table
    this.name = name
  }

  get facet(): AuditFacet {
    return auditFacets.of(dialectOf(this.db))
  }

  /** Runs a statement that is made of this one; `make` is called once for each plan. */
  derive(key: string, make: () => Node, rows: 'as asked' | 'as stored' = 'as stored'): Promise<StoredRow[]> {
    return this.statement.derive(`audit: ${key}`, make, rows) as Promise<StoredRow[]>
  }

  /** Reads the current rows of some keys, by their keys. */
  async currentRows(keys: readonly StoredRow[]): Promise<Map<string, StoredRow>> {
    return mapByKey(await rowsOf(this.db, this.table, keys), this.table)
  }

  record(changes: readonly { before: StoredRow | undefined; after: StoredRow | undefined }[], asked?: string) {
    const { statement, db, settings, table } = this
    return record(db, settings, table, { asked: asked ?? statement.requestedKind, context: statement.context }, changes)
  }
}

/** Creates the transaction hook that records every statement that writes an audited table. */
export function auditHook(settings: Settings): TransactionHook {
  const forms = new WeakMap<Node, Form>()
  const form = (tree: Node, target: Node | undefined): Form => {
    let found = forms.get(tree)
    if (found === undefined) {
      refuseInnerWrites(tree)
      found = formOf(target, settings)
      forms.set(tree, found)
    }
    return found
  }
  return {
    name: 'audit',
    joins: ({ kind, writes }) => WRITING.has(kind) && writes.some(settings.isAudited),
    around: async (statement, next) => {
      const { tree } = statement
      switch (tree.kind) {
        case 'insert':
          return captureInsert(tree, new Capture(form(tree, tree.into), settings, statement, next))
        case 'update':
          refuseSeveralTargets(tree.targets)
          return captureUpdate(tree, new Capture(form(tree, tree.targets[0]), settings, statement, next))
        case 'delete':
          refuseSeveralTargets(tree.targets)
          return captureDelete(tree, new Capture(form(tree, tree.targets[0]), settings, statement, next))
        case 'merge':
          return captureMerge(tree, new Capture(form(tree, tree.into), settings, statement, next))
        case 'explain':
          refuseInnerWrites(tree)
          if (tree.options === undefined) return next()
          throw bypassError('A write in an explain statement')
        default:
          refuseInnerWrites(tree)
          throw bypassError('SQL text that writes')
      }
    },
  }
}

const WRITING: ReadonlySet<Node['kind']> = new Set([
  ...(['insert', 'update', 'delete', 'merge', 'select', 'explain', 'rawStatement'] as const),
])

export const bypassError = (what: string): KantaError =>
  new KantaError(
    'policy',
    `${what} bypasses the audit trail. Build it as a statement of its own; run several in db.transaction().`,
  )

/** Refuses writes inside of a statement, since the derived statements would run them again. */
function refuseInnerWrites(tree: Node): void {
  walk(tree, (part) => {
    if (part !== tree && tree.kind !== 'explain' && WRITES.has(part.kind))
      throw bypassError('A write inside of another statement')
    if (part.kind === 'trusted' && part.writes.length > 0) throw bypassError(`SQL text that writes ('${part.name}')`)
  })
}

const WRITES: ReadonlySet<Node['kind']> = new Set(['insert', 'update', 'delete', 'merge'])

function refuseSeveralTargets(targets: readonly Node[]): void {
  if (targets.length > 1) throw bypassError('A write to several tables at once')
}

/** Captures an update: reads and locks the old rows, runs the statement, and reads the new rows by their new keys. */
async function captureUpdate(tree: NodeOf<'update'>, capture: Capture): Promise<unknown[]> {
  const { table, name, db } = capture
  const moved = newKeys(tree, table)
  const before = mapByKey(
    await capture.derive('before', () =>
      selectCandidates(
        tree,
        name,
        db,
        moved.map(({ item }) => item),
      ),
    ),
    table,
  )
  const result = await capture.next()
  refuseMissingImages(changedRowCount(tree, result) > before.size, capture)
  if (before.size === 0) return result
  const found = [...before.values()]
  const rows = moved.length === 0 ? found : found.map((row) => withoutKeys(row, moved))
  const keys = moved.length === 0 ? found : found.map((row) => withKeys(row, moved))
  const after = await capture.currentRows(keys)
  await capture.record(rows.map((row, i) => ({ before: row, after: after.get(looseKey(keys[i]!, table.key)) })))
  return result
}

/** A key column that an update sets, with its new value as an item to select beside the old row. */
interface NewKey {
  readonly column: string
  readonly alias: string
  readonly item: Node
}

function newKeys(tree: NodeOf<'update'>, { key, definition, ...table }: KeyedTable): readonly NewKey[] {
  return tree.sets.flatMap((set, i) => {
    if (set.kind !== 'assignment' || set.column.kind !== 'ref') throw bypassError('A column that is set by SQL text')
    const { column } = set.column
    if (!key.includes(column)) return []
    if (set.value.kind === 'default')
      throw new KantaError(
        'unsupported',
        `The audit cannot follow an update that sets the key of '${fullName(table)}' to its default. Give the key a value.`,
      )
    const alias = `kanta key ${i}`
    return [{ column, alias, item: { kind: 'alias', operand: set.value, name: alias, columns: undefined } as Node }]
  })
}

const withKeys = (row: StoredRow, moved: readonly NewKey[]): StoredRow => ({
  ...row,
  ...Object.fromEntries(moved.map(({ column, alias }) => [column, row[alias]!])),
})

function withoutKeys(row: StoredRow, moved: readonly NewKey[]): StoredRow {
  const own = { ...row }
  for (const { alias } of moved) delete own[alias]
  return own
}

/** Captures a delete: reads and locks the rows, runs the statement, and reads which rows remain if it deleted fewer. */
async function captureDelete(tree: NodeOf<'delete'>, capture: Capture): Promise<unknown[]> {
  const { table, name, db } = capture
  const before = mapByKey(await capture.derive('before', () => selectCandidates(tree, name, db)), table)
  const result = await capture.next()
  refuseMissingImages(changedRowCount(tree, result) > before.size, capture)
  if (before.size === 0) return result
  const rows = [...before.values()]
  const left =
    changedRowCount(tree, result) === before.size ? new Map<string, StoredRow>() : await capture.currentRows(rows)
  refuseMissingImages(changedRowCount(tree, result) > before.size - left.size, capture)
  await capture.record(rows.map((row) => ({ before: row, after: left.get(looseKey(row, table.key)) })))
  return result
}

/** Returns the number of rows that a statement changed, from its result. */
export function changedRowCount(tree: { readonly returning: readonly Node[] }, result: readonly unknown[]): number {
  if (tree.returning.length > 0) return result.length
  const { numUpdatedRows, numDeletedRows, numChangedRows } = Object(result[0]) as Record<string, bigint | undefined>
  return Number(numDeletedRows ?? numUpdatedRows ?? numChangedRows ?? 0n)
}

/**
 * Undoes a statement that changed rows without an image, which another transaction added after the images were read.
 */
function refuseMissingImages(isUnheld: boolean, { table }: Capture): void {
  if (!isUnheld) return
  throw new KantaError(
    'serialization_failure',
    `Another transaction changed rows of '${fullName(table)}' between reading their images for the audit trail and this statement. Run it again.`,
  )
}
