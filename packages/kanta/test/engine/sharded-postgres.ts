import type pg from 'pg'
import { inject } from 'vitest'
import { pg as driver } from '../../src/driver/pg/index.ts'
import { type Engine, script } from './engine.ts'
import { postgres } from './postgres.ts'
import { onShard, partsOf, SHARDS } from './sharded.ts'

const server = inject('servers').postgres
const at = (database: string) =>
  driver({ ...(server as { host: string; port: number; user: string }), database, max: 1 })

const UPSERTS = [
  'insert: returning of a table under another name',
  'insert: doUpdateSet',
  'insert: doUpdateSet with the row that was not inserted',
  'insert: several columns',
  'insert: of a row with an expression',
  'camel case: a conflict',
]

/** PostgreSQL whose tables are partitions on two other databases, by postgres_fdw. */
export const shardedPostgres: Engine = {
  name: 'postgres_fdw',
  dialect: 'postgres',
  missing: postgres.missing,
  textsElsewhere: true,
  lacks: Object.fromEntries(UPSERTS.map((name) => [name, 'There is no unique key over foreign partitions'])),
  create: async () => {
    const places = await Promise.all([postgres.create(), ...SHARDS.map(() => postgres.create())])
    const [coordinator, ...shards] = places as [(typeof places)[0], ...(typeof places)[0][]]
    const { host, port, user } = server as pg.ClientConfig
    await script(at(coordinator.database), [
      'create extension postgres_fdw',
      ...shards.flatMap(({ database }, i) => [
        `create server shard_${i} foreign data wrapper postgres_fdw
          options (host '${host}', port '${port}', dbname '${database}')`,
        `create user mapping for public server shard_${i} options (user '${user}')`,
      ]),
    ])
    return {
      ...coordinator,
      createTables: async (texts) => {
        for (const { database } of shards) await script(at(database), texts.map(onShard))
        for (const text of texts) {
          const { name, head, columns, key } = partsOf(text)
          await script(at(coordinator.database), [
            `${head} (${columns}) partition by hash (${key})`,
            ...shards.map(
              (_, i) => `create foreign table ${name}_${i} partition of ${name}
                for values with (modulus ${SHARDS.length}, remainder ${i}) server shard_${i} options (table_name '${name}')`,
            ),
          ])
        }
      },
      drop: async () => {
        for (const place of places) await place.drop()
      },
    }
  },
}
