/*
 * Names of the OpenTelemetry semantic conventions for databases, which are stable for spans and for the duration. That
 * of the wait for a connection is still in development there.
 *
 * See "Semantic conventions for database client spans" and "… metrics", version 1.33 and later.
 */
export const SYSTEM = 'db.system.name'
export const NAMESPACE = 'db.namespace'
export const COLLECTION = 'db.collection.name'
export const OPERATION = 'db.operation.name'
export const BATCH_SIZE = 'db.operation.batch.size'
export const SUMMARY = 'db.query.summary'
export const TEXT = 'db.query.text'
export const PARAMETER = 'db.query.parameter.'
export const STATUS_CODE = 'db.response.status_code'
export const RETURNED_ROWS = 'db.response.returned_rows'
export const ERROR_TYPE = 'error.type'
export const SERVER_ADDRESS = 'server.address'
export const SERVER_PORT = 'server.port'
export const POOL_NAME = 'db.client.connection.pool.name'

export const DURATION = 'db.client.operation.duration'
export const WAIT_TIME = 'db.client.connection.wait_time'

/** The name of a migration; no convention has one. */
export const MIGRATION = 'kanta.migration.name'

/** The bounds of the buckets that the conventions advise, in seconds. */
export const BOUNDARIES = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]
