import type { Store } from '../document-store.ts'
import type { StoreMeta, StoreRecord } from '../record.ts'

/** The functions of a test runner: those of vitest, jest or `node:test`. */
export interface StoreTestRunner {
  describe(name: string, body: () => void): unknown
  test(name: string, body: () => Promise<void>): unknown
}

/** The abilities that a store may lack. */
export type AbilityOfStore = 'isolation' | 'ownBytes' | 'byteOrder' | 'validation' | 'sharing'

/** A store that is held to the contract. */
export interface StoreUnderTest {
  /** Makes a store without documents. */
  make(): Store | Promise<Store>
  /** Makes another store of the same documents as one that `make()` has made, as another process would have. */
  share?(store: Store): Store | Promise<Store>
  /** Appends so many entries to a document of a store by another process. */
  appendElsewhere?(store: Store, docId: string, count: number): Promise<void>
  /** Makes a store whose operations can be made to fail: `arm(n)` lets the n-th operation from then on fail. */
  makeFaulty?(): Promise<{ readonly store: Store; arm(operation: number): void; disarm(): void }>
  /** The abilities that the store lacks, each with the reason. */
  readonly lacks?: { readonly [A in AbilityOfStore]?: string } | undefined
}

const META: StoreMeta = {
  replicaType: ['plain', 1, 0],
  syncMode: { writerModel: 'concurrent', delivery: 'delta-capable', durability: 'persistent' },
  schemaHash: 'hash',
}
const meta = (change: Partial<StoreMeta> = {}): StoreRecord => ({ kind: 'meta', meta: { ...META, ...change } })
const entry = (data: string | Uint8Array, version = '1'): StoreRecord => ({
  kind: 'entry',
  payload: { kind: 'since', encoding: typeof data === 'string' ? 'json' : 'binary', data },
  version,
})
const entries = (count: number): StoreRecord[] => Array.from({ length: count }, (_, i) => entry(`${i}`, `${i}`))

/** More records than a store would read at once, so that reading takes several steps. */
const SEVERAL_PAGES = 120

/**
 * Tests that a store keeps the contract of {@link Store}: order, metadata, replacing, deleting, ids, isolation, failures
 * and several processes. It brings its own assertions, so that it runs on any test runner.
 *
 * @example
 * ```ts
 * import { describe, test } from 'node:test'
 * import { memoryStore } from 'kanta/store'
 * import { describeStore } from 'kanta/store/conformance'
 *
 * export const suite = () => describeStore({ describe, test }, { make: () => memoryStore() })
 * ```
 */
export function describeStore({ describe, test }: StoreTestRunner, under: StoreUnderTest): void {
  const { make, share, appendElsewhere, makeFaulty, lacks = {} } = under
  const on = (name: string, ability: AbilityOfStore | undefined, body: (store: Store) => Promise<void>): void => {
    if (ability !== undefined && lacks[ability] !== undefined) return
    test(name, async () => {
      const store = await make()
      try {
        await body(store)
      } finally {
        await store.close()
      }
    })
  }
  describe('the contract of a store', () => {
    on('the first record of a document is metadata', undefined, async (store) => {
      await fails(store.append('doc', entry('x')), /must be meta/)
      same(await all(store.loadAll('doc')), [])
      same(await store.currentMeta('doc'), null)
    })
    on('records are loaded in the order in which they were appended', undefined, async (store) => {
      const records = [meta(), ...entries(10)]
      for (const record of records) await store.append('doc', record)
      same(await all(store.loadAll('doc')), records)
    })
    on('currentMeta() returns the metadata, and null for an unknown document', undefined, async (store) => {
      same(await store.currentMeta('doc'), null)
      await store.append('doc', meta())
      same(await store.currentMeta('doc'), META)
    })
    on('the last metadata win', undefined, async (store) => {
      await store.append('doc', meta())
      await store.append('doc', meta({ schemaHash: 'later' }))
      same((await store.currentMeta('doc'))?.schemaHash, 'later')
      same((await all(store.loadAll('doc'))).length, 2)
    })
    on(
      'a replica type of another name or major version is refused, another minor version is not',
      undefined,
      async (store) => {
        await store.append('doc', meta())
        await fails(store.append('doc', meta({ replicaType: ['other', 1, 0] })), /replicaType mismatch/)
        await fails(store.append('doc', meta({ replicaType: ['plain', 2, 0] })), /replicaType mismatch/)
        await store.append('doc', meta({ replicaType: ['plain', 1, 3] }))
        same((await store.currentMeta('doc'))?.replicaType, ['plain', 1, 3])
        same((await all(store.loadAll('doc'))).length, 2)
      },
    )
    on('another sync mode is refused', undefined, async (store) => {
      await store.append('doc', meta())
      const syncMode = { ...META.syncMode, writerModel: 'serialized' as const }
      await fails(store.append('doc', meta({ syncMode })), /syncMode mismatch/)
      same(await all(store.loadAll('doc')), [meta()])
    })
    on('an unknown document has no records', undefined, async (store) => {
      same(await all(store.loadAll('nowhere')), [])
    })
    on('text comes back as it was', undefined, async (store) => {
      const records = [meta(), ...['', '{"a":1}', 'ä€😀', '\ud800 half', 'a\0b', "it's"].map((text) => entry(text))]
      for (const record of records) await store.append('doc', record)
      same(await all(store.loadAll('doc')), records)
    })
    on('bytes come back as they were', undefined, async (store) => {
      const records = [meta(), entry(Uint8Array.from([0, 1, 127, 255])), entry(new Uint8Array(3000).fill(7))]
      for (const record of records) await store.append('doc', record)
      same(await all(store.loadAll('doc')), records)
    })
    on('kind, encoding, version and lineage come back as they were', undefined, async (store) => {
      const record: StoreRecord = {
        kind: 'entry',
        payload: { kind: 'entirety', encoding: 'binary', data: 'text', lineage: 'line' },
        version: 'v/7',
      }
      await store.append('doc', meta())
      await store.append('doc', record)
      same(await all(store.loadAll('doc')), [meta(), record])
    })
    on('replace() puts the new records in place of the old ones', undefined, async (store) => {
      for (const record of [meta(), ...entries(5)]) await store.append('doc', record)
      const records = [meta({ schemaHash: 'new' }), entry('whole')]
      await store.replace('doc', records)
      same(await all(store.loadAll('doc')), records)
      same((await store.currentMeta('doc'))?.schemaHash, 'new')
      await store.replace('doc', records)
      same(await all(store.loadAll('doc')), records)
    })
    on('replace() creates a document', undefined, async (store) => {
      await store.replace('doc', [entry('whole'), meta()])
      same(await all(store.loadAll('doc')), [entry('whole'), meta()])
      same(await store.currentMeta('doc'), META)
    })
    on('replace() without metadata is refused and changes nothing', undefined, async (store) => {
      await store.append('doc', meta())
      await fails(store.replace('doc', [entry('x')]), /at least one meta/)
      await fails(store.replace('doc', []), /at least one/)
      same(await all(store.loadAll('doc')), [meta()])
    })
    on('replace() with other metadata is refused and changes nothing', undefined, async (store) => {
      await store.append('doc', meta())
      await fails(store.replace('doc', [meta({ replicaType: ['other', 1, 0] })]), /replicaType mismatch/)
      await fails(
        store.replace('doc', [meta(), meta({ schemaHash: 'b' }), meta({ replicaType: ['other', 1, 0] })]),
        /replicaType mismatch/,
      )
      same(await all(store.loadAll('doc')), [meta()])
    })
    on('records are appended after a replacement', undefined, async (store) => {
      for (const record of [meta(), ...entries(3)]) await store.append('doc', record)
      await store.replace('doc', [meta(), entry('whole')])
      await store.append('doc', entry('more'))
      same(await all(store.loadAll('doc')), [meta(), entry('whole'), entry('more')])
    })
    on('delete() removes everything, also of an unknown document', undefined, async (store) => {
      await store.delete('doc')
      for (const record of [meta(), ...entries(3)]) await store.append('doc', record)
      await store.delete('doc')
      await store.delete('doc')
      same(await all(store.loadAll('doc')), [])
      same(await store.currentMeta('doc'), null)
      same(await all(store.listDocIds()), [])
      await fails(store.append('doc', entry('x')), /must be meta/)
      await store.append('doc', meta({ replicaType: ['other', 1, 0] }))
      same((await all(store.loadAll('doc'))).length, 1)
    })
    on('listDocIds() lists all documents, or those with a prefix', undefined, async (store) => {
      for (const id of ['users/1', 'users/2', 'notes/1', 'u%', 'u_1', 'u\\']) await store.append(id, meta())
      same((await all(store.listDocIds())).sort(), ['notes/1', 'u%', 'u\\', 'u_1', 'users/1', 'users/2'])
      same((await all(store.listDocIds('users/'))).sort(), ['users/1', 'users/2'])
      for (const prefix of ['u%', 'u_', 'u\\']) same((await all(store.listDocIds(prefix))).length, 1)
      same(await all(store.listDocIds('x')), [])
    })
    on('documents do not touch each other', undefined, async (store) => {
      await store.append('a', meta())
      await store.append('b', meta())
      await Promise.all([store.append('a', entry('of a')), store.append('b', entry('of b'))])
      await store.delete('a')
      same(await all(store.loadAll('b')), [meta(), entry('of b')])
    })
    test('close() may be called twice', async () => {
      const store = await make()
      await store.close()
      await store.close()
    })
  })

  describe('ids and values of a store', () => {
    on('prefixes tell case and astral characters apart', 'byteOrder', async (store) => {
      const ids = ['Users/1', 'users/1', 'users0', '\ud7ff!', '\ue000', '😀/1', '😀/2', '\u{10ffff}x']
      for (const id of ids) await store.append(id, meta())
      same(await all(store.listDocIds('users/')), ['users/1'])
      same(await all(store.listDocIds('\ud7ff')), ['\ud7ff!'])
      same(await all(store.listDocIds('😀')), ['😀/1', '😀/2'])
      same(await all(store.listDocIds('\u{10ffff}')), ['\u{10ffff}x'])
      same(await all(store.listDocIds('')), [
        'Users/1',
        'users/1',
        'users0',
        '\ud7ff!',
        '\ue000',
        '😀/1',
        '😀/2',
        '\u{10ffff}x',
      ])
    })
    on('what cannot be stored is refused', 'validation', async (store) => {
      await fails(store.append('half \ud800', meta()), /surrogate/)
      await fails(store.append('a\0b', meta()), /NUL/)
      await fails(store.append('doc', { kind: 'meta', meta: {} } as never), /replicaType/)
      await fails(store.append('doc', { kind: 'other' } as never), /kind/)
      same(await all(store.listDocIds()), [])
    })
    on('unknown properties of metadata are dropped', 'validation', async (store) => {
      await store.append('doc', { kind: 'meta', meta: { ...META, extra: 1 } as StoreMeta })
      same(await store.currentMeta('doc'), META)
    })
    on('bytes are copied, and have a buffer of their own', 'ownBytes', async (store) => {
      const whole = Uint8Array.from([9, 1, 2, 3, 9])
      await store.append('doc', meta())
      const appended = store.append('doc', entry(whole.subarray(1, 4)))
      whole.fill(0)
      await appended
      await store.append('doc', entry(Uint8Array.from([4, 5]).buffer as never))
      await store.append('doc', entry(new Uint8Array()))
      const found = (await all(store.loadAll('doc'))).slice(1).map(bytesOf)
      same(
        found.map((bytes) => [...bytes]),
        [[1, 2, 3], [4, 5], []],
      )
      for (const bytes of found) {
        same(bytes.constructor === Uint8Array, true)
        same(bytes.buffer.byteLength, bytes.length)
        bytes.fill(255)
      }
      same(
        (await all(store.loadAll('doc'))).slice(1).map((record) => [...bytesOf(record)]),
        [[1, 2, 3], [4, 5], []],
      )
    })
  })

  describe('isolation of a store', () => {
    const several = (store: Store): Promise<void> => store.replace('doc', [meta(), ...entries(SEVERAL_PAGES)])
    on('a load gives the records that were there at its start', 'isolation', async (store) => {
      await several(store)
      let count = 0
      for await (const _ of store.loadAll('doc')) if (count++ < 3) await store.append('doc', entry('later'))
      same(count, SEVERAL_PAGES + 1)
      same((await all(store.loadAll('doc'))).length, SEVERAL_PAGES + 4)
    })
    on('other calls work while a load or a list is open, and after one was left', 'isolation', async (store) => {
      await several(store)
      for await (const _ of store.loadAll('doc')) {
        await store.append('other', meta())
        await store.delete('other')
        break
      }
      for (const id of ['a', 'b', 'c']) await store.append(id, meta())
      for await (const id of store.listDocIds()) await store.delete(id)
      same(await all(store.listDocIds()), [])
    })
    for (const [name, act] of [
      ['replaced', (store: Store) => store.replace('doc', [meta(), ...entries(SEVERAL_PAGES)])],
      ['deleted', (store: Store) => store.delete('doc')],
    ] as const) {
      on(`a load fails if the document is ${name} meanwhile, and never mixes two`, 'isolation', async (store) => {
        await several(store)
        const records: StoreRecord[] = []
        const load = async (): Promise<void> => {
          for await (const record of store.loadAll('doc')) if (records.push(record) === 1) await act(store)
        }
        await fails(load(), /meanwhile/)
        same(records, [meta(), ...entries(SEVERAL_PAGES)].slice(0, records.length))
      })
    }
    on('appends that run at once are all there', 'sharing', async (store) => {
      await store.append('doc', meta())
      await Promise.all(entries(20).map((record) => store.append('doc', record)))
      same((await all(store.loadAll('doc'))).length, 21)
    })
    on('of metadata that contradict each other, written at once, one wins', 'sharing', async (store) => {
      const results = await Promise.allSettled([
        store.append('doc', meta({ replicaType: ['a', 1, 0] })),
        store.append('doc', meta({ replicaType: ['b', 1, 0] })),
        store.replace('doc', [meta({ replicaType: ['c', 1, 0] })]),
      ])
      const failed = results.filter((result) => result.status === 'rejected')
      same(failed.length, 2)
      for (const { reason } of failed) same(/replicaType mismatch/.test(String(reason)), true)
      same((await all(store.loadAll('doc'))).length, 1)
    })
    if (share !== undefined && lacks.sharing === undefined) {
      on('two stores share their documents', undefined, async (one) => {
        const two = await share(one)
        try {
          await one.append('doc', meta())
          await Promise.all(entries(16).map((record, i) => (i % 2 === 0 ? one : two).append('doc', record)))
          same((await all(two.loadAll('doc'))).length, 17)
          await two.replace('doc', [meta(), entry('whole')])
          await one.append('doc', entry('more'))
          same(await all(two.loadAll('doc')), [meta(), entry('whole'), entry('more')])
          await two.delete('doc')
          await fails(one.append('doc', entry('x')), /must be meta/)
        } finally {
          await two.close()
        }
      })
    }
    if (appendElsewhere !== undefined) {
      on('two processes append to one document', undefined, async (store) => {
        const count = 50
        await store.append('doc', meta())
        const other = appendElsewhere(store, 'doc', count)
        for (const record of entries(count)) await store.append('doc', record)
        await other
        same((await all(store.loadAll('doc'))).length, 2 * count + 1)
      })
    }
  })

  if (makeFaulty === undefined) return
  describe('failures of a store', () => {
    const before = [meta(), ...entries(3)]
    const attempts: Readonly<Record<string, readonly [(store: Store) => Promise<void>, readonly StoreRecord[]]>> = {
      'an append': [(store) => store.append('doc', entry('x')), [...before, entry('x')]],
      'an append of metadata': [
        (store) => store.append('doc', meta({ schemaHash: 'b' })),
        [...before, meta({ schemaHash: 'b' })],
      ],
      'a replacement': [
        (store) => store.replace('doc', [meta({ schemaHash: 'b' }), entry('whole')]),
        [meta({ schemaHash: 'b' }), entry('whole')],
      ],
      'a deletion': [(store) => store.delete('doc'), []],
    }
    for (const [name, [act, after]] of Object.entries(attempts)) {
      test(`${name} that fails changes nothing, at whatever operation it fails`, async () => {
        for (let operation = 1; ; operation++) {
          const { store, arm, disarm } = await makeFaulty()
          for (const record of before) await store.append('doc', record)
          arm(operation)
          const failed = await act(store).then(
            () => false,
            () => true,
          )
          disarm()
          const records = await all(store.loadAll('doc'))
          same(records, failed ? before : after)
          const last = records.findLast((record) => record.kind === 'meta')
          same(await store.currentMeta('doc'), last?.meta ?? null)
          if (failed) await act(store)
          same(await all(store.loadAll('doc')), after)
          await store.close()
          if (!failed) break
        }
      })
    }
  })
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

function bytesOf(record: StoreRecord): Uint8Array {
  if (record.kind === 'entry' && record.payload.data instanceof Uint8Array) return record.payload.data
  throw new Error(`Expected an entry with bytes, got ${textOf(record)}.`)
}

async function fails(promise: Promise<unknown>, message: RegExp): Promise<void> {
  const result = await promise.then(
    () => 'no error',
    (error: unknown) => String(error),
  )
  if (!message.test(result)) throw new Error(`Expected an error ${message}, got ${result}.`)
}

const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, each) => (each instanceof Uint8Array ? { bytes: [...each] } : each)) ?? 'undefined'

function same(found: unknown, expected: unknown): void {
  if (textOf(sorted(found)) !== textOf(sorted(expected)))
    throw new Error(`Expected ${textOf(expected)}, got ${textOf(found)}.`)
}

/** Puts the properties of objects in order, which means nothing. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(sorted)
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  )
}
