export {
  type CommitOptions,
  type CommitSnapshotOptions,
  type CommitStatus,
  type CommitTransactionOptions,
  type Coordinator,
  commit,
  type DecidedTransaction,
  type ResolveOptions,
} from './commit.ts'
export type { AnyDatabase, Layers, TransactionOf, TransactionsOf } from './face.ts'
export type { LayerMode } from './layer.ts'
export type { Lock, LockOptions } from './lock.ts'
export type { Recovery, Unsettled } from './recovery.ts'
