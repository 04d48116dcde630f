import { KantaError } from '../error/index.ts'
import type { Context, Facts, TransactionHook } from '../extend/index.ts'
import { type DatabaseHandle, withoutPlugins } from '../extend/internal/index.ts'
import { sql } from '../sql/index.ts'
import type { Policies, TableRules } from './declare.ts'
import { SETTING } from './native-text.ts'
import { contextNamesIn, listOf, scalarOf, usingCondition, withCheckCondition } from './rules.ts'

type Names = Map<string, 'value' | 'list'>

/** Returns the names in the context that the policies on the tables of a statement read. */
function contextNamesOf(
  { tables }: Policies,
  { kind, reads, writes }: Pick<Facts, 'kind' | 'reads' | 'writes'>,
): Names {
  const found: Names = new Map()
  const add = (name: string, trees: (rules: TableRules) => readonly Parameters<typeof contextNamesIn>[0][]): void => {
    const rules = tables.get(name)
    if (rules === undefined || !('operations' in rules)) return
    for (const tree of trees(rules)) for (const [key, sort] of contextNamesIn(tree, tables)) found.set(key, sort)
  }
  for (const name of reads) add(name, (rules) => [usingCondition(rules, 'select')])
  for (const name of writes)
    add(name, (rules) => {
      if (kind === 'insert') return [withCheckCondition(rules, 'insert', false)]
      const changed = [usingCondition(rules, 'update'), withCheckCondition(rules, 'update', true)]
      if (kind === 'delete') return [usingCondition(rules, 'delete')]
      return kind === 'update'
        ? changed
        : [...changed, usingCondition(rules, 'delete'), withCheckCondition(rules, 'insert', true)]
    })
  return found
}

/** Returns all names in the context that policies read. */
function allContextNames(policies: Policies): Names {
  const names = [...policies.tables.keys()]
  return contextNamesOf(policies, { kind: 'merge', reads: names, writes: names })
}

function contextText(names: Names, context: Context): string {
  const values = [...names].flatMap(([name, sort]) => {
    if (!Object.hasOwn(context, name)) return []
    return [[name, sort === 'list' ? listOf(name, context) : scalarOf(name, context)] as const]
  })
  return JSON.stringify(Object.fromEntries(values), (_, value) => (typeof value === 'bigint' ? String(value) : value))
}

async function setSetting(db: DatabaseHandle, text: string): Promise<void> {
  await sql`select set_config(${SETTING}, ${text}, true)`.execute(withoutPlugins(db) as never)
}

/** Sets the context before each statement, in one transaction with it, so that no other statement sees it. */
export function contextHook(policies: Policies): TransactionHook {
  const all = allContextNames(policies)
  return {
    name: 'rls context',
    joins: () => true,
    around: async ({ context, db, facts }, next) => {
      for (const [name, sort] of contextNamesOf(policies, facts))
        sort === 'list' ? listOf(name, context) : scalarOf(name, context)
      await setSetting(db as DatabaseHandle, contextText(all, context))
      return next()
    },
  }
}

/**
 * Sets the context of PostgreSQL's own policies for the rest of a transaction, if you do not use `rls(…, { native: true
 * })`.
 *
 * @throws KantaError `policy` outside of a transaction, where the context would leak to the next user of the connection.
 *
 * @example
 * ```ts
 * const rules = policies<Tables, { home: string }>({
 *   city: ({ allow }) => [allow('select', ({ row, context }) => row.country.eq(context.home))],
 * })
 * const finnish = (trx: typeof db) => setContext(trx, rules, { home: 'FI' })
 * ```
 */
export async function setContext<DB, C>(
  db: { readonly isTransaction: boolean },
  policies: Policies<DB, C>,
  context: Context,
): Promise<void> {
  if (!db.isTransaction)
    throw new KantaError(
      'policy',
      'setContext() works only in a transaction, with which the context ends. Use db.transaction().execute(…).',
    )
  await setSetting(db as never, contextText(allContextNames(policies), context))
}
