export { findGalera, type GaleraCluster, type GaleraNode, startGalera } from './galera.ts'
export { installMariadb, installPgbouncer, installRedis, installSpider } from './install.ts'
export {
  findMariadb,
  findSpider,
  type MariadbAddress,
  type MariadbOptions,
  type MariadbServer,
  mariadbIsInstalled,
  startMariadb,
} from './mariadb.ts'
export { findPgbouncer, type Pgbouncer, type PgbouncerOptions, startPgbouncer } from './pgbouncer.ts'
export { freePort } from './port.ts'
export {
  findPostgres,
  type PostgresAddress,
  type PostgresOptions,
  type PostgresServer,
  startPostgres,
  startReplica,
} from './postgres.ts'
export { type Proxy, startProxy } from './proxy.ts'
export { findRedis, type RedisServer, startRedis } from './redis.ts'
