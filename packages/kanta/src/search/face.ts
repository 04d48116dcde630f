import type { $database, AnyInfo, Cells, One, Select } from '../face/index.ts'
import type { At, ColumnType, TableRef } from '../table/index.ts'

/** A database as far as its types are needed to search it. */
export interface Searchable {
  readonly [$database]?: { readonly info: AnyInfo }
}

type InfoOf<D> = D extends { readonly [$database]?: { readonly info: infer I extends AnyInfo } } ? I : never
export type TableNames<D> = InfoOf<D>['names']

/** A table by its name, or by its value. */
export type SearchTable<B> = B | TableRef<B & string, never>

type Row<D, B, C extends string> = At<InfoOf<D>['db'], B> & { readonly [P in C]: ColumnType<number, never, never> }

/** A query of a table that has one column more, a number. */
export type SearchQuery<D, B extends string, C extends string> = Select<
  InfoOf<D>,
  One<B, Cells<Row<D, B, C>>>,
  `${B}.${(keyof At<InfoOf<D>['db'], B> & string) | C}` | (keyof At<InfoOf<D>['db'], B> & string) | C,
  Cells<Row<D, B, C>>,
  never
>
