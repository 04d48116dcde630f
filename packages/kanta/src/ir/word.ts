import type { Kind, Kinds } from './kinds.ts'

/** The words of the parts that hold one of some words, of which only stored queries have to be held to them. */
const words: { readonly [K in Kind]?: { readonly [P in keyof Kinds[K]]?: readonly string[] } } = {
  window: { exclude: ['current row', 'group', 'ties', 'no others'] },
  frame: { unit: ['rows', 'range', 'groups'] },
  bound: { edge: ['unbounded preceding', 'unbounded following', 'current row', 'preceding', 'following'] },
  dateTrunc: { unit: ['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second'] },
  jsonPath: { operator: ['->', '->>', '->$', '->>$'] },
  jsonLeg: { leg: ['key', 'at'] },
  grouping: { style: ['rollup', 'cube', 'grouping sets'] },
  order: { direction: ['asc', 'desc'], nulls: ['first', 'last'] },
  joined: { style: ['inner join', 'left join', 'right join', 'full join', 'cross join', 'cross apply', 'outer apply'] },
  setOperation: { operator: ['union', 'union all', 'intersect', 'intersect all', 'except', 'except all'] },
  lock: { strength: ['update', 'share', 'key share', 'no key update'] },
  count: { modifier: ['only', 'with ties', 'percent', 'percent with ties'] },
  modifier: { position: ['front', 'end'] },
  conflict: { action: ['nothing', 'update'] },
  mergeWhen: { match: ['matched', 'not matched', 'not matched by source'] },
  mergeAction: { action: ['delete', 'do nothing', 'update', 'insert'] },
  select: { wait: ['skip locked', 'nowait'] },
  insert: {
    verb: ['insert', 'replace'],
    or: ['ignore', 'or ignore', 'or abort', 'or fail', 'or replace', 'or rollback'],
  },
}

/** The words that a part of a kind may hold; none for one of another sort. */
export const wordsOf = (kind: Kind, part: string): readonly string[] =>
  (words[kind] as Readonly<Record<string, readonly string[]>> | undefined)?.[part] ?? []
