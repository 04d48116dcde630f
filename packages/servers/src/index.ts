export { freePort } from './port.ts'
export {
  findPostgres,
  type PostgresAddress,
  type PostgresOptions,
  type PostgresServer,
  startPostgres,
  startReplica,
} from './postgres.ts'
