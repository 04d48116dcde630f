/** Kanta with what watches it: traces, a profiler, a query log, the search for N+1. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { type Database, type KantaOptions, kanta, type Plugin, sql, table } from 'kanta'
import { heldConnections, nPlusOne, profiler, queryLog, queryScope } from 'kanta/debug'
import { breaker, retry, timeouts } from 'kanta/infra'
import { otel } from 'kanta/otel'

const post = table('post', (c) => ({ id: c.integer().primaryKey(), title: c.text(), body: c.text() }))
type Db = Database<{ post: { id: number; title: string; body: string } }>

/** An exporter that drops what it gets, as fast as one can. */
const nowhere = {
  export: (_: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
  shutdown: async () => {},
  forceFlush: async () => {},
}

export async function open(driver: KantaOptions['driver'], setup: readonly string[]) {
  const db = kanta({ driver, schema: { post } }) as unknown as Db
  for (const statement of setup) await sql.raw(statement).execute(db)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const tracers = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter: nowhere } as never)] })
  const sdk = otel({ tracer: tracers.getTracer('bench'), meter: new MeterProvider().getMeter('bench') })
  const under = (...plugins: Plugin[]): Db => db.withPlugins(plugins) as unknown as Db
  const handles = {
    none: db,
    'no-op tracer': under(otel()),
    'OpenTelemetry SDK': under(sdk),
    profiler: under(profiler()),
    'query log': under(queryLog({ to: () => {} })),
    'held connections': under(heldConnections()),
    'retry, breaker, timeouts': under(retry(), breaker(), timeouts({ statement: 60_000 })),
  }
  const finder = under(nPlusOne({ found: () => {} }))
  const inScope = queryScope(() => AsyncLocalStorage.snapshot())
  const select = (from: Db, id: number) =>
    from.selectFrom('post').select(['id', 'title', 'body']).where('id', '=', id).executeTakeFirst()
  return {
    handles: Object.entries(handles).map(([name, from]) => ({ name, run: (id: number) => select(from, id) })),
    /** Four keys: one fewer than what is reported, so that each is compared. */
    scoped: [
      { name: 'none, in a scope', run: (i: number) => inScope(() => select(db, (i % 4) + 1)) },
      { name: 'N+1 detector, in a scope', run: (i: number) => inScope(() => select(finder, (i % 4) + 1)) },
    ],
    close: async () => {
      await db.destroy()
      await tracers.shutdown()
      context.disable()
    },
  }
}
