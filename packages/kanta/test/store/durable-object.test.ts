import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import { afterAll, describe, expect, test } from 'vitest'

/**
 * A worker whose Durable Objects hold the tests of the store, each in an object of its own: a request with the number of
 * a test runs it. The tests are those of `describeStore`, with the assertions that they bring.
 */
async function start(): Promise<Miniflare | { readonly missing: string }> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('./durable-object-worker.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    conditions: ['kanta-source'],
    external: ['node:*'],
  })
  try {
    const worker = new Miniflare({
      modules: true,
      script: outputFiles[0]!.text,
      compatibilityDate: '2026-01-01',
      durableObjects: { OBJECT: { className: 'TestObject', useSQLite: true } },
    })
    await worker.ready
    return worker
  } catch (error) {
    return { missing: `workerd does not run here: ${error instanceof Error ? error.message : String(error)}` }
  }
}

const worker = await start()

if ('missing' in worker) test.skip(`Durable Objects (left out: ${worker.missing})`, () => {})
else {
  afterAll(() => worker.dispose())
  const ask = async (path: string): Promise<string> => (await worker.dispatchFetch(`http://localhost/${path}`)).text()
  const names = JSON.parse(await ask('names')) as string[]

  describe('43, 47: Durable Objects', () => {
    test.each(names.map((name, number) => [name, number] as const))('%s', async (_, number) => {
      expect(await ask(`run/${number}`)).toBe('ok')
    })
  })
}
