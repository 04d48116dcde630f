import { refuse } from '../error/index.ts'
import type { DatabaseHandle } from '../extend/internal/index.ts'
import { type Filter, isFilter, keepsAll } from '../filter/index.ts'
import { fullName } from '../ir/index.ts'
import { show } from '../sql/index.ts'
import type { TableDefinition } from '../table/index.ts'
import { type RepositoryEvent, type RepositoryHook, type RepositoryOperation, withHooks } from './hook.ts'
import { type Narrow, type Reading, Rows } from './rows.ts'
import type { RowValidator } from './validate.ts'

/** The parts that a repository is made of. */
export interface Settings {
  readonly table: TableDefinition
  readonly validator: RowValidator
  readonly hooks: readonly RepositoryHook[]
}

type Details = Omit<RepositoryEvent, 'db' | 'table' | 'operation'>

/** The state that the operations of a repository share: its handle, its table, and the hooks around them. */
export class OperationGround {
  protected readonly db: DatabaseHandle
  protected readonly settings: Settings
  protected readonly table: TableDefinition
  protected readonly name: string
  protected readonly rows: Rows

  constructor(db: DatabaseHandle, settings: Settings) {
    this.db = db
    this.settings = settings
    this.table = settings.table
    this.name = fullName(settings.table)
    this.rows = new Rows(db, settings.table)
  }

  /** Tells whether hooks are called around an operation. */
  hasHooks(operation: string): boolean {
    return this.settings.hooks.some(({ operations }) => operations?.includes(operation as never) !== false)
  }

  protected run<T, D>(
    operation: RepositoryOperation,
    details: Details,
    work: (rows: Rows, data: D) => Promise<T>,
  ): Promise<T> {
    const event = { ...details, operation, table: this.name }
    return withHooks(this.settings.hooks, this.db, event, (db, data) => work(this.rows.in(db), data as D))
  }

  /** Adds the key as the last order to rows that are cut, so that the same ones come each time. */
  protected inOrder(reading: Reading): Reading {
    const { sort = [], limit, offset } = reading
    if (!Array.isArray(sort)) return refuse(`sort: ${show(sort)} is no list. Give [{ column, direction }].`)
    return sort.length === 0 && limit === undefined && offset === undefined ? reading : this.inTotalOrder(reading)
  }

  /** The key is the last tie, so that each row has one place. */
  protected inTotalOrder(reading: Reading): Reading {
    const { sort = [] } = reading
    const more = this.table.primaryKey.filter((column) => !sort.some((by) => by.column === column))
    return { ...reading, sort: [...sort, ...more.map((column) => ({ column }))] }
  }
}

const all: Narrow = (query) => query

export function checkFilter(filter: unknown): Filter<never> {
  return isFilter(filter)
    ? filter
    : refuse(`${show(filter)} is not a filter. Build one with eq(), and() and their like of kanta/filter.`)
}

export const matchingAny = (rows: Rows, filter: unknown): Narrow =>
  filter === undefined ? all : rows.matching(checkFilter(filter))

/** Refuses a filter that would change every row, whatever policies leave of them. */
export function checkSelective(operation: string, filter: unknown): Filter<never> {
  const checked = checkFilter(filter)
  if (keepsAll(checked)) refuse(`${operation}() has an empty filter, which would take every row. Give a condition.`)
  return checked
}
