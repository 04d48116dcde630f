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
import { type DatabaseHandle, dialectOf, driverOf, ownPlugin, poolOf } from '../extend/internal/index.ts'
import { type Description, describe, describeError } from './describe.ts'
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

/** Checks if a tracer makes spans for somebody. */
function isListening(tracer: Tracer): boolean {
  if (!(tracer instanceof ProxyTracer)) return tracer.constructor !== NO_TRACER.constructor
  const provider = trace.getTracerProvider()
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegate() !== NO_PROVIDER
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

class Telemetry {
  readonly #options: OtelOptions
  readonly #tracer: Tracer
  readonly #descriptions = new WeakMap<Facts, Description>()
  readonly #pools = new WeakSet<object>()
  #common: Attributes = {}
  #poolName = LIBRARY
  #isMeterSought = false
  #duration: Histogram | undefined
  #waitTime: Histogram | undefined

  constructor(options: OtelOptions) {
    this.#options = options
    this.#tracer = options.tracer ?? trace.getTracer(LIBRARY)
  }

  /** Is true if nobody listens to spans or metrics. */
  get isIdle(): boolean {
    if (!this.#isMeterSought) this.#seekMeter()
    return this.#duration === undefined && !isListening(this.#tracer)
  }

  /** Learns what a database is, and hears of waits in its pool. */
  watch(db: DatabaseHandle): void {
    const pool = poolOf(db)
    if (pool === undefined || this.#pools.has(pool)) return
    this.#pools.add(pool)
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
    pool.onWait.add((role) => this.#wait(role))
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
    let description = this.#descriptions.get(facts)
    if (description === undefined) {
      description = describe(facts)
      this.#descriptions.set(facts, description)
    }
    const common = { ...this.#common, ...description.attributes }
    const attributes: Attributes = { ...common }
    if ((!facts.opaque && facts.trusted.length === 0) || this.#options.rawText === true) attributes[names.TEXT] = sql
    if (this.#options.parameters === true)
      for (const [i, value] of parameters.entries()) attributes[`${names.PARAMETER}${i}`] = toText(value)
    const started = performance.now()
    return this.#inSpan(description.summary, { kind: SpanKind.CLIENT, attributes }, next, (span, result, error) => {
      if (Array.isArray(result) && facts.readOnly) span.setAttribute(names.RETURNED_ROWS, result.length)
      const failed = error === undefined ? undefined : describeError(error)
      this.#duration?.record(
        (performance.now() - started) / 1_000,
        failed === undefined ? common : { ...common, ...failed },
      )
    })
  }

  operation({ kind, size, name }: Operation, next: NextOperation): Promise<unknown> {
    const attributes: Attributes = { ...this.#common }
    if (kind === 'batch') {
      attributes[names.OPERATION] = 'BATCH'
      if (size !== undefined && size > 1) attributes[names.BATCH_SIZE] = size
    }
    if (name !== undefined) attributes[names.MIGRATION] = name
    const spanKind = kind === 'batch' ? SpanKind.CLIENT : SpanKind.INTERNAL
    return this.#inSpan(
      kind === 'batch' ? 'BATCH' : kind,
      { kind: spanKind, attributes },
      () => next(),
      () => {},
    )
  }

  /** Runs work inside a span, so that spans that it makes are its children. */
  async #inSpan(
    name: string,
    options: { readonly kind: SpanKind; readonly attributes: Attributes },
    work: () => Promise<unknown>,
    ended: (span: Span, result: unknown, error: unknown) => void,
  ): Promise<unknown> {
    const parent = context.active()
    const span = this.#tracer.startSpan(name, options, parent)
    try {
      const result = await context.with(trace.setSpan(parent, span), work)
      ended(span, result, undefined)
      return result
    } catch (error) {
      span.setAttributes(describeError(error))
      span.setStatus({ code: SpanStatusCode.ERROR })
      ended(span, undefined, error)
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
      if (error !== undefined) {
        span.setAttributes(describeError(error))
        span.setStatus({ code: SpanStatusCode.ERROR })
      }
      span.end()
      this.#waitTime?.record((performance.now() - started) / 1_000, { [names.POOL_NAME]: this.#poolName })
    }
  }
}

function toText(value: unknown): string {
  return value instanceof Uint8Array ? `${value.length} bytes` : String(value)
}
