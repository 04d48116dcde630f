import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { createSqliteStore, fromNodeSqlite, type StoreRecord } from '../../src/store/index.ts'
import { entry, META, meta } from './ground.ts'
import { bundleProgram, folder } from './program.ts'

/** `STORE_LONG=1` runs as many rounds as the acceptance of the store asks. */
const isLong = process.env.STORE_LONG !== undefined
const EACH = isLong ? 10_000 : 300
const KILLS = isLong ? 100 : 5

const open = (path: string) => createSqliteStore(fromNodeSqlite(new DatabaseSync(path)))

const textOf = (record: StoreRecord): string => (record.kind === 'entry' ? String(record.payload.data) : 'meta')

describe('a store that several processes use', () => {
  test('44: two processes append to one document at once: every number once, each process in its order', async () => {
    const path = join(folder, 'two.db')
    const database = new DatabaseSync(path)
    database.exec('pragma journal_mode = wal')
    await using store = createSqliteStore(fromNodeSqlite(database))
    await store.append('doc', meta())
    const program = await bundleProgram('append-program')
    const run = () => promisify(execFile)(process.execPath, [program, path, 'doc', String(EACH)])
    await Promise.all([run(), run()])
    const records = await Array.fromAsync(store.load('doc', { after: 0 }))
    expect(records.map(({ seq }) => seq)).toEqual(Array.from({ length: 2 * EACH }, (_, i) => i + 1))
    const byProcess = Map.groupBy(records, ({ record }) => textOf(record).split(':')[0])
    expect(byProcess.size).toBe(2)
    for (const own of byProcess.values())
      expect(own.map(({ record }) => textOf(record).split(':')[1])).toEqual(
        Array.from({ length: EACH }, (_, i) => `${i}`),
      )
  }, 600_000)

  test(`45: a process is killed during append and replace, ${KILLS} times: what it told is there, nothing is half`, async () => {
    const path = join(folder, 'killed.db')
    const program = await bundleProgram('killed-program')
    for (let round = 0; round < KILLS; round++) {
      const child = spawn(process.execPath, [program, path, 'doc'])
      let told = ''
      child.stdout.on('data', (chunk: Buffer) => {
        told += chunk
      })
      await once(child.stdout, 'data')
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 60))
      child.kill('SIGKILL')
      await once(child, 'close')
      await using store = open(path)
      checkState((await Array.fromAsync(store.loadAll('doc'))).map(textOf), told.trim().split('\n'))
      const isThere = (await Array.fromAsync(store.loadAll('doc'))).length > 0
      expect(await store.currentMeta('doc')).toEqual(isThere ? META : null)
      await store.appendMany('doc', [meta(), entry('still works')])
      await store.delete('doc')
    }
  }, 600_000)

  test('45: a disk that is full lets a call fail, which then has changed nothing', async (context) => {
    const disk = join(folder, 'disk')
    mkdirSync(disk)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk], { stdio: 'ignore' })
    } catch {
      context.skip('A file system of its own cannot be mounted here.')
    }
    try {
      await using store = open(join(disk, 'full.db'))
      await store.append('doc', meta())
      const large = entry(new Uint8Array(20_000).fill(1))
      let count = 1
      const fill = async (): Promise<void> => {
        for (;;) {
          await store.append('doc', large)
          count++
        }
      }
      await expect(fill()).rejects.toThrow(/full/)
      expect((await Array.fromAsync(store.loadAll('doc'))).length).toBe(count)
      await expect(
        store.replace('doc', [meta({ schemaHash: 'b' }), large, large, large, large, large]),
      ).rejects.toThrow(/full/)
      expect((await Array.fromAsync(store.loadAll('doc'))).length).toBe(count)
      expect((await store.currentMeta('doc'))?.schemaHash).toBe('hash')
      execFileSync('mount', ['-o', 'remount,size=2m', disk])
      await store.append('doc', large)
      expect((await Array.fromAsync(store.load('doc'))).at(-1)?.seq).toBe(count)
    } finally {
      execFileSync('umount', [disk])
    }
  })
})

/** Checks a document after a kill: the last thing that was told, or the one that came after it. */
function checkState(found: readonly string[], told: readonly string[]): void {
  const last = told.at(-1)!
  const [what, name] = last.split(' ') as [string, string]
  const generation = Number(name.split('/')[0])
  const states = what === 'replace' ? [...statesFrom(generation - 1, 15), ...statesFrom(generation, 5)] : []
  if (what === 'replaced') states.push(...statesFrom(generation, 5), ...statesFrom(generation, 6))
  if (what === 'appended') {
    const size = Number(name.split('/')[1]) + 1
    states.push(
      ...statesFrom(generation, size),
      ...statesFrom(size === 15 ? generation + 1 : generation, size === 15 ? 5 : size + 1),
    )
  }
  expect(states.map((state) => state.join())).toContain(found.join())
}

/** The document of a generation with so many entries; before the first one there is none. */
function statesFrom(generation: number, size: number): string[][] {
  if (generation < 0) return [[]]
  return [['meta', ...Array.from({ length: size }, (_, i) => `${generation}/${i}`)]]
}
