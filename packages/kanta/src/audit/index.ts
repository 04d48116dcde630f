import { KantaError } from '../error/index.ts'
import type { NamedTable, Plugin, TransactionHook } from '../extend/index.ts'
import { type DatabaseHandle, dialectOf, ownPlugin, transactionHooksOf } from '../extend/internal/index.ts'
import { tablePolicy } from '../guard/index.ts'
import { fullName } from '../ir/index.ts'
import { auditHook } from './capture.ts'
import { type AuditOptions, type Settings, settle } from './options.ts'
import { checkpoint } from './prune.ts'
import { write } from './record.ts'
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

/** What a database has besides with `audit()`. */
export interface Audited {
  /** The trail, scoped like the tables of this handle. */
  readonly audit: AuditTrail
}

/**
 * An audit trail: of every row that a statement writes through the database, who changed it when, and how it was before
 * and after, in one transaction with the statement. A write that the trail cannot hold fails.
 *
 * Statements that would pass by it are refused: SQL text, writes inside of `with()`, writes to several tables at once.
 * What triggers, other programs and foreign keys with `on delete cascade` do is not seen.
 *
 * @throws KantaError `invalid_input` for wrong options; a write fails with `plugin` for a table without a known key, and
 * with `policy` without the actor, or for what cannot be seen.
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
export function audit(options: AuditOptions = {}): Plugin<Audited> {
  const settings = settle(options)
  const transactionHook = auditHook(settings)
  return ownPlugin({
    name: 'audit',
    names: namesOf(options),
    // Last, next to the statement itself: others see it with the rows that it gives its user.
    priority: -1_000,
    policies: [
      // That there is a policy on rows keeps SQL text out, of which nothing is known.
      tablePolicy({
        name: 'audit',
        rule: ({ name, schema, definition }, use, runValues) => {
          const inside = runValues.surroundings.renames({
            kind: 'table',
            schema,
            name,
            definition: definition as never,
          })
          if (settings.isOwn(name) || (inside.kind === 'table' && settings.isOwn(inside.name))) refuseOwn(name)
          // That there is a rule for deletes keeps out truncate(), of which no transaction hook hears.
          return use === 'delete' && settings.audits(fullName({ schema, name })) ? {} : undefined
        },
      }),
    ],
    transactionHooks: [transactionHook],
    onInit: (db: DatabaseHandle) => start(db, settings),
    extend: (db: DatabaseHandle) => {
      refuseInner(db, transactionHook)
      settings.learn(db)
      return { audit: new AuditTrail(db, settings) }
    },
  })
}

/** The tables and columns that the options name; `keys` are those of tables that the schema does not define. */
const namesOf = ({ tables = [], redact = {} }: AuditOptions): readonly NamedTable[] => [
  ...tables.map((table) => ({ table })),
  ...Object.entries(redact).map(([table, columns]) => ({ table, columns })),
]

/** The audit runs inserts in a form of its own, which a transaction hook between it and the statement would not see. */
function refuseInner(db: DatabaseHandle, own: TransactionHook): void {
  const last = transactionHooksOf(db).at(-1)
  if (last !== undefined && last !== own && transactionHooksOf(db).includes(own))
    throw new KantaError(
      'plugin',
      `The plugin of '${last.name}' comes after audit(), and has to come before. Raise its priority.`,
    )
}

function refuseOwn(name: string): never {
  throw new KantaError('policy', `'${name}' is the trail itself. Read it by db.audit.`)
}

const DIALECTS: readonly string[] = ['sqlite', 'postgres', 'mariadb']

/** Makes the tables where they are missing, and marks where the trail begins. */
async function start(db: DatabaseHandle, settings: Settings): Promise<void> {
  const { name } = dialectOf(db)
  if (!DIALECTS.includes(name))
    throw new KantaError('unsupported', `audit() needs inserts that return their rows, which ${name} does not have.`)
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
    if (some.length === 0) await write(transaction, settings, [checkpoint(transaction, settings, null)])
  })
}
