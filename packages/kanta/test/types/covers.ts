// The public types and the classes behind them are written apart: every method that the types promise has to be there.
import type * as face from '../../src/face/index.ts'
import type { DatabaseHandle } from '../../src/run/index.ts'
import type * as builder from '../../src/sql/index.ts'

type Database = { city: { id: number; name: string } }
type Query = face.Database<Database>

type Missing<Promised, Kept> = Exclude<keyof Promised, keyof Kept | symbol>
type None<T extends never> = T

export type Checks = [
  None<Missing<ReturnType<Query['selectFrom']>, builder.SelectBuilder>>,
  None<Missing<ReturnType<Query['updateTable']>, builder.UpdateBuilder>>,
  None<Missing<ReturnType<Query['deleteFrom']>, builder.DeleteBuilder>>,
  None<Missing<ReturnType<ReturnType<Query['insertInto']>['values']>, builder.InsertBuilder>>,
  None<Missing<ReturnType<Query['insertInto']>, builder.InsertBuilder>>,
  None<Missing<ReturnType<Query['mergeInto']>, builder.MergeBuilder>>,
  None<Missing<face.ExpressionBuilder<Database, 'city'>, ReturnType<typeof builder.expressionBuilder>>>,
  None<Missing<face.Sql, typeof builder.sql>>,
  None<Missing<face.ExpressionBuilder<Database, 'city'>['fn'], typeof builder.functions>>,
  None<Missing<Query, DatabaseHandle>>,
  None<Missing<face.SchemaBuilder, builder.SchemaBuilder>>,
  None<Missing<face.CreateTableBuilder, ReturnType<builder.SchemaBuilder['createTable']>>>,
  None<Missing<face.AlterTableBuilder, ReturnType<builder.SchemaBuilder['alterTable']>>>,
  None<Missing<face.CreateIndexBuilder, ReturnType<builder.SchemaBuilder['createIndex']>>>,
]
