import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DatabaseSync } from 'node:sqlite'

/** A value of Hrana as JSON. */
interface Value {
  readonly type: 'null' | 'integer' | 'float' | 'text' | 'blob'
  readonly value?: string | number
  readonly base64?: string
}
interface Statement {
  readonly sql?: string
  readonly sql_id?: number
  readonly args?: readonly Value[]
}
interface Condition {
  readonly type: 'ok' | 'not' | 'and' | 'is_autocommit'
  readonly step?: number
  readonly cond?: Condition
  readonly conds?: readonly Condition[]
}
interface Request {
  readonly type: 'execute' | 'batch' | 'sequence' | 'store_sql' | 'close_sql' | 'close'
  readonly sql?: string
  readonly sql_id?: number
  readonly stmt?: Statement
  readonly batch?: { readonly steps: readonly { readonly condition?: Condition | null; readonly stmt: Statement }[] }
}

const CODES: Readonly<Record<number, string>> = { 8: 'SQLITE_READONLY', 1555: 'SQLITE_CONSTRAINT_PRIMARYKEY' }

function errorOf(error: unknown): object {
  const { errcode, message } = error as Error & { errcode: number }
  const code = CODES[errcode] ?? (message.includes('constraint') ? 'SQLITE_CONSTRAINT' : 'SQLITE_ERROR')
  return { message: `SQLite error: ${message}`, code }
}

function valueOf(value: unknown): Value {
  if (value === null) return { type: 'null' }
  if (typeof value === 'bigint') return { type: 'integer', value: String(value) }
  if (typeof value === 'number') return { type: 'float', value }
  if (typeof value === 'string') return { type: 'text', value }
  return { type: 'blob', base64: Buffer.from(value as Uint8Array).toString('base64') }
}

function parameterOf({ type, value, base64 }: Value): null | bigint | number | string | Uint8Array {
  if (type === 'integer') return BigInt(value!)
  if (type === 'blob') return Buffer.from(base64!, 'base64')
  return type === 'null' ? null : value!
}

/** One stream of Hrana: a connection to the database that lasts from request to request. */
class Stream {
  readonly #database: DatabaseSync
  readonly #texts = new Map<number, string>()
  isOpen = true

  constructor(path: string) {
    this.#database = new DatabaseSync(path, { timeout: 1000 })
  }

  answer(request: Request): object {
    const { type, sql_id: id } = request
    if (type === 'execute') return { type, result: this.#execute(request.stmt!) }
    if (type === 'batch') return { type, result: this.#batch(request.batch!.steps) }
    if (type === 'sequence') this.#database.exec(request.sql ?? this.#texts.get(id!)!)
    else if (type === 'store_sql') this.#texts.set(id!, request.sql!)
    else if (type === 'close_sql') this.#texts.delete(id!)
    else this.close()
    return { type }
  }

  close(): void {
    if (this.isOpen) this.#database.close()
    this.isOpen = false
  }

  #batch(steps: NonNullable<Request['batch']>['steps']): object {
    const results: (object | null)[] = []
    const errors: (object | null)[] = []
    const holds = (condition: Condition | null | undefined): boolean => {
      if (condition == null) return true
      if (condition.type === 'ok') return results[condition.step!] != null
      if (condition.type === 'not') return !holds(condition.cond)
      if (condition.type === 'and') return condition.conds!.every(holds)
      return !this.#database.isTransaction
    }
    for (const { condition, stmt } of steps) {
      let result: object | null = null
      let error: object | null = null
      try {
        if (holds(condition)) result = this.#execute(stmt)
      } catch (cause) {
        error = errorOf(cause)
      }
      results.push(result)
      errors.push(error)
    }
    return { step_results: results, step_errors: errors }
  }

  #execute({ sql, sql_id: id, args = [] }: Statement): object {
    const text = sql ?? this.#texts.get(id!)!
    // What only libSQL has.
    const readOnly = text === 'BEGIN TRANSACTION READONLY'
    if (readOnly) this.#database.exec('pragma query_only = on')
    const statement = this.#database.prepare(readOnly ? 'BEGIN' : text)
    statement.setReadBigInts(true)
    statement.setReturnArrays(true)
    const before = this.#counts().total
    const rows = statement.all(...args.map(parameterOf)) as unknown as unknown[][]
    const { total, id: inserted } = this.#counts()
    return {
      cols: statement.columns().map(({ name, type }) => ({ name, decltype: type })),
      rows: rows.map((row) => row.map(valueOf)),
      affected_row_count: total - before,
      last_insert_rowid: String(inserted),
    }
  }

  #counts(): { readonly total: number; readonly id: number } {
    const counts = this.#database.prepare('select total_changes() as total, last_insert_rowid() as id').get()
    return counts as { total: number; id: number }
  }
}

/**
 * A stand-in for a server of libSQL, of which there is none to install here: it speaks the protocol (Hrana 2, JSON over
 * HTTP: https://github.com/tursodatabase/libsql/blob/main/docs/HTTP_V2_SPEC.md) with SQLite behind it.
 */
export async function standIn(
  path: string,
): Promise<{ url: string; streams: ReadonlyMap<string, unknown>; stop(): void }> {
  const streams = new Map<string, Stream>()
  let made = 0
  const server = createServer(async (request, response) => {
    if (request.method === 'GET') return response.writeHead(request.url === '/v2' ? 200 : 404).end()
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString()) as {
      baton?: string
      requests: Request[]
    }
    const baton = body.baton ?? `stream ${++made}`
    const stream = streams.get(baton) ?? new Stream(path)
    streams.set(baton, stream)
    const results = body.requests.map((each) => {
      try {
        return { type: 'ok', response: stream.answer(each) }
      } catch (error) {
        return { type: 'error', error: errorOf(error) }
      }
    })
    if (!stream.isOpen) streams.delete(baton)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ baton: stream.isOpen ? baton : null, base_url: null, results }))
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const stop = () => {
    for (const stream of streams.values()) stream.close()
    server.close()
    server.closeAllConnections()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, streams, stop }
}
