export { type BatchQuery, type BatchResults, batch } from './batch.ts'
export { batched } from './batched.ts'
export { chain, compose, conditional, mapResult, type NextStep } from './compose.ts'
export type { Handle } from './handle.ts'
export { type Parallel, type ParallelResults, parallel } from './parallel.ts'
export {
  createQuery,
  createTransactionalQuery,
  type QueryFunction,
  type TransactionMethods,
  type TransactionOptions,
  withTransaction,
} from './query.ts'
