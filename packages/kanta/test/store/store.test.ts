import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { kanta } from '../../src/index.ts'
import { createSqliteStore, fromNodeSqlite, memoryStore, type SqliteAdapter, store } from '../../src/store/index.ts'
import { entries, entry, meta } from './ground.ts'

const adapter = (): SqliteAdapter => fromNodeSqlite(new DatabaseSync(':memory:'))
const onDatabase = () => store(kanta({ driver: sqlite(':memory:') }))
const makers = {
  'memoryStore()': memoryStore,
  'createSqliteStore()': () => createSqliteStore(adapter()),
  'store(db)': onDatabase,
}

describe.each(Object.entries(makers))('%s', (_, make) => {
  const seqs = async (documents: ReturnType<typeof make>, after?: number): Promise<number[]> =>
    (await Array.fromAsync(documents.load('doc', { after }))).map(({ seq }) => seq)

  test('43: numbers rise without gaps, also after refused calls, and are not used again after a replacement', async () => {
    await using documents = make()
    await expect(documents.append('doc', entry('x'))).rejects.toThrow(/must be meta/)
    expect(await documents.appendMany('doc', [meta(), ...entries(3)])).toBe(3)
    await expect(documents.append('doc', meta({ replicaType: ['other', 1, 0] }))).rejects.toThrow(/replicaType/)
    await documents.append('doc', entry('x'))
    await documents.replace('doc', [meta(), entry('whole')])
    await documents.append('doc', entry('y'))
    expect(await seqs(documents)).toEqual([5, 6, 7])
    expect(await documents.appendMany('doc', entries(2))).toBe(9)
    expect(await seqs(documents, 7)).toEqual([8, 9])
    expect(await seqs(documents, 9)).toEqual([])
    await documents.delete('doc')
    await expect(documents.append('doc', entry('x'))).rejects.toThrow(/must be meta/)
    await documents.appendMany('doc', [meta(), entry('x')])
    expect(await seqs(documents)).toEqual([0, 1])
  })

  test('appendMany() appends all or none', async () => {
    await using documents = make()
    await documents.append('doc', meta())
    const refused = [entry('a'), meta({ schemaHash: 'b' }), meta({ replicaType: ['other', 1, 0] })]
    await expect(documents.appendMany('doc', refused)).rejects.toThrow(/replicaType mismatch within batch/)
    await expect(documents.appendMany('doc', [])).rejects.toThrow(/at least one/)
    expect(await Array.fromAsync(documents.loadAll('doc'))).toEqual([meta()])
  })

  test('compact() folds the records, and is a conflict if they changed meanwhile', async () => {
    await using documents = make()
    await documents.appendMany('doc', [meta(), ...entries(200)])
    const fold = async (records: AsyncIterable<unknown>) => [
      meta(),
      entry(`${(await Array.fromAsync(records)).length}`),
    ]
    await documents.compact('doc', fold)
    expect(await Array.fromAsync(documents.loadAll('doc'))).toEqual([meta(), entry('201')])
    for (const change of [
      () => documents.append('doc', entry('later')),
      () => documents.replace('doc', [meta({ schemaHash: 'c' })]),
      () => documents.delete('doc'),
    ]) {
      await expect(
        documents.compact('doc', async () => {
          await change()
          return [meta({ schemaHash: 'b' })]
        }),
      ).rejects.toMatchObject({ code: 'conflict' })
    }
    expect(await documents.currentMeta('doc')).toBe(null)
    await documents.compact('unknown', fold)
    expect(await documents.list()).toEqual([])
  })

  test('load() stops at a signal, and goes on behind a number', async () => {
    await using documents = make()
    await documents.appendMany('doc', [meta(), ...entries(700)])
    const control = new AbortController()
    let last = -1
    const load = async (signal?: AbortSignal): Promise<void> => {
      for await (const { seq } of documents.load('doc', { after: last, signal })) {
        expect(seq).toBe(last + 1)
        last = seq
        if (seq === 300) control.abort()
      }
    }
    await expect(load(control.signal)).rejects.toMatchObject({ code: 'cancelled' })
    expect(last).toBe(300)
    await load()
    expect(last).toBe(700)
    expect(() => documents.load('doc', { after: 'x' } as never)).toThrow(/number of a record/)
  })

  test('list() gives pages', async () => {
    await using documents = make()
    for (const id of ['b', 'a/1', 'a/2', 'a/3']) await documents.append(id, meta())
    expect(await documents.list({ prefix: 'a/', limit: 2 })).toEqual(['a/1', 'a/2'])
    expect(await documents.list({ prefix: 'a/', after: 'a/2', limit: 2 })).toEqual(['a/3'])
    await expect(documents.list({ limit: 0 })).rejects.toThrow(/1 or more/)
  })

  test('a closed store says so', async () => {
    const documents = make()
    await documents.append('doc', meta())
    await documents.close()
    for (const call of [
      () => documents.append('doc', meta()),
      () => documents.list(),
      () => documents.currentMeta('doc'),
    ])
      await expect(call()).rejects.toMatchObject({ code: 'closed' })
  })
})

test('two stores whose known last records are out of date append in order', async () => {
  const shared = adapter()
  const [one, two] = [createSqliteStore(shared), createSqliteStore(shared)]
  await one.appendMany('doc', [meta(), entry('0')])
  await two.append('doc', entry('1'))
  await one.appendMany('doc', [entry('2'), entry('3')])
  await two.appendMany('doc', [entry('4'), entry('5')])
  await one.replace('doc', [meta(), entry('6')])
  await two.append('doc', entry('7'))
  await one.append('doc', entry('8'))
  const records = await Array.fromAsync(two.load('doc'))
  expect(records.map(({ seq, record }) => [seq, record.kind === 'entry' ? record.payload.data : 'meta'])).toEqual([
    [7, 'meta'],
    [8, '6'],
    [9, '7'],
    [10, '8'],
  ])
})

test('in a transaction, the writes of a store belong to it', async () => {
  await using db = kanta({ driver: sqlite(':memory:') })
  const documents = store(db)
  await documents.appendMany('doc', [meta(), entry('0')])
  const stop = new Error('stop')
  const work = db.transaction().execute(async (trx) => {
    const inside = store(trx)
    await inside.append('doc', entry('1'))
    await store(trx).replace('doc', [meta(), entry('2')])
    await inside.append('doc', entry('3'))
    expect((await Array.fromAsync(inside.loadAll('doc'))).length).toBe(3)
    throw stop
  })
  await expect(work).rejects.toBe(stop)
  expect(await Array.fromAsync(documents.loadAll('doc'))).toEqual([meta(), entry('0')])
})

test('43: adapters whose transactions undo nothing, or end before their function has run, are refused', () => {
  const own = adapter()
  const lying = {
    'calls the function': (fn: () => unknown) => fn(),
    'takes no function': () => undefined,
    'ends later': async (fn: () => unknown) => fn(),
  }
  for (const transaction of Object.values(lying))
    expect(() => createSqliteStore({ ...own, transaction: transaction as never })).toThrow(/does not undo/)
  expect(() => createSqliteStore({ ...own, iterate: undefined as never })).toThrow(/iterate/)
})

test('a damaged record is an error that names its document', async () => {
  const database = new DatabaseSync(':memory:')
  const documents = createSqliteStore(fromNodeSqlite(database))
  await documents.appendMany('doc', [meta(), entry('a "quoted" text')])
  expect(await Array.fromAsync(documents.loadAll('doc'))).toEqual([meta(), entry('a "quoted" text')])
  database.exec("update kyneta_records set payload = '{' where seq = 1; update kyneta_meta set data = '[]'")
  await expect(Array.fromAsync(documents.loadAll('doc'))).rejects.toThrow(/doc 'doc'/)
  await expect(documents.currentMeta('doc')).rejects.toThrow(/doc 'doc'.*replicaType/)
})
