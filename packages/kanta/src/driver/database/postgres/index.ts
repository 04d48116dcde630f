export { type Ends, type PgClient, PgConnection } from './connection.ts'
export { explainPostgresError } from './error.ts'
export { type Reader, readerOf, toWire, type WireValue } from './value.ts'
export type { Field, Submitted, TransactionStatus, Wire } from './wire.ts'
