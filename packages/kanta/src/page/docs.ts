import { refuse } from '../error/index.ts'
import { show } from '../sql/index.ts'
import type { CursorPage } from './cursor.ts'
import type { OffsetPage } from './offset.ts'

/** A page by its number whose rows are `docs`. */
export interface OffsetDocs<R> extends Omit<OffsetPage<R>, 'data'> {
  readonly docs: R[]
}

/** A page by a cursor whose rows are `docs`. */
export interface KeysetDocs<R> {
  readonly method: 'keyset'
  readonly docs: R[]
  readonly hasMore: boolean
  /** The cursor of the next page; null if there is none. */
  readonly next: string | null
}

/**
 * Returns a page in the older form that some clients expect, in which the rows are `docs`: of `paginate()`,
 * `paginateCursor()` or a repository.
 *
 * @throws KantaError `invalid_input` for what is no page.
 *
 * @example
 * ```ts
 * const page = docsPage(await repository(db, city).getAll({ limit: 2 }))
 * page.docs.length // 2
 * ```
 */
export function docsPage<P extends OffsetPage<unknown> | CursorPage<unknown>>(
  page: P,
): P extends OffsetPage<infer R> ? OffsetDocs<R> : P extends CursorPage<infer R> ? KeysetDocs<R> : never {
  if (!Array.isArray((Object(page) as { data?: unknown }).data))
    return refuse(`docsPage(${show(page)}) takes a page, such as that of paginate().`)
  const { data, ...rest } = page
  if ('total' in rest) return { ...rest, docs: data } as never
  const { hasNext, next } = page as CursorPage<unknown>
  return { method: 'keyset', docs: data, hasMore: hasNext, next } as never
}
