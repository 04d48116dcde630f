/** What a database can define. What a dialect does not name, it lacks. */
export interface SchemaCapabilities {
  readonly temporaryTables?: boolean
  readonly createTableIfNotExists?: boolean
  readonly onCommit?: boolean
  readonly createTableAs?: boolean
  /** `partition of`, with each partition a table. */
  readonly partitionTables?: boolean
  /** `partition by` together with its partitions. */
  readonly inlinePartitions?: boolean
  /** Indexes among the columns of a table, and in an alteration of it. */
  readonly tableIndexes?: boolean
  /** The word for a column that the database numbers. */
  readonly autoIncrement?: 'autoincrement' | 'auto_increment'
  readonly identity?: boolean
  readonly generatedIdentity?: boolean
  readonly unsigned?: boolean
  readonly nullsNotDistinct?: boolean
  readonly uniqueExpressions?: boolean
  readonly deferrableKeys?: boolean
  readonly deferrableForeignKeys?: boolean
  /** Comments stand with what they are of. */
  readonly inlineComments?: boolean
  /** Comments are statements of their own. */
  readonly commentStatements?: boolean
  // alterations
  readonly addColumnIfNotExists?: boolean
  readonly dropColumnIfExists?: boolean
  readonly severalAlterations?: boolean
  /** A new name may stand among other changes. */
  readonly renamesAmongOthers?: boolean
  readonly alterTableIndexes?: boolean
  readonly alterColumnType?: boolean
  readonly alterColumnDefault?: boolean
  readonly alterColumnNull?: boolean
  readonly modifyColumn?: boolean
  readonly alterConstraints?: boolean
  readonly renameConstraint?: boolean
  readonly dropConstraintIfExists?: boolean
  readonly setSchema?: boolean
  // indexes
  readonly createIndexIfNotExists?: boolean
  readonly dropIndexIfExists?: boolean
  readonly concurrentIndexes?: boolean
  readonly renameIndex?: boolean
  readonly indexUsing?: boolean
  readonly indexInclude?: boolean
  readonly indexExpressions?: boolean
  readonly indexNulls?: boolean
  readonly partialIndexes?: boolean
  /** The name of an index belongs to its table. */
  readonly indexesOfTables?: boolean
  // other objects
  readonly schemas?: boolean
  readonly schemaIfNotExists?: boolean
  readonly replaceView?: boolean
  readonly viewIfNotExists?: boolean
  readonly temporaryViews?: boolean
  readonly materializedViews?: boolean
  readonly enumTypes?: boolean
  readonly domains?: boolean
  readonly sequences?: boolean
  readonly sequenceIfNotExists?: boolean
  readonly temporarySequences?: boolean
  readonly dropTemporary?: boolean
  readonly dropCascade?: boolean
  readonly truncate?: boolean
  readonly truncateSeveral?: boolean
  readonly truncateOptions?: boolean
}
