import { installSpider, type MariadbServer, startMariadb } from 'kanta-servers'
import { inject } from 'vitest'
import { mariadb } from '../../src/driver/mysql2/index.ts'
import { type Engine, script } from './engine.ts'
import { mariadbEngine } from './mariadb.ts'
import { onShard, partsOf, SHARDS } from './sharded.ts'

const server = inject('servers').mariadb
const missing = mariadbEngine.missing ?? installSpider()

let coordinator: Promise<MariadbServer> | undefined
let databases = 0

/** Starts the server that spreads rows over databases of the shared one; it stops with this process. */
const start = (): Promise<MariadbServer> => startMariadb({ settings: { 'plugin-load-add': 'ha_spider' } })

const JSON_CONDITION = 'Spider sends json_value() in a condition with a wrong syntax'

/** MariaDB whose tables are spread over two databases of another server, by Spider. */
export const shardedMariadb: Engine = {
  name: 'spider',
  dialect: 'mariadb',
  missing,
  textsElsewhere: true,
  lacks: {
    'json: in a condition': JSON_CONDITION,
    'camel case: a key of a document stays as it is': JSON_CONDITION,
  },
  create: async () => {
    if ('missing' in server) throw new Error(server.missing)
    coordinator ??= start()
    const { host, port, user, password } = await coordinator
    const at = (name?: string, max = 1) => mariadb({ host, port, user, password, max, ...(name && { database: name }) })
    const shards = await Promise.all(SHARDS.map(() => mariadbEngine.create()))
    const database = `sharded_${process.pid}_${databases++}`
    await script(at(), [
      `create database ${database} character set utf8mb4 collate utf8mb4_bin`,
      ...shards.map(
        (shard, i) => `create or replace server ${database}_${i} foreign data wrapper mysql options
          (host '${server.host}', port ${server.port}, user '${server.user}', password '${server.password}', database '${shard.database}')`,
      ),
    ])
    return {
      database,
      driver: ({ max = 4 } = {}) => at(database, max),
      createTables: async (texts) => {
        for (const shard of shards) await script(shard.driver({ max: 1 }), texts.map(onShard))
        for (const text of texts) {
          const { name, key } = partsOf(text)
          await script(at(database), [
            `${text} engine = spider comment = 'wrapper "mysql", table "${name}"' partition by key (${key})
              (${shards.map((_, i) => `partition p${i} comment = 'srv "${database}_${i}"'`).join(', ')})`,
          ])
        }
      },
      drop: async () => {
        await script(at(), [`drop database ${database}`])
        for (const shard of shards) await shard.drop()
      },
    }
  },
}
