import type { ServerTexts } from '../conformance/server-driver.ts'

const TYPES = { text: 'text', integer: 'integer', float: 'double precision', bytes: 'bytea', boolean: 'boolean' }

/** The texts of the conformance suite in PostgreSQL. */
export const postgresTexts: ServerTexts = {
  tables: [
    'drop table if exists city, country',
    'create table country(code text primary key, name text not null)',
    `create table city(id integer constraint city_key primary key, name text not null, country text
      constraint in_country references country(code), population integer constraint populated check (population > 0),
      constraint named unique (name, country))`,
    "insert into country values ('FI', 'Finland'), ('EE', 'Estonia')",
    `insert into city values
      (1, 'Helsinki', 'FI', 658000), (2, 'Tampere', 'FI', 244000), (3, 'Tallinn', 'EE', 437000)`,
  ],
  value: (index, type) => `$${index + 1}::${TYPES[type]}`,
  numbers: 'select i from generate_series(1, $1::integer) as g(i)',
  failing: 'select 1 / (3 - i) from generate_series(1, 5) as g(i)',
  sleep: 'select pg_sleep(20), 1',
  settings:
    "select current_setting('transaction_isolation') as level, current_setting('transaction_read_only') as access",
  levels: {
    'read uncommitted': 'read uncommitted',
    'read committed': 'read committed',
    'repeatable read': 'repeatable read',
    serializable: 'serializable',
  },
  readOnly: 'on',
  details: {
    unique: { table: 'city', constraint: 'city_key', columns: ['id'] },
    foreign: { table: 'city', constraint: 'in_country', columns: ['country'] },
    check: { table: 'city', constraint: 'populated' },
    notNull: { table: 'city', columns: ['name'] },
  },
}
