import type { SchemaCapabilities } from '../schema-capabilities.ts'

/** What SQLite can define. It alters a table only by adding, dropping and renaming. */
export const sqliteSchema: SchemaCapabilities = {
  temporaryTables: true,
  createTableIfNotExists: true,
  createTableAs: true,
  autoIncrement: 'autoincrement',
  deferrableForeignKeys: true,
  createIndexIfNotExists: true,
  dropIndexIfExists: true,
  indexExpressions: true,
  partialIndexes: true,
  temporaryViews: true,
  viewIfNotExists: true,
}
