import { type KantaOptions, kanta } from 'kanta'
import { heldConnections, profiler } from 'kanta/debug'
import { breaker, bulkhead, retry, timeouts } from 'kanta/infra'
import { otel } from 'kanta/otel'
import { pg } from 'kanta/pg'
import { createExecutor, requireWhere, softDelete, tenant, timestamps, version } from 'kanta/plugins'
import { rls } from 'kanta/rls'
import { sqlite } from 'kanta/sqlite'
import { rules, schema, tables } from './schema.ts'

/** PostgreSQL where an address is given, else SQLite in a file or in memory. */
export const driverOf = (url: string | undefined): KantaOptions['driver'] =>
  url?.startsWith('postgres') ? pg(url) : sqlite(url ?? ':memory:')

/** Opens the database with its plugins, and creates the tables that are missing. */
export async function openDatabase(url: string | undefined, logger?: KantaOptions['logger']) {
  const plain = kanta({ driver: driverOf(url), schema, ...(logger !== undefined && { logger }) })
  for (const each of tables) await plain.schema.createTable(each).ifNotExists().execute()
  return createExecutor(plain, [
    tenant({ column: 'shop_id', context: 'shop' }),
    softDelete({ tables: ['book'] }),
    timestamps({ tables: ['book'] }),
    version({ tables: ['book'] }),
    rls(rules),
    requireWhere(),
    breaker(),
    timeouts({ statement: 5_000, transaction: 15_000 }),
    bulkhead({ report: 2 }),
    retry(),
    profiler(),
    heldConnections(),
    // Spans and metrics, once the program that starts the service registers an SDK of OpenTelemetry.
    otel(),
  ])
}

/** The database of the service. */
export type Db = Awaited<ReturnType<typeof openDatabase>>
