import { KantaError } from '../error/index.ts'
import type { NamedTable, Plugin, TransactionHook } from '../extend/index.ts'
import { type DatabaseHandle, dialectOf, ownPlugin, transactionHooksOf } from '../extend/internal/index.ts'
import { tablePolicy } from '../guard/index.ts'
import { fullName } from '../ir/index.ts'
import { auditHook } from './capture.ts'
import { auditFacets } from './facet.ts'
import { type AuditOptions, checkSettings, type Settings } from './options.ts'
import { checkpoint } from './prune.ts'
import { writeEntries } from './record.ts'
import { auditTables, createTables } from './table.ts'
import { AuditTrail } from './trail.ts'

export { type AuditEntry, type Difference, diff } from './entry.ts'
export { redacted } from './image.ts'
export type { AuditOptions } from './options.ts'
export type { PruneOptions } from './prune.ts'
export type { RestoreOptions } from './restore.ts'
export { auditTables } from './table.ts'
export type { AuditTrail, PastRow, RowKey } from './trail.ts'
export type { Verification, VerifyOptions } from './verify.ts'

/** The property that `audit()` adds to a database. */
export interface Audited {
  /** The trail, restricted by the policies of this handle. */
  readonly audit: AuditTrail
}

/**
 * Keeps an audit trail. For every row that a statement writes through the database, it records who changed it, when,
 * and the row before and after, in one transaction with the statement. A write that it cannot record fails.
 *
 * Refuses statements that would bypass it: SQL text, writes inside of `with()`, writes to several tables at once. It
 * does not see changes by triggers, other programs, and foreign keys with `on delete cascade`.
 *
 * @throws KantaError `invalid_input` for wrong options; a write fails with `plugin` for a table without a known key, and
 * with `policy` without the actor, or for a statement that would bypass the trail.
 *
 * @example
 * ```ts
 * import { kanta, table } from 'kanta'
 * import { audit, diff } from 'kanta/audit'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const town = table('town', (c) => ({ id: c.integer().primaryKey(), name: c.text() }))
 * const db = kanta({ driver: sqlite(':memory:'), schema: { town }, plugins: [audit({ actor: 'user' })] })
 * await db.schema.createTable(town).execute()
 * const mine = db.as({ user: 'ada' })
 * await mine.insertInto('town').values({ id: 1, name: 'Abo' }).execute()
 * await mine.updateTable('town').set({ name: 'Turku' }).where('id', '=', 1).execute()
 * const [, renamed] = await mine.audit.history('town', 1)
 * diff(renamed!) // { name: { before: 'Abo', after: 'Turku' } }
 * await mine.audit.undoTransaction(renamed!.transaction)
 * ```
 */
export function audit<const N extends string = never>(options: AuditOptions<N> = {}): Plugin<Audited, N> {
  const settings = checkSettings(options)
  const transactionHook = auditHook(settings)
  return ownPlugin({
    name: 'audit',
    names: namesOf(options),
    // Last, next to the statement: other hooks see the result that the user gets.
    priority: -1_000,
    policies: [
      // A policy on rows makes Kanta refuse SQL text, whose writes are unknown.
      tablePolicy({
        name: 'audit',
        rule: ({ name, schema, definition }, use, runValues) => {
          const inside = runValues.surroundings.renames({
            kind: 'table',
            schema,
            name,
            definition: definition as never,
          })
          if (settings.isTrailTable(name) || (inside.kind === 'table' && settings.isTrailTable(inside.name)))
            refuseTrailTable(name)
          // A rule for deletes makes Kanta refuse truncate(), which no transaction hook sees.
          return use === 'delete' && settings.isAudited(fullName({ schema, name })) ? {} : undefined
        },
      }),
    ],
    transactionHooks: [transactionHook],
    onInit: (db: DatabaseHandle) => startTrail(db, settings),
    extend: (db: DatabaseHandle) => {
      refuseLaterHooks(db, transactionHook)
      settings.learnNames(db)
      return { audit: new AuditTrail(db, settings) }
    },
  })
}

/** The tables and columns that the options name; `keys` are those of tables that the schema does not define. */
const namesOf = ({ tables = [], redact = {} }: AuditOptions): readonly NamedTable[] => [
  ...tables.map((table) => ({ table })),
  ...Object.entries(redact).map(([table, columns]) => ({ table, columns })),
]

/** Refuses transaction hooks after the audit, since it runs inserts in another form, which they would not see. */
function refuseLaterHooks(db: DatabaseHandle, own: TransactionHook): void {
  const last = transactionHooksOf(db).at(-1)
  if (last !== undefined && last !== own && transactionHooksOf(db).includes(own))
    throw new KantaError(
      'plugin',
      `The plugin of '${last.name}' comes after audit(), but must come before. Raise its priority.`,
    )
}

function refuseTrailTable(name: string): never {
  throw new KantaError('policy', `'${name}' is the audit trail itself. Read it through db.audit.`)
}

/** Creates missing tables, and marks the beginning of the trail. */
async function startTrail(db: DatabaseHandle, settings: Settings): Promise<void> {
  // Throws if the database has no audit trail.
  auditFacets.of(dialectOf(db))
  if (!settings.create) return
  const { table, hashChain } = settings
  await createTables(db, table, hashChain)
  await db.transaction().execute(async (transaction) => {
    const { entries, head } = auditTables(table)
    if (hashChain) {
      const ends = await transaction
        .selectFrom(head as never)
        .selectAll()
        .execute()
      const first = { id: 1, seq: 0n, hash: '' }
      if (ends.length === 0)
        await transaction
          .insertInto(head as never)
          .values(first as never)
          .execute()
    }
    const some = await transaction
      .selectFrom(entries as never)
      .selectAll()
      .limit(1)
      .execute()
    if (some.length === 0) await writeEntries(transaction, settings, [checkpoint(transaction, settings, null)])
  })
}
