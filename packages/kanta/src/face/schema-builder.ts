import type { Column, Expression, ReferentialAction, Rowed, TableRef } from '../table/index.ts'
import type { ExpressionScope } from './expression-builder.ts'
import type { ComparisonOperator, Condition } from './operator.ts'
import type { CallMethod, ColumnDefinitionBuilder } from './schema-column.ts'
import type { SchemaStatement } from './schema-creator.ts'
import type { ColumnDataType } from './schema-type.ts'

type AnyColumn = string | Column
type AnyTable = string | TableRef<any, never>
type DataType = ColumnDataType | Expression<any>
/** A column with its order behind it, such as `'population desc'`, or an expression. */
type IndexPart = AnyColumn | Expression<any>
type Describe<B> = (builder: B) => B

/** The fate of a temporary table at the end of a transaction. */
export type OnCommitAction = 'preserve rows' | 'delete rows' | 'drop'
/** The index method, such as `btree`. */
export type IndexType = 'btree' | 'hash' | 'gist' | 'gin' | 'brin' | 'spgist' | 'fulltext' | 'spatial' | (string & {})

/** The methods that set when a constraint is checked. */
interface Deferrable<B> {
  deferrable(): B
  notDeferrable(): B
  initiallyDeferred(): B
  initiallyImmediate(): B
}

/** The foreign-key actions for rows whose target is deleted or gets another key. */
interface Referential<B> {
  onDelete(action: ReferentialAction): B
  onUpdate(action: ReferentialAction): B
}

/** Settings of a primary key. */
export interface PrimaryKeyConstraintBuilder extends Deferrable<PrimaryKeyConstraintBuilder>, CallMethod {}
/** Settings of a unique constraint. */
export interface UniqueConstraintBuilder extends Deferrable<UniqueConstraintBuilder>, CallMethod {
  /** Takes nulls for equal. */
  nullsNotDistinct(): UniqueConstraintBuilder
}
/** Settings of a foreign key. */
export interface ForeignKeyConstraintBuilder
  extends Deferrable<ForeignKeyConstraintBuilder>,
    Referential<ForeignKeyConstraintBuilder>,
    CallMethod {}
/** Settings of a check. */
export interface CheckConstraintBuilder extends CallMethod {}
/** Settings of an index that is defined with its table. */
export interface TableIndexBuilder extends CallMethod {
  using(method: IndexType | Expression<any>): TableIndexBuilder
}

/** The rows of a partition. */
export interface PartitionBoundsBuilder {
  /** The rows with one of these values. */
  in(values: readonly unknown[]): PartitionBounds
  /** The rows from the first values on, and before the second. */
  range(from: readonly unknown[], to: readonly unknown[]): PartitionBounds
  /** The rows before these values that no partition before it has. */
  lessThan(values: readonly unknown[]): PartitionBounds
  /** The rows whose hash leaves `remainder` when it is divided by `modulus`. */
  hash(modulus: number, remainder: number): PartitionBounds
  /** The rows that no other partition has. */
  default(): PartitionBounds
}
/** The bounds of a partition. */
export interface PartitionBounds extends CallMethod {}

/** The partitions of a table, where the database defines them there. */
export interface PartitioningBuilder extends CallMethod {
  partition(name: string, rows: (p: PartitionBoundsBuilder) => PartitionBounds): PartitioningBuilder
  /** So many, by hash. */
  partitions(count: number): PartitioningBuilder
}

/** Constraints, as `create table` and `alter table` take them. */
interface AddConstraints<T, FK> {
  addPrimaryKeyConstraint(name: string, columns: readonly AnyColumn[], build?: Describe<PrimaryKeyConstraintBuilder>): T
  addUniqueConstraint(name: string, columns: readonly IndexPart[], build?: Describe<UniqueConstraintBuilder>): T
  addCheckConstraint(name: string, condition: Expression<any>, build?: Describe<CheckConstraintBuilder>): T
  addForeignKeyConstraint(
    name: string,
    columns: readonly AnyColumn[],
    table: AnyTable,
    targets: readonly AnyColumn[],
    build?: Describe<ForeignKeyConstraintBuilder>,
  ): FK
}

/** `create table …` */
export interface CreateTableBuilder
  extends SchemaStatement,
    CallMethod,
    AddConstraints<CreateTableBuilder, CreateTableBuilder> {
  /** The table is gone when the connection ends. */
  temporary(): CreateTableBuilder
  /** Sets the fate of a temporary table's rows at the end of a transaction. */
  onCommit(action: OnCommitAction): CreateTableBuilder
  /** Leaves a table of that name as it is. */
  ifNotExists(): CreateTableBuilder
  /**
   * Adds a column.
   *
   * @example
   * ```ts
   * schemaBuilder(db).createTable('person').addColumn('name', 'varchar(200)', (c) => c.notNull()).compile().sql // create table "person" ("name" varchar(200) not null)
   * ```
   */
  addColumn(name: string, type: DataType, build?: Describe<ColumnDefinitionBuilder>): CreateTableBuilder
  /** Adds an index, where the database takes one there; elsewhere use `createIndex()`. */
  addIndex(name: string, columns: readonly IndexPart[], build?: Describe<TableIndexBuilder>): CreateTableBuilder
  /** Parts the rows by columns or expressions; with a callback, into partitions that are defined there. */
  partitionBy(
    style: 'range' | 'list' | 'hash',
    columns: readonly IndexPart[],
    build?: Describe<PartitioningBuilder>,
  ): CreateTableBuilder
  /** Makes the table a partition of another. */
  partitionOf(table: AnyTable, rows: (p: PartitionBoundsBuilder) => PartitionBounds): CreateTableBuilder
  /** Says what the table is for, in the database. */
  comment(text: string): CreateTableBuilder
  /** Adds text of the database's own after the first word. */
  modifyFront(modifier: Expression<any>): CreateTableBuilder
  /** Adds text of the database's own at the end. */
  modifyEnd(modifier: Expression<any>): CreateTableBuilder
  /** Creates the table with the rows of a query. Values are written into the text. */
  as(query: Rowed | Expression<any>): CreateTableBuilder
}

/** One change of a column. */
export interface AlterColumnBuilder {
  setDataType(type: DataType): AlteredColumn
  setDefault(value: unknown): AlteredColumn
  dropDefault(): AlteredColumn
  setNotNull(): AlteredColumn
  dropNotNull(): AlteredColumn
}
/** A change of a column, complete. */
export interface AlteredColumn extends CallMethod {}
/** Settings of a column that is dropped. */
export interface DropColumnBuilder {
  /** Does nothing when there is no such column. */
  ifExists(): DropColumnBuilder
}

/** The changes of `alter table`; several in one statement where the database has that. */
interface Alterations extends AddConstraints<AlterTableConstraintBuilder, AlterTableForeignKeyBuilder> {
  addColumn(name: string, type: DataType, build?: Describe<ColumnDefinitionBuilder>): AlteredTableBuilder
  dropColumn(name: string, build?: Describe<DropColumnBuilder>): AlteredTableBuilder
  renameColumn(name: string, to: string): AlteredTableBuilder
  /** Changes a column in one way. */
  alterColumn(name: string, build: (column: AlterColumnBuilder) => AlteredColumn): AlteredTableBuilder
  /** Gives a column another definition, as a whole. */
  modifyColumn(name: string, type: DataType, build?: Describe<ColumnDefinitionBuilder>): AlteredTableBuilder
  dropConstraint(name: string): AlterTableDropConstraintBuilder
  renameConstraint(name: string, to: string): AlteredTableBuilder
  addIndex(name: string): AlterTableAddIndexBuilder
  dropIndex(name: string): AlteredTableBuilder
  renameIndex(name: string, to: string): AlteredTableBuilder
  /** Makes a table that is there a partition of this one. */
  attachPartition(table: AnyTable, rows: (p: PartitionBoundsBuilder) => PartitionBounds): AlteredTableBuilder
  /** Makes a partition a table of its own. */
  detachPartition(table: AnyTable): AlteredTableBuilder
}

/**
 * `alter table …`
 *
 * @example
 * ```ts
 * await schemaBuilder(db).alterTable('city').addColumn('mayor', 'text').execute()
 * ```
 */
export interface AlterTableBuilder extends Alterations, CallMethod {
  renameTo(name: string): AlteredTableBuilder
  /** Moves the table to another schema. */
  setSchema(name: string): AlteredTableBuilder
}
/** `alter table …` with one change or more. */
export interface AlteredTableBuilder extends Alterations, SchemaStatement, CallMethod {
  /** Adds text of the database's own at the end. */
  modifyEnd(modifier: Expression<any>): AlteredTableBuilder
}
/** Settings of a constraint that is added to a table. */
export interface AlterTableConstraintBuilder extends AlteredTableBuilder, Deferrable<AlterTableConstraintBuilder> {}
/** Settings of a foreign key that is added to a table. */
export interface AlterTableForeignKeyBuilder
  extends AlteredTableBuilder,
    Deferrable<AlterTableForeignKeyBuilder>,
    Referential<AlterTableForeignKeyBuilder> {}
/** Settings of a constraint that is dropped. */
export interface AlterTableDropConstraintBuilder extends AlteredTableBuilder {
  ifExists(): AlterTableDropConstraintBuilder
  cascade(): AlterTableDropConstraintBuilder
  restrict(): AlterTableDropConstraintBuilder
}
/** Settings of an index that is added to a table. */
export interface AlterTableAddIndexBuilder extends AlteredTableBuilder {
  unique(): AlterTableAddIndexBuilder
  column(column: IndexPart): AlterTableAddIndexBuilder
  columns(columns: readonly IndexPart[]): AlterTableAddIndexBuilder
  expression(expression: Expression<any>): AlterTableAddIndexBuilder
  using(method: IndexType | Expression<any>): AlterTableAddIndexBuilder
}

/** In `where()` of an index any column can be named: it is that of the index's table. */
type AnyReference = ExpressionScope<any, any, string, any>

/** `create index …` */
export interface CreateIndexBuilder extends SchemaStatement, CallMethod {
  ifNotExists(): CreateIndexBuilder
  unique(): CreateIndexBuilder
  /** Makes the index while others write to the table; not inside a transaction. */
  concurrently(): CreateIndexBuilder
  /** Takes nulls for equal. */
  nullsNotDistinct(): CreateIndexBuilder
  on(table: AnyTable): CreateIndexBuilder
  /** A column, with its order behind it: `'population desc'`. */
  column(column: IndexPart): CreateIndexBuilder
  columns(columns: readonly IndexPart[]): CreateIndexBuilder
  expression(expression: Expression<any>): CreateIndexBuilder
  /** Columns that are kept in the index and not searched by. */
  include(columns: readonly AnyColumn[]): CreateIndexBuilder
  using(method: IndexType | Expression<any>): CreateIndexBuilder
  /** The rows that the index is of. Values are written into the text. */
  where(
    column: string | Expression<any>,
    operator: ComparisonOperator | Expression<any>,
    value: unknown,
  ): CreateIndexBuilder
  where(condition: Condition | ((eb: AnyReference) => Condition)): CreateIndexBuilder
}

/** `drop …` */
export interface DropBuilder extends SchemaStatement, CallMethod {
  /** Does nothing when there is none. */
  ifExists(): this
  /** Drops what depends on it, too. */
  cascade(): this
}
/** `drop table …` */
export interface DropTableBuilder extends DropBuilder {
  temporary(): DropTableBuilder
}
/** `drop index …` */
export interface DropIndexBuilder extends DropBuilder {
  on(table: AnyTable): DropIndexBuilder
  concurrently(): DropIndexBuilder
}
/** `drop view …` */
export interface DropViewBuilder extends DropBuilder {
  materialized(): DropViewBuilder
}

/** `create schema …` */
export interface CreateSchemaBuilder extends SchemaStatement, CallMethod {
  ifNotExists(): CreateSchemaBuilder
}

/** `create view …` */
export interface CreateViewBuilder extends SchemaStatement, CallMethod {
  temporary(): CreateViewBuilder
  materialized(): CreateViewBuilder
  ifNotExists(): CreateViewBuilder
  orReplace(): CreateViewBuilder
  columns(columns: readonly string[]): CreateViewBuilder
  /** The query of the view. Values are written into the text. */
  as(query: Rowed | Expression<any>): CreateViewBuilder
}

/** `refresh materialized view …` */
export interface RefreshMaterializedViewBuilder extends SchemaStatement, CallMethod {
  concurrently(): RefreshMaterializedViewBuilder
  withData(): RefreshMaterializedViewBuilder
  withNoData(): RefreshMaterializedViewBuilder
}

/** `create type …` */
export interface CreateTypeBuilder extends CallMethod {
  asEnum(values: readonly string[]): SchemaStatement
}

/** `alter type …` */
export interface AlterTypeBuilder {
  addValue(value: string): AlterTypeAddValueBuilder
  renameTo(name: string): SchemaStatement
  renameValue(value: string, to: string): SchemaStatement
  setSchema(schema: string): SchemaStatement
}
/** The place of a value that is added to an enum type. */
export interface AlterTypeAddValueBuilder extends SchemaStatement, CallMethod {
  ifNotExists(): AlterTypeAddValueBuilder
  before(value: string): AlterTypeAddValueBuilder
  after(value: string): AlterTypeAddValueBuilder
}

/** `create domain …` */
export interface CreateDomainBuilder extends SchemaStatement, CallMethod {
  notNull(): CreateDomainBuilder
  defaultTo(value: unknown): CreateDomainBuilder
  /** Refuses values for which the expression is false; the value goes by the name `value`. */
  addCheckConstraint(name: string, condition: Expression<any>): CreateDomainBuilder
}

/** The options of a sequence. */
interface SequenceOptions<B> {
  incrementBy(step: number | bigint): B
  startWith(value: number | bigint): B
  minValue(value: number | bigint): B
  noMinValue(): B
  maxValue(value: number | bigint): B
  noMaxValue(): B
  /** Sets how many values of the sequence a connection reserves at a time. */
  cache(count: number): B
  /** Begins anew after the last value. */
  cycle(): B
  noCycle(): B
}

/** `create sequence …` */
export interface CreateSequenceBuilder extends SchemaStatement, CallMethod, SequenceOptions<CreateSequenceBuilder> {
  ifNotExists(): CreateSequenceBuilder
  temporary(): CreateSequenceBuilder
  as(type: DataType): CreateSequenceBuilder
}

/** `alter sequence …` */
export interface AlterSequenceBuilder extends SchemaStatement, CallMethod, SequenceOptions<AlterSequenceBuilder> {
  restart(): AlterSequenceBuilder
  restartWith(value: number | bigint): AlterSequenceBuilder
}

/** `truncate …` */
export interface TruncateBuilder extends SchemaStatement, CallMethod {
  /** Empties the tables that point to it, too. */
  cascade(): TruncateBuilder
  /** Lets keys begin anew. */
  restartIdentity(): TruncateBuilder
  continueIdentity(): TruncateBuilder
}

/** The statements that define, of `schemaBuilder(db)`. Values in them are written into the text. */
export interface SchemaBuilder {
  /**
   * Creates a table: as a `table()` says, with its indexes, or by its name and with columns.
   *
   * @example
   * ```ts
   * await schemaBuilder(db)
   *   .createTable('person')
   *   .addColumn('id', 'integer', (c) => c.primaryKey())
   *   .addColumn('city', 'integer', (c) => c.references('city.id').onDelete('cascade'))
   *   .execute()
   * ```
   */
  createTable(table: AnyTable): CreateTableBuilder
  alterTable(table: AnyTable): AlterTableBuilder
  dropTable(table: AnyTable): DropTableBuilder
  /** Empties tables. */
  truncate(tables: AnyTable | readonly AnyTable[]): TruncateBuilder
  /**
   * Creates an index.
   *
   * @example
   * ```ts
   * const large = schemaBuilder(db).createIndex('large').on('city').column('population desc').where('population', '>', 1_000_000)
   * large.compile().sql // create index "large" on "city" ("population" desc) where "population" > 1000000
   * ```
   */
  createIndex(name: string): CreateIndexBuilder
  dropIndex(name: string): DropIndexBuilder
  createSchema(name: string): CreateSchemaBuilder
  dropSchema(name: string): DropBuilder
  /**
   * Creates a view.
   *
   * @example
   * ```ts
   * await schemaBuilder(db).createView('capital').as(db.selectFrom('city').selectAll().where('capital', '=', true)).execute()
   * ```
   */
  createView(name: string): CreateViewBuilder
  refreshMaterializedView(name: string): RefreshMaterializedViewBuilder
  dropView(name: string): DropViewBuilder
  createType(name: string): CreateTypeBuilder
  alterType(name: string): AlterTypeBuilder
  dropType(names: string | readonly string[]): DropBuilder
  /** Creates a type with a check of its own. */
  createDomain(name: string, type: DataType): CreateDomainBuilder
  dropDomain(name: string): DropBuilder
  createSequence(name: string): CreateSequenceBuilder
  alterSequence(name: string): AlterSequenceBuilder
  dropSequence(name: string): DropBuilder
  /** Says what a table is for, in the database; null takes it back. */
  commentOnTable(table: AnyTable, text: string | null): SchemaStatement
  /** Says what a column is for: `'city.name'`, or a column object. */
  commentOnColumn(column: AnyColumn, text: string | null): SchemaStatement
}
