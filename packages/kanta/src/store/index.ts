export {
  DocumentStore,
  type Fold,
  type ListOptions,
  type LoadOptions,
  type NumberedRecord,
  type Store,
} from './document-store.ts'
export { memoryStore } from './memory.ts'
export {
  createPostgresStore,
  fromClient,
  fromPool,
  type PgAdapter,
  type PgPool,
  type PgQuerier,
} from './postgres-store.ts'
export type {
  EntryRecord,
  MetaRecord,
  ReplicaType,
  StoreMeta,
  StorePayload,
  StoreRecord,
  SyncMode,
} from './record.ts'
export {
  type BetterSqlite3Database,
  type BetterSqlite3Statement,
  type BunSqliteDatabase,
  type DurableObjectContext,
  fromBetterSqlite3,
  fromBunSqlite,
  fromDurableObject,
  fromNodeSqlite,
  type NodeSqliteDatabase,
  type SqliteAdapter,
} from './sqlite-adapter.ts'
export { createSqliteStore, SqliteStore } from './sqlite-store.ts'
export { type StoreDatabase, store } from './store.ts'
export type { RecordStorage, StoreOptions, StoreTableNames } from './tables.ts'
