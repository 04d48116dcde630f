import { checkOptions, refuse } from '../error/index.ts'
import { type DatabaseHandle, suppress } from '../extend/internal/index.ts'
import type { Database } from '../face/index.ts'
import { show } from '../sql/index.ts'
import { atomically } from './rows.ts'

const reads = [
  ...(['getById', 'getOne', 'getByIds', 'getAll', 'findAll', 'count', 'exists', 'distinct'] as const),
  ...(['aggregate', 'aggregatePaginate', 'lookupPopulate', 'search', 'explain'] as const),
] as const
const writes = [
  ...([
    'create',
    'createMany',
    'update',
    'bulkUpdate',
    'updateMany',
    'delete',
    'deleteMany',
    'findOneAndUpdate',
  ] as const),
  ...(['getOrCreate', 'upsert', 'upsertMany', 'increment', 'claim', 'claimVersion', 'applyTransition'] as const),
  ...(['bulkDelete', 'restore', 'hardDelete', 'touch', 'purgeByFilter', 'archiveByFilter'] as const),
] as const

/** An operation of a repository. */
export type RepositoryOperation = (typeof reads)[number] | (typeof writes)[number]

/** What a hook is told of an operation. */
export interface RepositoryEvent {
  readonly operation: RepositoryOperation
  readonly table: string
  /** The handle in which the operation runs: the statements of the hook belong to its transaction. */
  readonly db: Database<any, any>
  /** The key of the row, or the keys of `getByIds()`. */
  readonly key?: unknown
  readonly filter?: unknown
  /** The data to write as they were given, or as the hook before gave them. */
  readonly data?: unknown
}

/** Code around the operations of a repository. */
export interface RepositoryHook {
  /** The operations; all by default. */
  readonly operations?: readonly RepositoryOperation[] | undefined
  /** Lower numbers come first; those of one number as they are given. Default: 500. */
  readonly priority?: number | undefined
  /** Throws to refuse the operation. What it returns is written in place of the data that were given. */
  before?(event: RepositoryEvent): unknown
  /** Comes after the operation; a write and its hooks are one transaction, so that an error here undoes the write. */
  after?(event: RepositoryEvent, result: unknown): unknown
  /** Comes when the operation or a hook has failed. */
  failed?(event: RepositoryEvent, error: unknown): unknown
}

const MEMBERS = ['operations', 'priority', 'before', 'after', 'failed']
const OPERATIONS: readonly string[] = [...reads, ...writes]
const WRITES: ReadonlySet<string> = new Set(writes)

/** Checks hooks and puts them in their order. */
export function orderHooks(hooks: readonly RepositoryHook[]): readonly RepositoryHook[] {
  if (!Array.isArray(hooks)) return refuse(`repository(): hooks is a list, not ${show(hooks)}.`)
  for (const hook of hooks as readonly RepositoryHook[]) {
    checkOptions('A hook of a repository', hook, MEMBERS)
    for (const operation of hook.operations ?? [])
      if (!OPERATIONS.includes(operation))
        refuse(`A hook names the operation ${show(operation)}. Operations are: ${OPERATIONS.join(', ')}.`)
    if (hook.priority !== undefined && !Number.isFinite(hook.priority))
      refuse(`The priority of a hook is a number, not ${show(hook.priority)}.`)
  }
  const priority = (hook: RepositoryHook): number => hook.priority ?? 500
  return [...hooks].sort((a, b) => priority(a) - priority(b))
}

/** Runs an operation between its hooks. */
export function withHooks<T>(
  all: readonly RepositoryHook[],
  db: DatabaseHandle,
  details: Omit<RepositoryEvent, 'db'>,
  work: (db: DatabaseHandle, data: never) => Promise<T>,
): Promise<T> {
  if (all.length === 0) return work(db, details.data as never)
  const hooks = all.filter(({ operations }) => operations?.includes(details.operation) !== false)
  if (hooks.length === 0) return work(db, details.data as never)
  const isAtomic = WRITES.has(details.operation) && hooks.some((hook) => hook.after !== undefined)
  const run = (inner: DatabaseHandle): Promise<T> => runBetween(hooks, inner, details, work)
  return isAtomic ? atomically(db, run) : run(db)
}

async function runBetween<T>(
  hooks: readonly RepositoryHook[],
  db: DatabaseHandle,
  details: Omit<RepositoryEvent, 'db'>,
  work: (db: DatabaseHandle, data: never) => Promise<T>,
): Promise<T> {
  let event: RepositoryEvent = Object.freeze({ ...details, db: db as never })
  try {
    for (const hook of hooks) {
      const data: unknown = await hook.before?.(event)
      if (data !== undefined) event = Object.freeze({ ...event, data })
    }
    const result = await work(db, event.data as never)
    for (const hook of hooks) await hook.after?.(event, result)
    return result
  } catch (error) {
    throw await reportFailure(hooks, event, error)
  }
}

async function reportFailure(
  hooks: readonly RepositoryHook[],
  event: RepositoryEvent,
  error: unknown,
): Promise<unknown> {
  let failure = error
  for (const hook of hooks) {
    try {
      await hook.failed?.(event, error)
    } catch (later) {
      failure = suppress(failure, later)
    }
  }
  return failure
}
