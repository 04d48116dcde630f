import { refuse } from '../error/index.ts'
import { DatabaseHandle, started } from '../extend/internal/index.ts'
import type { Capability, Database, DatabasePlugin, Plugged } from '../face/index.ts'

/**
 * The same database with plugins in force, once all of them have started. The database that was given stays as it is,
 * for what has to pass by the plugins, such as migrations; both have the same connections.
 *
 * @throws KantaError `plugin` for duplicates, missing dependencies, conflicts, circles, and a plugin that cannot start;
 * those before it are ended.
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
>(db: D, plugins: P): Promise<Plugged<D, P>> {
  if (!((db as unknown) instanceof DatabaseHandle))
    return refuse('createExecutor() takes what kanta() gives, and plugins.')
  const made = (db as unknown as DatabaseHandle).withPlugins(plugins as never)
  await started(made)
  return made as never
}

/**
 * An object that turns off the policies of the plugins that were made with it, for whoever holds it: see `db.unscoped()`.
 *
 * @example
 * ```ts
 * const reports = capability('reports over all tenants')
 * const tenants = tenant({ column: 'tenant_id', tables: ['orders'], capability: reports })
 * ```
 */
export function capability(name: string): Capability {
  if (typeof name !== 'string' || name === '') refuse('capability() takes a name, for whoever reads of it.')
  return Object.freeze({ name })
}
