import type { Dialect } from '../../src/dialect/index.ts'

/** The statements that make what the definitions change, in the words of a database. */
export function ground(dialect: Dialect['name']): readonly string[] {
  const text = dialect === 'mariadb' ? 'varchar(200)' : 'text'
  const common = [
    'create table hall (a integer not null, b integer not null, primary key (a, b), constraint hall_a unique (a))',
    'create table person (id integer primary key)',
    'create table town (id integer primary key)',
    `create table item (id integer primary key, n integer default 7, s ${text}, constraint item_s unique (s))`,
    'create index item_i on item (n, id)',
    'create table keyless (a integer not null, b integer)',
    'insert into keyless values (1, 2)',
    'create view seen as select id from item where id > 0',
  ]
  return [...common, ...(OWN[dialect] ?? []), "insert into item values (1, 1, 'one')"]
}

const OWN: { readonly [D in Dialect['name']]?: readonly string[] } = {
  postgres: [
    'create schema bare',
    'create schema geo',
    "comment on table item is 'old'",
    'create table geo.town (id integer primary key)',
    'create materialized view kept as select id from item',
    "create type size as enum ('large')",
    'create sequence counter',
    'create domain share as integer',
    'create table ranged (day date) partition by range (day)',
    "create table ranged_old partition of ranged for values from ('2000-01-01') to ('2001-01-01')",
    'create table listed (n integer) partition by list (n)',
    'create table loose (n integer)',
    'create table hashed (n integer) partition by hash (n)',
  ],
  mariadb: ['create sequence counter', "alter table item comment = 'old'"],
}
