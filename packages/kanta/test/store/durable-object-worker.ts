/** The worker of durable-object.test.ts. */
import { describeStore, makeArmedFault } from '../../src/store/conformance/index.ts'
import { createSqliteStore, type DurableObjectContext, fromDurableObject } from '../../src/store/index.ts'
import { entry, meta } from './ground.ts'

interface Test {
  readonly name: string
  readonly body: (ctx: DurableObjectContext) => Promise<void>
}

const tests: Test[] = []
let ctx: DurableObjectContext

describeStore(
  {
    describe: (_, body) => body(),
    test: (name, body) =>
      tests.push({
        name,
        async body(own) {
          ctx = own
          await body()
        },
      }),
  },
  {
    make: () => createSqliteStore(fromDurableObject(ctx)),
    share: () => createSqliteStore(fromDurableObject(ctx)),
    async makeFaulty() {
      const fault = makeArmedFault()
      const store = createSqliteStore(fault.wrap(fromDurableObject(ctx)))
      await store.delete('doc')
      return { store, ...fault }
    },
  },
)

tests.push({
  name: 'records above the limit of a row are stored in parts, and replaced and deleted with them',
  async body(own) {
    const store = createSqliteStore(fromDurableObject(own))
    const bytes = new Uint8Array(5_000_000).map((_, i) => i % 251)
    const text = 'ä€😀'.repeat(300_000)
    const records = [meta(), entry(bytes), entry('small'), entry(text)]
    for (const record of records) await store.append('doc', record)
    const found = []
    for await (const record of store.loadAll('doc')) found.push(record)
    const isSame = found.every((record, i) => {
      const [a, b] = [record, records[i]!]
      if (a.kind !== 'entry' || b.kind !== 'entry') return a.kind === b.kind
      const [x, y] = [a.payload.data, b.payload.data]
      return typeof x === 'string' ? x === y : x.length === y.length && x.every((byte, at) => byte === y[at])
    })
    if (!isSame || found.length !== 4) throw new Error('The records differ.')
    const count = () =>
      Number(Object.values(own.storage.sql.exec('select count(*) from kyneta_records_parts').toArray()[0]!)[0])
    if (count() !== 8) throw new Error(`There are ${count()} parts, not 8.`)
    await store.replace('doc', [meta(), entry(bytes)])
    if (count() !== 5) throw new Error(`There are ${count()} parts, not 5.`)
    await store.delete('doc')
    if (count() !== 0) throw new Error(`There are ${count()} parts, not 0.`)
  },
})

tests.push({
  name: "an adapter whose transaction undoes nothing is refused, as the one of kyneta's documentation",
  async body({ storage }) {
    const adapter = { ...fromDurableObject({ storage }), transaction: <R>(fn: () => R) => fn() }
    try {
      createSqliteStore(adapter)
    } catch (error) {
      if (/does not undo/.test(String(error))) return
    }
    throw new Error('It was taken.')
  },
})

/** The state and the environment of a worker, as far as the tests use them. */
interface Environment {
  readonly OBJECT: {
    idFromName(name: string): unknown
    get(id: unknown): { fetch(request: Request): Promise<Response> }
  }
}

export class TestObject {
  readonly #ctx: DurableObjectContext

  constructor(ctx: DurableObjectContext) {
    this.#ctx = ctx
  }

  async fetch(request: Request): Promise<Response> {
    const number = Number(new URL(request.url).pathname.split('/')[2])
    try {
      await tests[number]!.body(this.#ctx)
      return new Response('ok')
    } catch (error) {
      return new Response(error instanceof Error ? `${error.message}\n${error.stack}` : String(error))
    }
  }
}

export default {
  fetch(request: Request, { OBJECT }: Environment): Response | Promise<Response> {
    const path = new URL(request.url).pathname
    if (path === '/names') return Response.json(tests.map(({ name }) => name))
    return OBJECT.get(OBJECT.idFromName(path)).fetch(request)
  },
}
