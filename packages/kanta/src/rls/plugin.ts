import { checkOptions, refuse } from '../error/index.ts'
import type { Plugin } from '../extend/index.ts'
import { ownPlugin } from '../extend/internal/index.ts'
import { show } from '../sql/index.ts'
import { Policies } from './declare.ts'
import { type RlsOptions, rowPolicy } from './enforce.ts'
import { contextHook } from './session.ts'

/**
 * Row-level security: statements can read and write only the rows and columns that the policies allow to their context.
 *
 * @throws KantaError `invalid_input` for anything but the result of `policies()`.
 *
 * @example
 * ```ts
 * const rules = policies<Tables, { home: string }>({
 *   city: ({ allow }) => [allow('all', ({ row, context }) => row.country.eq(context.home))],
 * })
 * const guarded = db.withPlugins([rls(rules)])
 * await guarded.as({ home: 'FI' }).selectFrom('city').select('name').execute()
 * ```
 */
export function rls<DB, C>(policies: Policies<DB, C>, options: RlsOptions = {}): Plugin {
  if (!((policies as unknown) instanceof Policies))
    return refuse(`rls() takes the result of policies(), not ${show(policies)}.`)
  checkOptions('rls()', options, ['capability', 'native'])
  const { capability, native = false } = options
  const transactionHooks = native ? [contextHook(policies)] : undefined
  const names = [...policies.tables.keys()].map((table) => ({ table }))
  return ownPlugin({ name: 'rls', names, policies: [rowPolicy(policies, capability, native)], transactionHooks })
}
