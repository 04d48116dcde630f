export { type Codec, nativeBooleanCodec, type SqlValue } from './codec.ts'
export {
  type AbstractType,
  AliasedColumn,
  type AnyColumnBuilder,
  Column,
  type ColumnBuilder,
  type ColumnDefinition,
  type ColumnFactory,
  type ColumnGetter,
  type DecimalOptions,
  type Filled,
  type ReferenceOptions,
  type ReferentialAction,
} from './column.ts'
export { Constraint, check, foreignKey, index, primaryKey, unique } from './constraint.ts'
export type { ColumnLike, Expression, NoText, Operand } from './expression.ts'
export type {
  At,
  ColumnOf,
  ColumnType,
  Generated,
  GeneratedAlways,
  InferRow,
  Insertable,
  Insertion,
  InsertType,
  JSONColumnType,
  Named,
  RequiredKeys,
  Rowed,
  Selectable,
  SelectType,
  TableRef,
  TablesOf,
  Updateable,
  UpdateType,
  ValueOrExpression,
} from './infer.ts'
export type { $alias, $column, $ref, $row, $table, $text, $value } from './phantom.ts'
export {
  type AliasedTable,
  aliasOf,
  type CheckDefinition,
  type Columns,
  definitionOf,
  type ForeignKeyDefinition,
  type IndexDefinition,
  isAliased,
  ownerOf,
  type Table,
  type TableDefinition,
  table,
  type UniqueDefinition,
} from './table.ts'
export { writeCodec } from './written.ts'
