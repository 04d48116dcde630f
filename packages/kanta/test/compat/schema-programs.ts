// Statements that define, written for Kysely. They are compared by their text.
import type { Program } from './programs.ts'

const program = (name: string, build: Program['build']): Program => ({ name, build })

export const schemaPrograms: readonly Program[] = [
  program('create table', (db) =>
    db.schema
      .createTable('a')
      .ifNotExists()
      .addColumn('id', 'integer', (c) => c.primaryKey())
      .addColumn('name', 'varchar(255)', (c) => c.notNull().unique())
      .addColumn('b_id', 'integer', (c) => c.references('b.id').onDelete('cascade')),
  ),
  program('create table with constraints', (db, { sql }) =>
    db.schema
      .createTable('a')
      .addColumn('x', 'integer')
      .addColumn('y', 'integer', (c) => c.defaultTo(3))
      .addPrimaryKeyConstraint('a_pk', ['x', 'y'])
      .addUniqueConstraint('a_u', ['y'])
      .addCheckConstraint('a_c', sql`x > 1`)
      .addForeignKeyConstraint('a_f', ['x'], 'b', ['id']),
  ),
  program('create a temporary table', (db) => db.schema.createTable('a').temporary().addColumn('x', 'text')),
  program('default by text', (db, { sql }) =>
    db.schema.createTable('a').addColumn('x', 'timestamp', (c) => c.defaultTo(sql`now()`).notNull()),
  ),
  program('drop table', (db) => db.schema.dropTable('a').ifExists()),
  program('create index', (db) => db.schema.createIndex('i').on('a').columns(['x', 'y']).unique()),
  program('create index by column', (db) => db.schema.createIndex('i').on('a').column('x')),
  program('drop index', (db) => db.schema.dropIndex('i')),
  program('add column', (db) => db.schema.alterTable('a').addColumn('z', 'integer')),
  program('drop column', (db) => db.schema.alterTable('a').dropColumn('z')),
  program('rename table', (db) => db.schema.alterTable('a').renameTo('b')),
  program('rename column', (db) => db.schema.alterTable('a').renameColumn('x', 'y')),
  program('create view', (db) => db.schema.createView('v').as(db.selectFrom('person').select('id'))),
  program('drop view', (db) => db.schema.dropView('v').ifExists()),
  program('create schema', (db) => db.schema.createSchema('s')),
  program('drop schema', (db) => db.schema.dropSchema('s')),
]
