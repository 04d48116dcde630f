import type { ServerTexts } from '../conformance/server-driver.ts'

/** The texts of the conformance suite in MariaDB. */
export const mariadbTexts: ServerTexts = {
  tables: [
    'drop table if exists city, country',
    'create table country (code varchar(2) primary key, name varchar(50) not null)',
    `create table city (id int primary key, name varchar(50) not null, country varchar(2),
      population int, constraint in_country foreign key (country) references country (code),
      constraint populated check (population > 0), constraint named unique (name, country))`,
    "insert into country values ('FI', 'Finland'), ('EE', 'Estonia')",
    `insert into city values
      (1, 'Helsinki', 'FI', 658000), (2, 'Tampere', 'FI', 244000), (3, 'Tallinn', 'EE', 437000)`,
  ],
  value: () => '?',
  numbers: 'select seq from seq_1_to_1000000 where seq <= ?',
  failing: 'select (select 1 union select if(seq >= 3, 2, 1)) from seq_1_to_5',
  sleep: 'select count(*) from seq_1_to_1000000 as a, seq_1_to_1000000 as b',
  // The server shows what it saw of its transactions when somebody last looked, for a tenth of a second.
  settings: `select trx_isolation_level, cast(trx_is_read_only as char) from information_schema.innodb_trx
    where trx_mysql_thread_id = connection_id() and (select count(*) + sleep(0.15) from city) >= 0`,
  levels: {
    'read uncommitted': 'READ UNCOMMITTED',
    'read committed': 'READ COMMITTED',
    'repeatable read': 'REPEATABLE READ',
    serializable: 'SERIALIZABLE',
  },
  readOnly: '1',
  details: {
    unique: { table: 'city', constraint: 'PRIMARY', columns: ['id'] },
    foreign: { table: 'city', constraint: 'in_country', columns: ['country'] },
    check: { table: 'city', constraint: 'populated' },
    notNull: { table: 'city', columns: ['name'] },
  },
}
