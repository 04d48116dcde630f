import { PostgresDialect } from 'kysely'
import pg from 'pg'
import Cursor from 'pg-cursor'
import { inject } from 'vitest'
import { kyselyDialect } from '../../src/driver/kysely-dialect/index.ts'
import { runCases } from './cases.ts'
import { postgres } from './postgres.ts'

const server = inject('servers').postgres

// PostgreSQL by the dialect of Kysely, which reads values before Kanta sees them.
const NAMES = 'a dialect of Kysely gives one of two columns of a name, and is refused where the types differ'

runCases(
  {
    ...postgres,
    name: 'kysely-dialect',
    textsElsewhere: true,
    lacks: {
      'everything of some tables': NAMES,
      'one column twice': NAMES,
      'everything of both, the later column of a name wins': NAMES,
    },
    create: async () => {
      const place = await postgres.create()
      return {
        ...place,
        driver: ({ max = 4 } = {}) => {
          const pool = new pg.Pool({ ...(server as object), database: place.database, max })
          pool.on('error', () => {})
          return kyselyDialect(new PostgresDialect({ pool, cursor: Cursor }), { connections: max })
        },
      }
    },
  },
  // Two hundred are spread over all; `npm run test:long` runs the rest, too.
  Number(process.env.DIALECT_CASES ?? 200),
)
