import { KantaError } from '../../error/index.ts'
import type { ForeignKeyModel, TableModel } from './model.ts'

/** The way in which a foreign key gets its values. */
export type Linking =
  /** With the row: the table that it refers to comes before, or its keys are known. */
  | 'with row'
  /** With the row, which refers to one that is written later: the database looks at the end of the transaction. */
  | 'deferred'
  /** By an update, once all rows are written. */
  | 'later'

/** The order in which tables are written, and how the foreign keys of cycles get their values. */
export interface WriteOrder {
  readonly tables: readonly TableModel[]
  readonly linking: ReadonlyMap<ForeignKeyModel, Linking>
}

/** Orders tables so that those that others refer to come first, and breaks cycles where the database lets it. */
export function writeOrder(tables: readonly TableModel[], canDefer: (key: ForeignKeyModel) => boolean): WriteOrder {
  const linking = new Map<ForeignKeyModel, Linking>()
  const edges: { readonly from: TableModel; readonly to: TableModel; readonly key: ForeignKeyModel }[] = []
  const byName = new Map(tables.map((table) => [table.name, table]))
  for (const from of tables)
    for (const key of from.foreignKeys) {
      linking.set(key, 'with row')
      const to = byName.get(key.target)
      if (to !== undefined && to !== from) edges.push({ from, to, key })
    }
  const sorted: TableModel[] = []
  const left = new Set(tables)
  const waits = (table: TableModel): boolean =>
    edges.some(({ from, to, key }) => from === table && left.has(to) && linking.get(key) === 'with row')
  while (left.size > 0) {
    const next = [...left].find((table) => !waits(table))
    if (next !== undefined) {
      left.delete(next)
      sorted.push(next)
      continue
    }
    const cycle = edgesOfCycles(
      edges.filter(({ from, to, key }) => left.has(from) && left.has(to) && linking.get(key) === 'with row'),
    )
    const later = cycle.find(({ from, key }) => canBeUpdated(from, key))
    const broken = later ?? cycle.find(({ key }) => canDefer(key))
    if (broken === undefined) {
      const { key, from } = cycle[0]!
      throw new KantaError(
        'invalid_input',
        `generate() cannot write the first row of '${from.name}': ${key.label} is part of a cycle of keys that are not null and are checked at once. Make a column of the cycle nullable, or the key deferrable.`,
        { table: from.name, columns: key.columns },
      )
    }
    linking.set(broken.key, later === undefined ? 'deferred' : 'later')
  }
  return { tables: sorted, linking }
}

/** Returns the edges that lie on a cycle. */
function edgesOfCycles<E extends { readonly from: TableModel; readonly to: TableModel }>(edges: readonly E[]): E[] {
  const reaches = (from: TableModel, to: TableModel, seen = new Set<TableModel>()): boolean => {
    if (from === to) return true
    if (seen.has(from)) return false
    seen.add(from)
    return edges.some((edge) => edge.from === from && reaches(edge.to, to, seen))
  }
  return edges.filter(({ from, to }) => reaches(to, from))
}

/** Tells whether a key can be null at first: it is in no key by which its row would be found. */
function canBeUpdated(table: TableModel, key: ForeignKeyModel): boolean {
  const own = key.columns.filter((column) => isOwnNullable(table, key, column))
  return own.length > 0 && table.primaryKey.length > 0 && !own.some((column) => table.primaryKey.includes(column))
}

/** Tells whether a column of a foreign key may be null and belongs to no other foreign key. */
export const isOwnNullable = (table: TableModel, key: ForeignKeyModel, column: string): boolean =>
  table.columns.get(column)!.nullable &&
  !table.foreignKeys.some((other) => other !== key && other.columns.includes(column))
