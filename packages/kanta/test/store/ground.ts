import type { StoreMeta, StoreRecord } from '../../src/store/index.ts'

export const META: StoreMeta = {
  replicaType: ['plain', 1, 0],
  syncMode: { writerModel: 'concurrent', delivery: 'delta-capable', durability: 'persistent' },
  schemaHash: 'hash',
}

export const meta = (change: Partial<StoreMeta> = {}): StoreRecord => ({ kind: 'meta', meta: { ...META, ...change } })

export const entry = (data: string | Uint8Array, version = '1'): StoreRecord => ({
  kind: 'entry',
  payload: { kind: 'since', encoding: typeof data === 'string' ? 'json' : 'binary', data },
  version,
})

export const entries = (count: number): StoreRecord[] => Array.from({ length: count }, (_, i) => entry(`${i}`, `${i}`))
