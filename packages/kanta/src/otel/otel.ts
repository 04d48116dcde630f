import {
  type Attributes,
  type Context,
  context,
  createNoopMeter,
  type Histogram,
  type Meter,
  metrics,
  ProxyTracer,
  ProxyTracerProvider,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { checkOptions, refuse, show } from '../error/index.ts'
import type { Facts, Hook, NextOperation, Operation, Plugin, QueryEvent } from '../extend/index.ts'
import { type DatabaseHandle, dialectOf, driverOf, ofOneDatabase, ownPlugin, poolOf } from '../extend/internal/index.ts'
import { describe, describeError } from './describe.ts'
import { systems } from './facet.ts'
import * as names from './names.ts'

/** The options of `otel()`. */
export interface OtelOptions {
  /** The tracer; by default one of the provider that the program has registered. */
  readonly tracer?: Tracer | undefined
  /** The meter; by default one of the provider that the program has registered before the first statement. */
  readonly meter?: Meter | undefined
  /** Adds the parameters to spans. They may be personal data. Default: false. */
  readonly parameters?: boolean | undefined
  /** Adds SQL text that the program wrote itself, which may hold values. Other text has none. Default: false. */
  readonly rawText?: boolean | undefined
  /** Further attributes of all spans and metrics, such as `server.address`, or others than those that are found. */
  readonly attributes?: Attributes | undefined
}

const LIBRARY = 'kanta'

/** The provider of a program that has registered none. */
const NO_PROVIDER = new ProxyTracerProvider().getDelegate()
const NO_TRACER = NO_PROVIDER.getTracer(LIBRARY)

/** Returns what tells whether a tracer makes spans for somebody, which is asked at each statement. */
function listeningOf(tracer: Tracer): () => boolean {
  if (!(tracer instanceof ProxyTracer)) {
    const isListening = tracer.constructor !== NO_TRACER.constructor
    return () => isListening
  }
  // It stays the same when the program registers a provider later, which becomes its delegate.
  const provider = trace.getTracerProvider()
  return provider instanceof ProxyTracerProvider ? () => provider.getDelegate() !== NO_PROVIDER : () => true
}

/**
 * Traces a database with OpenTelemetry: a span and the metric `db.client.operation.duration` for each statement, spans
 * for transactions, batches, migrations and waits for a connection, by the stable conventions for databases. Spans hold
 * no values unless asked. While nobody listens, statements run as if the plugin were not there.
 *
 * It needs the package `@opentelemetry/api`.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { otel } from 'kanta/otel'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const db = kanta({ driver: sqlite(':memory:'), plugins: [otel()] })
 * ```
 */
export function otel(options: OtelOptions = {}): Plugin {
  checkOptions('otel()', options, ['tracer', 'meter', 'parameters', 'rawText', 'attributes'])
  if (options.tracer !== undefined && typeof Object(options.tracer).startSpan !== 'function')
    refuse(`otel({ tracer }) takes a tracer of OpenTelemetry, not ${show(options.tracer)}.`)
  if (options.meter !== undefined && typeof Object(options.meter).createHistogram !== 'function')
    refuse(`otel({ meter }) takes a meter of OpenTelemetry, not ${show(options.meter)}.`)
  const telemetry = new Telemetry(options)
  const hook: Hook = {
    name: 'otel',
    isIdle: () => telemetry.isIdle,
    around: (event, next) => telemetry.statement(event, next),
    operations: ['transaction', 'batch', 'migration'],
    operation: (operation, next) => telemetry.operation(operation, next),
  }
  return ownPlugin({
    name: 'otel',
    // Outside of other hooks around statements, so that their time counts.
    priority: 600,
    hooks: [hook],
    extend: (db: DatabaseHandle) => {
      telemetry.watch(db)
      return {}
    },
  })
}

/** The span of all statements of a plan. */
interface TracedPlan {
  readonly name: string
  readonly sql: string
  readonly ofMetric: Attributes
  readonly ofSpan: Attributes
}

class Telemetry {
  readonly #options: OtelOptions
  readonly #tracer: Tracer
  readonly #isListening: () => boolean
  readonly #plans = new WeakMap<Facts, TracedPlan>()
  readonly #pools = new WeakSet<object>()
  readonly #takes = ofOneDatabase('otel()')
  #common: Attributes | undefined
  #poolName = LIBRARY
  #isMeterSought = false
  #duration: Histogram | undefined
  #waitTime: Histogram | undefined

  constructor(options: OtelOptions) {
    this.#options = options
    this.#tracer = options.tracer ?? trace.getTracer(LIBRARY)
    this.#isListening = listeningOf(this.#tracer)
  }

  /** Is true if nobody listens to spans or metrics. */
  get isIdle(): boolean {
    if (!this.#isMeterSought) this.#seekMeter()
    return this.#duration === undefined && !this.#isListening()
  }

  /** Learns what a database is, and hears of waits in its pool. */
  watch(db: DatabaseHandle): void {
    this.#takes(db)
    const pool = poolOf(db)
    if (pool === undefined || this.#pools.has(pool)) return
    this.#pools.add(pool)
    pool.onWait.add((role) => this.#wait(role))
    // Not of a sandbox or a mock, whose statements count as those of the database itself.
    if (this.#common !== undefined) return
    const { host, port, database } = driverOf(db).address ?? {}
    const system = systems.of(dialectOf(db)).name
    this.#common = {
      [names.SYSTEM]: system,
      ...(database !== undefined && { [names.NAMESPACE]: database }),
      ...(host !== undefined && { [names.SERVER_ADDRESS]: host }),
      ...(host !== undefined && port !== undefined && { [names.SERVER_PORT]: port }),
      ...this.#options.attributes,
    }
    this.#poolName = [system, host, database].filter((part) => part !== undefined).join(' ')
  }

  /** The meters of OpenTelemetry, unlike its tracers, hear nothing of a provider that is registered later. */
  #seekMeter(): void {
    this.#isMeterSought = true
    const meter = this.#options.meter ?? metrics.getMeter(LIBRARY)
    if (meter === createNoopMeter()) return
    const settings = { unit: 's', advice: { explicitBucketBoundaries: names.BOUNDARIES } }
    this.#duration = meter.createHistogram(names.DURATION, {
      ...settings,
      description: 'Duration of database client operations.',
    })
    this.#waitTime = meter.createHistogram(names.WAIT_TIME, {
      ...settings,
      description: 'The time it took to obtain an open connection from the pool.',
    })
  }

  async statement({ facts, sql, parameters }: QueryEvent, next: () => Promise<unknown>): Promise<unknown> {
    const plan = this.#planOf(facts, sql)
    const parent = context.active()
    const span = this.#tracer.startSpan(plan.name, { kind: SpanKind.CLIENT, attributes: plan.ofSpan }, parent)
    if (this.#options.parameters === true)
      for (const [i, value] of parameters.entries()) span.setAttribute(`${names.PARAMETER}${i}`, toText(value))
    const started = performance.now()
    let failure: Attributes | undefined
    try {
      const result = await context.with(trace.setSpan(parent, span), next)
      if (facts.readOnly && Array.isArray(result)) span.setAttribute(names.RETURNED_ROWS, result.length)
      return result
    } catch (error) {
      failure = fail(span, error)
      throw error
    } finally {
      span.end()
      const seconds = (performance.now() - started) / 1_000
      this.#duration?.record(seconds, failure === undefined ? plan.ofMetric : { ...plan.ofMetric, ...failure })
    }
  }

  /** Returns what is told of the statements of a plan; the text of most plans is always the same. */
  #planOf(facts: Facts, sql: string): TracedPlan {
    let plan = this.#plans.get(facts)
    if (plan?.sql === sql) return plan
    const { summary, attributes } = describe(facts)
    const ofMetric = plan?.ofMetric ?? { ...this.#common, ...attributes }
    const isOwnText = facts.opaque || facts.trusted.length > 0
    const ofSpan = isOwnText && this.#options.rawText !== true ? ofMetric : { ...ofMetric, [names.TEXT]: sql }
    plan = { name: summary, sql, ofMetric, ofSpan }
    this.#plans.set(facts, plan)
    return plan
  }

  async operation({ kind, size, name }: Operation, next: NextOperation): Promise<unknown> {
    const attributes: Attributes = { ...this.#common }
    if (kind === 'batch') {
      attributes[names.OPERATION] = 'BATCH'
      if (size !== undefined && size > 1) attributes[names.BATCH_SIZE] = size
    }
    if (name !== undefined) attributes[names.MIGRATION] = name
    const parent = context.active()
    const options = { kind: kind === 'batch' ? SpanKind.CLIENT : SpanKind.INTERNAL, attributes }
    const span = this.#tracer.startSpan(kind === 'batch' ? 'BATCH' : kind, options, parent)
    try {
      return await context.with(trace.setSpan(parent, span), () => next())
    } catch (error) {
      fail(span, error)
      throw error
    } finally {
      span.end()
    }
  }

  /** Begins the span of a wait for a connection. */
  #wait(role: string): (error?: unknown) => void {
    if (this.isIdle) return () => {}
    const parent: Context = context.active()
    const attributes: Attributes = { ...this.#common, [names.POOL_NAME]: this.#poolName, 'kanta.connection.role': role }
    const span = this.#tracer.startSpan('wait for a connection', { kind: SpanKind.INTERNAL, attributes }, parent)
    const started = performance.now()
    return (error) => {
      if (error !== undefined) fail(span, error)
      span.end()
      this.#waitTime?.record((performance.now() - started) / 1_000, { [names.POOL_NAME]: this.#poolName })
    }
  }
}

/** Marks a span as failed, and returns the attributes of its error. */
function fail(span: Span, error: unknown): Attributes {
  const attributes = describeError(error)
  span.setAttributes(attributes)
  span.setStatus({ code: SpanStatusCode.ERROR })
  return attributes
}

/** Writes a parameter as text, whatever it is: a failure would be that of the query. */
function toText(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`
  try {
    if (value instanceof Date) return value.toISOString()
    return typeof value === 'object' ? (JSON.stringify(value) ?? '') : String(value)
  } catch {
    return typeof value
  }
}
