import { refuse } from '../error/index.ts'
import { DatabaseHandle, started } from '../extend/internal/index.ts'
import type { Capability, Database, DatabasePlugin, Plugged, PluginsFor, TablesIn } from '../face/index.ts'

/**
 * Returns the database with plugins, once all of them have started. The given database stays without them, for
 * migrations and the like; both share the same connections.
 *
 * @throws KantaError `plugin` for duplicates, missing dependencies, conflicts, circular dependencies, and a plugin that cannot start; those that started before are stopped.
 *
 * @example
 * ```ts
 * const live = await createExecutor(db, [softDelete({ tables: ['draft'] })])
 * await live.deleteFrom('draft').where('id', '=', 1).execute()
 * ```
 */
export async function createExecutor<
  D extends Pick<Database<{}>, 'destroy'>,
  const P extends readonly DatabasePlugin[],
>(db: D, plugins: P & PluginsFor<TablesIn<D>, P>): Promise<Plugged<D, P>> {
  if (!((db as unknown) instanceof DatabaseHandle))
    return refuse('createExecutor() takes a database from kanta(), and plugins.')
  const made = (db as unknown as DatabaseHandle).withPlugins(plugins as never)
  await started(made)
  return made as never
}

/**
 * Creates a capability. Its holder can disable the policies of the plugins that got it: see `db.unscoped()`.
 *
 * @example
 * ```ts
 * const reports = capability('reports over all tenants')
 * const tenants = tenant({ column: 'tenant_id', tables: ['orders'], capability: reports })
 * ```
 */
export function capability(name: string): Capability {
  if (typeof name !== 'string' || name === '') refuse('capability() takes a name, which appears in messages and logs.')
  return Object.freeze({ name })
}
