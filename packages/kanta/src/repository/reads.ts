import { checkOptions, refuse } from '../error/index.ts'
import { dialectOf } from '../extend/internal/index.ts'
import { eq } from '../filter/index.ts'
import { paginate, paginateCursor } from '../page/index.ts'
import { expressionBuilder, functions, show } from '../sql/index.ts'
import { keyText, primaryKeyOf } from './key.ts'
import { checkFilter, matchingAny, OperationGround } from './operation.ts'
import type { Narrow, Reading, Rows, Values } from './rows.ts'

/** A page that `getAll()` reads, as it is given or as `parseUrl()` reads it. */
interface PageReading extends Omit<Reading, 'offset'> {
  readonly filter?: unknown
  readonly page?: number | undefined
  readonly after?: string | undefined
  readonly before?: string | undefined
  readonly method?: 'offset' | 'cursor' | undefined
  readonly secret?: string | undefined
  readonly encrypt?: boolean | undefined
  readonly subject?: string | number | bigint | undefined
  readonly search?: unknown
  readonly select?: unknown
}
const PAGE_OPTIONS: readonly (keyof PageReading)[] = [
  ...(['filter', 'sort', 'include', 'page', 'limit', 'after', 'before', 'method'] as const),
  ...(['secret', 'encrypt', 'subject', 'search', 'select'] as const),
]

interface CursorReading {
  readonly sort?: Reading['sort']
  readonly include?: Reading['include']
  readonly batchSize?: number
  readonly signal?: AbortSignal
}

const BY_KEY: readonly (keyof Reading)[] = ['include']

const orNull = (row: Values | undefined): Values | null => row ?? null

function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return work()
  } catch (error) {
    return Promise.reject(error)
  }
}

/** The keys that one statement looks for: few enough for the parameters of every database, and for its text. */
const MOST_KEYS = 500

/** The operations that read rows. */
export class ReadOperations extends OperationGround {
  getById(key: unknown, options: Reading = {}): Promise<Values | null> {
    // Without a function that is async, which would take a tenth of the time of the whole.
    return this.run('getById', { key }, (rows) =>
      attempt(() => {
        checkOptions('getById()', options, BY_KEY)
        return rows.find(rows.with(primaryKeyOf(this.table, key)), options).then(orNull)
      }),
    )
  }

  getByIds(keys: readonly unknown[], options: Reading = {}): Promise<Map<unknown, Values>> {
    return this.run('getByIds', { key: keys }, async (rows) => {
      checkOptions('getByIds()', options, ['include'])
      if (!Array.isArray(keys)) return refuse(`getByIds(${show(keys)}) takes a list of keys.`)
      const found = new Map<string, Values>()
      for (const part of keyParts(rows, keys))
        for (const row of await rows.findAll(withKeys(rows, part), options)) found.set(keyText(this.table, row), row)
      return new Map(
        keys.flatMap((key: unknown) => {
          const row = found.get(keyText(this.table, primaryKeyOf(this.table, key)))
          return row === undefined ? [] : [[key, row] as const]
        }),
      )
    })
  }

  getOne(filter: unknown, options: Reading = {}): Promise<Values | null> {
    return this.run('getOne', { filter }, async (rows) => {
      checkOptions('getOne()', options, ['include', 'sort', 'offset'])
      return (await rows.find(rows.matching(checkFilter(filter)), { ...this.inOrder(options), limit: 1 })) ?? null
    })
  }

  getByQuery(filter: unknown, options: Reading = {}): Promise<Values | null> {
    return this.getOne(filter, options)
  }

  async getBySlug(slug: string, options: { readonly field?: string } & Reading = {}): Promise<Values | null> {
    checkOptions('getBySlug()', options, ['field', 'include'])
    const { field = 'slug', ...reading } = options
    if (typeof slug !== 'string') return refuse(`getBySlug(${show(slug)}) takes a text.`)
    this.rows.ref(field)
    return this.getOne(eq(field, slug), reading)
  }

  findAll(filter?: unknown, options: Reading = {}): Promise<readonly Values[]> {
    return this.run('findAll', { filter }, async (rows) => {
      checkOptions('findAll()', options, ['include', 'sort', 'limit', 'offset'])
      return rows.findAll(matchingAny(rows, filter), this.inOrder(options))
    })
  }

  getAll(options: PageReading = {}): Promise<unknown> {
    return this.run('getAll', { filter: options.filter }, async (rows) => {
      checkOptions('getAll()', options, PAGE_OPTIONS)
      const { filter, sort, include, page, limit, after, before, method, ...protection } = options
      if (options.search !== undefined || options.select !== undefined)
        return refuse("getAll() takes no 'search' and no 'select'. Make a query of them, and read it by paginate().")
      const isByCursor = after !== undefined || before !== undefined || method === 'cursor'
      if (isByCursor && page !== undefined) return refuse("getAll() takes either 'page', or a cursor.")
      const query = rows.select(matchingAny(rows, filter), this.inTotalOrder({ sort, include })) as never
      if (!isByCursor) return paginate(query, { page, limit })
      const { search: _, select: __, ...given } = protection
      return { method: 'cursor', ...(await paginateCursor(query, { limit, after, before, ...given })) }
    })
  }

  count(filter?: unknown): Promise<number> {
    return this.run('count', { filter }, async (rows) => {
      const query = rows.db.selectFrom(this.name).select(functions.countAll().as('count'))
      return Number(((await matchingAny(rows, filter)(query).executeTakeFirst()) as Values).count)
    })
  }

  exists(filter?: unknown): Promise<boolean> {
    return this.run('exists', { filter }, async (rows) => {
      const query = rows.db.selectFrom(this.name).select(expressionBuilder().lit(1).as('one')).limit(1)
      return (await matchingAny(rows, filter)(query).executeTakeFirst()) !== undefined
    })
  }

  distinct(column: string, filter?: unknown): Promise<unknown[]> {
    return this.run('distinct', { filter }, async (rows) => {
      const query = rows.db.selectFrom(this.name).select(rows.ref(column).as('value')).distinct()
      const found = (await matchingAny(rows, filter)(query).execute()) as readonly Values[]
      return found.map((row) => row.value)
    })
  }

  cursor(filter?: unknown, options: CursorReading = {}): AsyncIterableIterator<unknown> {
    checkOptions('cursor()', options, ['sort', 'include', 'batchSize', 'signal'])
    const { batchSize = 1_000, signal, ...reading } = options
    const query = this.rows.select(matchingAny(this.rows, filter), this.inTotalOrder(reading))
    return query.stream({ chunkSize: batchSize, ...(signal !== undefined && { signal }) })
  }

  explain(filter?: unknown, options: Reading = {}): Promise<unknown> {
    return this.run('explain', { filter }, async (rows) => {
      checkOptions('explain()', options, ['sort', 'limit', 'offset', 'include'])
      return rows.select(matchingAny(rows, filter), this.inOrder(options)).explain()
    })
  }
}

/** Returns the different ones of keys in parts, each for one statement. */
export function keyParts({ db, table }: Rows, keys: readonly unknown[]): readonly (readonly Values[])[] {
  const byText = new Map<string, Values>()
  for (const key of keys) {
    const checked = primaryKeyOf(table, key)
    byText.set(keyText(table, checked), checked)
  }
  const size = Math.max(1, Math.min(MOST_KEYS, Math.floor(dialectOf(db).maxParameters / 2)))
  const step = Math.max(1, Math.floor(size / table.primaryKey.length))
  const wanted = [...byText.values()]
  return Array.from({ length: Math.ceil(wanted.length / step) }, (_, i) => wanted.slice(i * step, (i + 1) * step))
}

/** The condition that a row has one of several keys. */
export function withKeys(rows: Rows, keys: readonly Values[]): Narrow {
  const [first, ...others] = rows.table.primaryKey
  const eb = expressionBuilder()
  if (others.length === 0)
    return (query) =>
      query.where(
        rows.ref(first!),
        'in',
        keys.map((key) => key[first!]),
      )
  const one = (key: Values): unknown => eb.and(rows.table.primaryKey.map((name) => eb(rows.ref(name), '=', key[name])))
  return (query) => query.where(eb.or(keys.map(one)))
}
