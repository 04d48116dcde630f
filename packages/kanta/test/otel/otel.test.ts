import { context, metrics, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { batch } from '../../src/dal/index.ts'
import { libsql } from '../../src/driver/libsql/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { KantaError, kanta, sql, table } from '../../src/index.ts'
import { migrator } from '../../src/migrate/index.ts'
import { otel } from '../../src/otel/index.ts'
import { sandbox } from '../../src/testing/index.ts'
import { type Db, engines, openWorld } from '../debug/world.ts'

const spans = new InMemorySpanExporter()
const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans } as never)] })
const measured = new InMemoryMetricExporter(AggregationTemporality.DELTA)
const reader = new PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 3_600_000 })
const meterProvider = new MeterProvider({ readers: [reader] })

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
})
afterAll(async () => {
  await meterProvider.shutdown()
  await tracerProvider.shutdown()
  context.disable()
})
beforeEach(() => spans.reset())

/** The plugin with the tracer and the meter of the SDK. */
const traced = (options: Parameters<typeof otel>[0] = {}) =>
  otel({ tracer: tracerProvider.getTracer('test'), meter: meterProvider.getMeter('test'), ...options })

const named = (name: string) => spans.getFinishedSpans().filter((span) => span.name === name)

/** The points of a metric since they were last asked for. */
async function points(metric: string): Promise<{ attributes: object; unit: string; count: number; sum: number }[]> {
  measured.reset()
  await reader.forceFlush()
  return measured
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap((scope) => scope.metrics)
    .filter(({ descriptor }) => descriptor.name === metric)
    .flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => ({
        attributes,
        unit: descriptor.unit,
        count: (value as { count: number }).count,
        sum: (value as { sum: number }).sum,
      })),
    )
}

const systems: Readonly<Record<string, string>> = {
  'node:sqlite': 'sqlite',
  pglite: 'postgresql',
  postgres: 'postgresql',
  mariadb: 'mariadb',
}

describe.each(engines)('$name', (engine) => {
  describe.skipIf(engine.missing !== undefined)('traces', () => {
    let base: Db
    let db: Db
    let close: () => Promise<void>
    beforeAll(async () => {
      const world = await openWorld(engine)
      base = world.db
      db = base.withPlugins([traced()]) as never
      close = world.close
    })
    afterAll(() => close())
    const system = systems[engine.name]!

    test('a statement has a span and a duration by the conventions, without values', async () => {
      await points('db.client.operation.duration')
      await db.selectFrom('author').select('name').where('name', '=', 'author 7').execute()
      const [span] = spans.getFinishedSpans()
      expect(span).toMatchObject({
        name: 'SELECT author',
        kind: SpanKind.CLIENT,
        status: { code: SpanStatusCode.UNSET },
      })
      const { attributes } = span!
      expect(attributes).toMatchObject({
        'db.system.name': system,
        'db.operation.name': 'SELECT',
        'db.collection.name': 'author',
        'db.query.summary': 'SELECT author',
        'db.response.returned_rows': 1,
      })
      expect(attributes['db.query.text']).toMatch(/^select .name. from .author. where .name. = (\?|\$1)$/)
      if (engine.name === 'postgres' || engine.name === 'mariadb') {
        expect(attributes['server.address']).toBeTypeOf('string')
        expect(attributes['server.port']).toBeTypeOf('number')
        expect(attributes['db.namespace']).toBeTypeOf('string')
      }
      expect(JSON.stringify(attributes)).not.toMatch(/author 7/)
      const [point, ...others] = await points('db.client.operation.duration')
      expect(others).toEqual([])
      expect(point).toMatchObject({ unit: 's', count: 1 })
      expect(point!.sum).toBeGreaterThan(0)
      expect(point!.sum).toBeLessThan(30)
      expect(point!.attributes).toMatchObject({ 'db.system.name': system, 'db.operation.name': 'SELECT' })
      expect(point!.attributes).not.toHaveProperty('db.query.text')
    })

    test('a failed statement has the code of the error and that of the database, and no message', async () => {
      await points('db.client.operation.duration')
      await db
        .insertInto('author')
        .values({ id: 1, name: 'a secret' })
        .execute()
        .catch(() => {})
      const [span] = named('INSERT author')
      expect(span!.status).toEqual({ code: SpanStatusCode.ERROR })
      expect(span!.attributes['error.type']).toBe('unique_violation')
      expect(span!.attributes['db.response.status_code']).toBe(
        { sqlite: '1555', postgresql: '23505', mariadb: '1062' }[system],
      )
      expect(JSON.stringify([span!.attributes, span!.events])).not.toMatch(/secret/)
      const [point] = await points('db.client.operation.duration')
      expect(point!.attributes).toMatchObject({ 'error.type': 'unique_violation' })
    })

    test('statements of a transaction are its children, and those of others are not', async () => {
      await db.transaction().execute(async (trx) => {
        await trx.selectFrom('author').select('id').execute()
        await trx.selectFrom('book').select('id').execute()
      })
      await db.selectFrom('word').select('id').execute()
      const [transaction] = named('transaction')
      expect(transaction).toMatchObject({ kind: SpanKind.INTERNAL, attributes: { 'db.system.name': system } })
      const parentOf = (name: string) => named(name)[0]!.parentSpanContext?.spanId
      expect(parentOf('SELECT author')).toBe(transaction!.spanContext().spanId)
      expect(parentOf('SELECT book')).toBe(transaction!.spanContext().spanId)
      expect(parentOf('SELECT word')).toBe(undefined)
      spans.reset()
      await db
        .transaction()
        .execute(async () => {
          throw new TypeError('of the program')
        })
        .catch(() => {})
      expect(named('transaction')[0]).toMatchObject({
        status: { code: SpanStatusCode.ERROR },
        attributes: { 'error.type': 'TypeError' },
      })
    })

    test('a transaction that its caller ends, and a stream, have spans until their ends', async () => {
      const trx = await db.startTransaction().execute()
      expect(named('transaction')).toEqual([])
      await trx.commit().execute()
      expect(named('transaction')).toHaveLength(1)
      for await (const _ of db.selectFrom('author').select('id').stream({ chunkSize: 5 })) break
      expect(named('SELECT author')).toHaveLength(1)
    })

    test('SQL text and parameters are told when asked for', async () => {
      const text = sql`select ${'a secret'} as s, 'literal' as l`
      await text.execute(db).catch(() => {})
      const [plain] = spans.getFinishedSpans()
      expect(plain!.attributes).not.toHaveProperty('db.query.text')
      spans.reset()
      const open = base.withPlugins([traced({ parameters: true, rawText: true })]) as unknown as Db
      await open
        .selectFrom('book')
        .select('id')
        .where('sold', '=', 10n ** 15n)
        .where('id', '=', 11)
        .execute()
      await text.execute(open).catch(() => {})
      const [select, raw] = spans.getFinishedSpans()
      expect(select!.attributes).toMatchObject({
        'db.query.parameter.0': '1000000000000000',
        'db.query.parameter.1': '11',
      })
      expect(raw!.attributes['db.query.text']).toMatch(/literal/)
    })

    test('a join names all tables in its summary, and no collection', async () => {
      await db.selectFrom('book').innerJoin('author', 'author.id', 'book.author_id').select('book.id').execute()
      const [span] = spans.getFinishedSpans()
      expect(span!.name).toMatch(/^SELECT (book author|author book)$/)
      expect(span!.attributes).not.toHaveProperty('db.collection.name')
    })

    test('it changes no result', async () => {
      for (const on of [base, db])
        expect(await on.selectFrom('author').selectAll().where('id', '=', 3).executeTakeFirst()).toEqual({
          id: 3,
          name: 'author 3',
        })
    })
  })
})

describe('otel()', () => {
  const city = table('city', (c) => ({ id: c.integer().primaryKey(), name: c.text() }))

  test('tells of waits for a connection, with their parents', async () => {
    await using db = kanta({ driver: sqlite(':memory:'), schema: { city } }).withPlugins([traced()])
    await points('db.client.connection.wait_time')
    const done = Promise.withResolvers<void>()
    const held = db.transaction().execute(() => done.promise)
    const tracer = tracerProvider.getTracer('program')
    const waiting = tracer.startActiveSpan('request', async (span) => {
      await sql`select 1`.execute(db)
      span.end()
    })
    setTimeout(done.resolve, 20)
    await Promise.all([held, waiting])
    const [wait] = named('wait for a connection')
    expect(wait!.parentSpanContext?.spanId).toBe(named('request')[0]!.spanContext().spanId)
    expect(wait!.attributes).toMatchObject({ 'db.client.connection.pool.name': 'sqlite' })
    const [point] = await points('db.client.connection.wait_time')
    expect(point).toMatchObject({ unit: 's', count: 1 })
    expect(point!.sum).toBeGreaterThan(0.01)
  })

  test('tells of batches with their size', async () => {
    await using db = kanta({ driver: libsql(':memory:'), schema: { city } }).withPlugins([traced()])
    await db.schema.createTable(city).execute()
    spans.reset()
    await batch(db, [
      db.insertInto('city').values({ id: 1, name: 'Turku' }),
      db.insertInto('city').values({ id: 2, name: 'Vaasa' }),
      db.selectFrom('city').selectAll(),
    ])
    const [span] = named('BATCH')
    expect(span).toMatchObject({
      kind: SpanKind.CLIENT,
      attributes: { 'db.operation.name': 'BATCH', 'db.operation.batch.size': 3 },
    })
    for (const inner of named('INSERT city')) expect(inner.parentSpanContext?.spanId).toBe(span!.spanContext().spanId)
  })

  test('tells of migrations, and their statements are their children', async () => {
    await using db = kanta({ driver: sqlite(':memory:') }).withPlugins([traced()])
    const migrations = {
      '1-city': {
        up: async (on: typeof db) => void (await sql`create table city (id integer)`.execute(on)),
      },
    }
    await migrator(db as never, { migrations } as never).latest()
    const [span] = named('migration')
    expect(span).toMatchObject({ kind: SpanKind.INTERNAL, attributes: { 'kanta.migration.name': '1-city' } })
    const inner = spans.getFinishedSpans().filter((it) => it.parentSpanContext?.spanId === span!.spanContext().spanId)
    expect(inner.length).toBeGreaterThan(0)
  })

  test('goes by the providers that the program registers, the tracer at any time', async () => {
    await using db = kanta({ driver: sqlite(':memory:'), schema: { city }, plugins: [otel()] })
    await db.schema.createTable(city).execute()
    expect(spans.getFinishedSpans()).toEqual([])
    trace.setGlobalTracerProvider(tracerProvider)
    await db.selectFrom('city').selectAll().execute()
    expect(named('SELECT city')).toHaveLength(1)
    metrics.setGlobalMeterProvider(meterProvider)
    await using late = kanta({ driver: sqlite(':memory:'), plugins: [otel()] })
    await points('db.client.operation.duration')
    await sql`select 1`.execute(late)
    expect(await points('db.client.operation.duration')).toHaveLength(1)
    trace.disable()
    metrics.disable()
  })

  test('keeps to the database that it traces, beside a sandbox of it, and refuses a second one', async () => {
    const tracing = traced()
    const driver = Object.assign(sqlite(':memory:'), { address: { database: 'cities' } })
    await using db = kanta({ driver, schema: { city }, plugins: [tracing] })
    await db.schema.createTable(city).execute()
    await (await sandbox(db)).end()
    spans.reset()
    await db.selectFrom('city').selectAll().execute()
    expect(named('SELECT city')[0]!.attributes).toMatchObject({ 'db.namespace': 'cities' })
    expect(() => kanta({ driver: sqlite(':memory:'), plugins: [tracing] })).toThrow(/cannot serve two databases/)
  })

  test('parameters that have no text do not fail the statement; errors of the machine are no status codes', async () => {
    const bare: unknown[] = [Object.create(null), new Date(0), new Uint8Array(3), null, 5n]
    const reached: KantaError = new KantaError('connection', 'x', {
      cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED', errno: -111 }),
    })
    await using db = kanta({
      driver: sqlite(':memory:'),
      plugins: [
        traced({ parameters: true }),
        { name: 'fails', priority: -1, hooks: [{ name: 'fails', around: () => Promise.reject(reached) }] },
      ],
    })
    await expect(db.executeQuery({ sql: 'select 1', parameters: bare })).rejects.toBe(reached)
    const { attributes } = spans.getFinishedSpans()[0]!
    expect(attributes).not.toHaveProperty('db.response.status_code')
    expect([0, 1, 2, 3, 4].map((i) => attributes[`db.query.parameter.${i}`])).toEqual([
      '{}',
      '1970-01-01T00:00:00.000Z',
      '3 bytes',
      'null',
      '5',
    ])
  })

  test('refuses what is no tracer and no meter', () => {
    expect(() => otel({ tracer: {} as never })).toThrow(/takes a tracer/)
    expect(() => otel({ meter: 1 as never })).toThrow(/takes a meter/)
    expect(() => otel({ trace: 1 } as never)).toThrow(/Did you mean 'tracer'/)
  })
})
