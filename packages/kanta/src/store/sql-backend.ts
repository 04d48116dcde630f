import { KantaError } from '../error/index.ts'
import type { DatabaseHandle } from '../extend/internal/index.ts'
import { withoutPlugins } from '../extend/internal/index.ts'
import type { Change, FirstPage, IdRange, StoreBackend } from './backend.ts'
import { CountedWriter } from './counted-writer.ts'
import { GuardedWriter } from './guarded-writer.ts'
import { boundsOf } from './id-order.ts'
import { type OpenedStore, type OpenStep, openStore, runOpening } from './open.ts'
import { joinParts, partCountOf } from './parts.ts'
import { type QueryTemplate, queryTemplate, runTogether } from './queries.ts'
import type { ModeName, PlacedRow } from './row.ts'
import { type StoreOptions, type StoreTables, storeFacetOf } from './tables.ts'
import { greatestSeq, type Writer } from './writer.ts'

/** The documents of a store in the tables of a database. */
export class SqlBackend implements StoreBackend {
  readonly maxIdBytes: number
  readonly #db: DatabaseHandle
  readonly #options: StoreOptions
  readonly #close: () => Promise<void>
  #opened: OpenedStore | undefined
  #statements: Statements | undefined

  constructor(db: DatabaseHandle, options: StoreOptions, close: () => Promise<void>, opened?: OpenedStore) {
    this.#db = db
    this.#options = options
    this.#close = close
    this.#opened = opened
    this.maxIdBytes = storeFacetOf(db).maxIdBytes
  }

  get mode(): ModeName {
    return this.#opened!.mode
  }

  async open(): Promise<void> {
    this.#opened ??= await runOpening(openStore(this.#db, this.#options), (step) => runStep(this.#db, step))
  }

  close(): Promise<void> {
    return this.#close()
  }

  async meta(docId: string): Promise<string | null> {
    const [row] = (await this.#ready.meta({ docId }).execute()) as { data: string }[]
    return row?.data ?? null
  }

  write(change: Change): Promise<number | undefined> {
    return this.#ready.writer.write(change)
  }

  async remove(docId: string): Promise<void> {
    const { tables, hasParts } = this.#opened!
    // The row of the metadata is what writers lock, so it goes first.
    const from = [tables.meta, tables.records, ...(hasParts ? [tables.parts] : [])]
    await runTogether(
      this.#db,
      from.map((table) => this.#db.deleteFrom(table).where('doc_id', '=', docId)),
    )
  }

  async firstPage(docId: string, from: number, limit: number): Promise<FirstPage> {
    const rows = (await this.#ready.firstPage({ docId, from, limit }).execute()) as (PlacedRow & { last: unknown })[]
    return { rows: await this.#whole(docId, rows), last: rows[0] && Number(rows[0].last) }
  }

  async page(docId: string, from: number, to: number, limit: number): Promise<readonly PlacedRow[]> {
    return this.#whole(docId, (await this.#ready.page({ docId, from, to, limit }).execute()) as PlacedRow[])
  }

  async ids({ prefix, after, limit }: IdRange): Promise<readonly string[]> {
    const { from, to } = boundsOf(prefix)
    let query = this.#db.selectFrom(this.#tables.meta).select('doc_id').orderBy('doc_id').limit(limit)
    query = query.where('doc_id', '>=', from)
    if (to !== undefined) query = query.where('doc_id', '<', to)
    if (after !== undefined) query = query.where('doc_id', '>', after)
    return ((await query.execute()) as { doc_id: string }[]).map((row) => row.doc_id)
  }

  get #tables(): StoreTables {
    return this.#opened!.tables
  }

  /** The statements of an open store, built once. */
  get #ready(): Statements {
    this.#statements ??= makeStatements(this.#db, this.#opened!, this.#options)
    return this.#statements
  }

  /** Reads the parts of those rows that were split. */
  async #whole(docId: string, rows: readonly PlacedRow[]): Promise<readonly PlacedRow[]> {
    if (!this.#opened!.hasParts) return rows
    const whole: PlacedRow[] = []
    for (const row of rows) whole.push(partCountOf(row) === undefined ? row : await this.#join(docId, row))
    return whole
  }

  async #join(docId: string, row: PlacedRow): Promise<PlacedRow> {
    const parts = (await this.#db
      .selectFrom(this.#tables.parts)
      .select('data')
      .where('doc_id', '=', docId)
      .where('seq', '=', row.seq)
      .orderBy('part')
      .execute()) as { data: Uint8Array }[]
    if (parts.length === partCountOf(row))
      return joinParts(
        row,
        parts.map(({ data }) => data),
      )
    throw new KantaError('conflict', `Doc '${docId}' was replaced or deleted meanwhile. Load it again.`)
  }
}

interface Statements {
  readonly writer: Writer
  readonly meta: QueryTemplate<'docId'>
  readonly firstPage: QueryTemplate<'docId' | 'from' | 'limit'>
  readonly page: QueryTemplate<'docId' | 'from' | 'to' | 'limit'>
}

function makeStatements(
  db: DatabaseHandle,
  { tables, hasParts }: OpenedStore,
  { partBytes }: StoreOptions,
): Statements {
  const target = { db, tables, hasParts, partBytes }
  const rows = (slot: (name: 'docId' | 'from' | 'limit') => unknown) =>
    db
      .selectFrom(tables.records)
      .select(['seq', 'kind', 'payload', 'blob'])
      .where('doc_id', '=', slot('docId'))
      .where('seq', '>=', slot('from'))
      .orderBy('seq')
      .limit(slot('limit'))
  return {
    writer: storeFacetOf(db).counts ? new CountedWriter(target) : new GuardedWriter(target),
    meta: queryTemplate((slot) => db.selectFrom(tables.meta).select('data').where('doc_id', '=', slot('docId'))),
    firstPage: queryTemplate((slot) => rows(slot).select(greatestSeq(db, tables, slot('docId')).as('last'))),
    page: queryTemplate((slot) => rows(slot).where('seq', '<=', slot('to'))),
  }
}

async function runStep(db: DatabaseHandle, step: OpenStep): Promise<readonly Record<string, unknown>[]> {
  if (step.kind === 'read') return (await step.query.execute()) as Record<string, unknown>[]
  if (step.kind === 'write') await runTogether(db, step.queries)
  else await define(db, step.sql)
  return []
}

/** Creates a table. Two processes that create it at once can disturb each other, in spite of `if not exists`. */
async function define(db: DatabaseHandle, text: string): Promise<void> {
  const create = () => withoutPlugins(db).executeQuery({ sql: text, parameters: [] })
  try {
    await create()
  } catch {
    await create()
  }
}
