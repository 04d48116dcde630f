import { expect, test } from 'vitest'
import { multiPrimary, type ReplicatedOptions, replicated } from '../../src/driver/cluster/index.ts'
import { mariadb } from '../../src/driver/mysql2/index.ts'
import { pg } from '../../src/driver/pg/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'

const primary = pg({ host: 'db-1' })

test.for<[options: object, message: RegExp]>([
  [{ catchup: 5 }, /replicated\(\) has no option 'catchup'\. Did you mean 'catchUp'\? It takes: .*catchUp/],
  [
    { failoverTimeout: Number.NaN },
    /failoverTimeout of replicated\(\) is a number of milliseconds, 0 or more, not NaN/,
  ],
  [{ retryAfter: -1 }, /retryAfter of replicated\(\) is a number/],
  [{ catchUp: '20' }, /catchUp of replicated\(\) is a number/],
  [{ onEvent: true }, /onEvent of replicated\(\) is a function/],
])('a primary with replicas refuses %o', ([options, message]) => {
  expect(() => replicated([primary], options as ReplicatedOptions)).toThrow(message)
})

test('machines that do not go together are refused', () => {
  expect(() => replicated([])).toThrow(/takes a list of drivers/)
  expect(() => multiPrimary([primary, mariadb({ host: 'db-2' })])).toThrow(
    /machines of one kind, not PostgreSQL and MariaDB/,
  )
  expect(() => replicated([sqlite(':memory:')])).toThrow(/replicated\(\) is not available on SQLite/)
})
