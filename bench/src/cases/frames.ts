/** Counts the frames and the files of Kanta between the user's call and the driver, the store of a cache, or an error. */

import { kanta, sql } from 'kanta'
import { cache, memoryStore } from 'kanta/cache'
import { sqlite } from 'kanta/sqlite'
import type { Report } from '../harness.ts'
import { open } from '../plugged.ts'

export const about = 'frames and files of Kanta between a call and the driver, a store of the cache, or an error'

/** A call stack, the innermost frame first, of Kanta's own frames alone. */
interface Path {
  readonly frames: readonly string[]
  readonly files: ReadonlySet<string>
}

function pathOf(stack: string): Path {
  const frames = stack.split('\n').filter((line) => line.includes('/kanta/dist/'))
  return { frames, files: new Set(frames.map((line) => /kanta\/dist\/([^:)]+)/.exec(line)![1]!)) }
}

let last: string | undefined

/** The same object, of which some methods note the stack of their caller. */
function noting<T extends object>(target: T, methods: readonly string[]): T {
  return new Proxy(target, {
    get: (object, key) => {
      const value = Reflect.get(object, key, object) as unknown
      if (typeof value !== 'function') return value
      if (!methods.includes(String(key))) return value.bind(object)
      return (...args: unknown[]) => {
        last = new Error().stack
        return value.apply(object, args)
      }
    },
  })
}

type Driver = ReturnType<typeof sqlite>

/** A driver whose connections note who calls them; its answers come at once, or as promises. */
function noted(driver: Driver): Driver {
  return {
    ...driver,
    connect: (role) => noting(driver.connect(role) as object, ['first', 'all', 'run']) as never,
  }
}

/** Runs something often enough to be warm, and gives the path of its last run. */
async function warm(run: (id: number) => Promise<unknown>): Promise<Path> {
  for (let i = 1; i <= 10; i++) {
    last = undefined
    await run(i)
  }
  return pathOf(last ?? '')
}

export async function* run(): AsyncIterable<Report> {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 100
  const paths = await measureFrames()
  Error.stackTraceLimit = limit
  for (const what of ['frames', 'files'] as const) {
    const values = Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, [size(path[what])]]))
    const max = what === 'frames' ? 10 : 4
    yield { title: `${what} of a call`, unit: 'count', values, targets: ASKED.map((of) => ({ of, max })), notes: [] }
  }
  if (process.env.FRAMES === 'show') for (const [name, { frames }] of Object.entries(paths)) console.log(name, frames)
}

const ASKED = ['a read, no plugin', 'a read, three plugins', 'a cached read', 'an error']

const size = (all: readonly string[] | ReadonlySet<string>): number => ('size' in all ? all.size : all.length)

async function measureFrames(): Promise<Record<string, Path>> {
  const db = await open(noted(sqlite(':memory:')))
  const store = noting(memoryStore(), ['look'])
  const plain = kanta<{ city: { id: number; name: string } }>({
    driver: noted(sqlite(':memory:')),
    plugins: [cache({ store, ttl: 60_000 })],
  })
  await sql`create table city (id integer, name text)`.execute(plain)
  const cached = () => (plain as unknown as { cached(): typeof plain }).cached()
  const cities = plain.selectFrom('city').select(['id', 'name'])
  const one = (id: number) => cities.where('id', '=', id)
  const found = {
    'a read, no plugin': await warm(db.none),
    'a read, three plugins': await warm(db.three),
    'a read, ten plugins': await warm(db.ten),
    'a read, query log': await warm(db.logged),
    'a read, a cache that is not asked': await warm((id) => one(id).execute()),
    'a write': await warm((id) => plain.insertInto('city').values({ id, name: 'x' }).execute()),
    'a cached read': await warm(() => cached().selectFrom('city').select(['id']).where('id', '=', 1).execute()),
    'an error': await errorPath(() =>
      plain
        .selectFrom('nowhere' as 'city')
        .select('id')
        .execute(),
    ),
  }
  await db.close()
  await plain.destroy()
  return found
}

/** The frames that the stack of an error shows. */
async function errorPath(run: () => Promise<unknown>): Promise<Path> {
  try {
    await run()
  } catch (error) {
    return pathOf((error as Error).stack ?? '')
  }
  throw new Error('It did not fail.')
}
