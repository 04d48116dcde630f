import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Store } from 'kanta/store'
import { startPostgres } from 'kanta-servers'
import pg from 'pg'
import { measure, measureWithProcessor, type Report } from '../harness.ts'

export const about = 'document stores: append, appendMany(100), load of 1,000,000 records; append on PostgreSQL'

const META = {
  replicaType: ['plain', 1, 0],
  syncMode: { writerModel: 'concurrent', delivery: 'delta-capable', durability: 'persistent' },
  schemaHash: 'hash',
} as const
const DATA = 'x'.repeat(100)
const entry = (i: number) =>
  ({
    kind: 'entry',
    payload: { kind: 'since', encoding: 'json', data: DATA },
    version: String(i),
  }) as const

/** The number of records that are loaded, and how often, since it takes seconds. */
const LOADED = 1_000_000
const LOADS = 3
const MANY = 100

/** Opens a file as kyneta recommends. */
function openFile(folder: string, name: string, synchronous: 'normal' | 'full'): Database.Database {
  const db = new Database(join(folder, `${name}.db`))
  db.pragma('journal_mode = wal')
  db.pragma(`synchronous = ${synchronous}`)
  return db
}

async function openStore(
  db: Database.Database,
): Promise<Store & { appendMany: (id: string, records: never[]) => unknown }> {
  const { createSqliteStore, fromBetterSqlite3 } = await import('kanta/store')
  const store = createSqliteStore(fromBetterSqlite3(db))
  await store.append('doc', { kind: 'meta', meta: META })
  return store as never
}

const TABLES = `
  create table kyneta_doc_meta (doc_id text primary key, data text not null) without rowid;
  create table kyneta_records (doc_id text not null, seq integer not null, kind text not null, payload text, blob blob,
    primary key (doc_id, seq)) without rowid`

/**
 * Appends in the way of kyneta's store: reads the metadata, counts in memory, and inserts in a transaction, each time by
 * statements that are prepared anew.
 */
function kynetaWay(db: Database.Database): (i: number) => Promise<void> {
  db.exec(TABLES)
  db.prepare('insert into kyneta_doc_meta values (?, ?)').run('doc', JSON.stringify(META))
  let seq = 0
  return async (i) => {
    const [row] = db.prepare('select data from kyneta_doc_meta where doc_id = ?').iterate('doc') as Iterable<{
      data: string
    }>
    if (JSON.parse(row!.data) === null) throw new Error('There is no document.')
    const number = await Promise.resolve(seq++)
    const { payload, version } = entry(i)
    db.transaction(() => {
      db.prepare('insert into kyneta_records (doc_id, seq, kind, payload, blob) values (?, ?, ?, ?, ?)').run(
        'doc',
        number,
        'entry',
        JSON.stringify({ ...payload, version }),
        null,
      )
    })()
  }
}

/** Appends by one prepared statement, as fast as it goes. */
function oneStatement(db: Database.Database): (i: number) => unknown {
  db.exec(TABLES)
  db.prepare('insert into kyneta_doc_meta values (?, ?)').run('doc', JSON.stringify(META))
  const insert = db.prepare(
    `insert into kyneta_records select doc_id, (select coalesce(max(seq), -1) + 1 from kyneta_records where doc_id = m.doc_id), ?, ?, ?
     from kyneta_doc_meta m where doc_id = ?`,
  )
  return (i) => {
    const { payload, version } = entry(i)
    return insert.run('entry', JSON.stringify({ ...payload, version }), null, 'doc')
  }
}

const nothing = (): undefined => undefined

export async function* run(rounds: number): AsyncIterable<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'kanta-bench-'))
  try {
    yield* appends(folder, rounds)
    yield* loads(folder, Math.min(rounds, LOADS))
    yield* postgres(rounds)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function* appends(folder: string, rounds: number): AsyncIterable<Report> {
  const kanta = await openStore(openFile(folder, 'kanta', 'normal'))
  const way = kynetaWay(openFile(folder, 'kyneta', 'normal'))
  const hand = oneStatement(openFile(folder, 'hand', 'normal'))
  const { time, processor } = await measureWithProcessor(
    'append of a record of 100 B, better-sqlite3, WAL, synchronous=NORMAL',
    [
      { name: "kyneta's way", run: way, seen: nothing },
      { name: 'one statement by hand', run: hand, seen: nothing },
      { name: 'kanta', run: (i) => kanta.append('doc', entry(i)), seen: nothing },
    ],
    {
      rounds,
      targets: [
        { of: "kyneta's way", to: 'kanta', min: 2 },
        { of: 'one statement by hand', to: 'kanta' },
      ],
    },
  )
  yield time
  // On a busy machine the time waits for others; this figure does not.
  yield { ...processor, targets: time.targets }
  const full = await openStore(openFile(folder, 'full', 'full'))
  const records = Array.from({ length: MANY }, (_, i) => entry(i)) as never[]
  yield await measure(
    `${MANY} records of 100 B, better-sqlite3, WAL, synchronous=FULL`,
    [
      {
        name: 'append()',
        run: async () => {
          for (const record of records) await full.append('doc', record)
        },
        seen: nothing,
      },
      { name: 'appendMany()', run: () => full.appendMany('doc', records), seen: nothing },
    ],
    { rounds, checks: 1, targets: [{ of: 'append()', to: 'appendMany()', min: 20 }] },
  )
  await kanta.close()
  await full.close()
}

async function* loads(folder: string, rounds: number): AsyncIterable<Report> {
  const db = openFile(folder, 'load', 'normal')
  const store = await openStore(db)
  const batch = Array.from({ length: 10_000 }, (_, i) => entry(i)) as never[]
  for (let at = 0; at < LOADED; at += batch.length) await store.appendMany('doc', batch)
  const raw = (): number => {
    let count = 0
    const rows = db.prepare('select seq, kind, payload, blob from kyneta_records where doc_id = ? order by seq')
    for (const _ of rows.iterate('doc')) count++
    return count
  }
  let peak = 0
  const load = async (): Promise<number> => {
    let count = 0
    for await (const _ of store.loadAll('doc')) {
      if (++count % 20_000 === 0) peak = Math.max(peak, process.memoryUsage().rss)
    }
    return count
  }
  const times: Record<'raw iteration' | 'loadAll()', number[]> = { 'raw iteration': [], 'loadAll()': [] }
  const memory: number[] = []
  const time = async (name: keyof typeof times, work: () => unknown): Promise<void> => {
    const start = performance.now()
    if ((await work()) !== LOADED + 1) throw new Error(`${name} has not given all records.`)
    times[name].push((performance.now() - start) * 1e6)
  }
  // The first load lets the heap grow to its usual size.
  await load()
  for (let round = 0; round < rounds; round++) {
    await time('raw iteration', raw)
    gc!()
    const before = process.memoryUsage().rss
    peak = before
    await time('loadAll()', load)
    memory.push(peak - before)
  }
  yield {
    title: 'load of 1,000,000 records of 100 B',
    unit: 'time',
    values: times,
    targets: [{ of: 'raw iteration', to: 'loadAll()', min: 0.7 }],
    notes: [],
  }
  yield {
    title: 'load of 1,000,000 records of 100 B: memory above that before',
    unit: 'bytes',
    values: { 'loadAll()': memory },
    targets: [{ of: 'loadAll()', max: 16_000_000 }],
    notes: [],
  }
  await store.close()
}

async function* postgres(rounds: number): AsyncIterable<Report> {
  await using open = new AsyncDisposableStack()
  const server = open.adopt(await startPostgres(), (it) => it.stop())
  const { host, port, user, database } = server
  const { kanta } = await import('kanta')
  const { pg: driver } = await import('kanta/pg')
  const { createPostgresStore, fromPool, store } = await import('kanta/store')
  const pool = open.adopt(new pg.Pool({ host, port, user, database, max: 1 }), (it) => it.end())
  const db = open.adopt(kanta({ driver: driver({ host, port, user, database, max: 1 }) }), (it) => it.destroy())
  const own = store(db)
  const adapted = await createPostgresStore(fromPool(pool))
  for (const docId of ['kanta', 'adapter', 'hand']) await own.append(docId, { kind: 'meta', meta: META })
  const text = `with counter as (update kyneta_meta set next_seq = next_seq + 1 where doc_id = $1 returning next_seq - 1 as seq)
    insert into kyneta_records (doc_id, seq, kind, payload, blob) select $1, seq, $2, $3, $4 from counter returning seq`
  const byHand = (i: number) => {
    const { payload, version } = entry(i)
    return pool.query({
      name: 'append',
      text,
      values: ['hand', 'entry', JSON.stringify({ ...payload, version }), null],
    })
  }
  yield await measure(
    'append of a record of 100 B, PostgreSQL',
    [
      { name: 'by hand', run: byHand, seen: nothing },
      { name: 'kanta', run: (i) => own.append('kanta', entry(i)), seen: nothing },
      { name: 'kanta by an adapter', run: (i) => adapted.append('adapter', entry(i)), seen: nothing },
    ],
    {
      rounds,
      targets: [
        { of: 'kanta', to: 'by hand', max: 1.3 },
        { of: 'kanta by an adapter', to: 'by hand' },
      ],
    },
  )
}
