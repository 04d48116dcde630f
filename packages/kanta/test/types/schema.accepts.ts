// The schema builder: names as strings or as tables and columns, types as words or expressions.

import type {
  AlterTableForeignKeyBuilder,
  ColumnDefinitionBuilder,
  CreateTableBuilder,
  SchemaBuilder,
} from '../../src/index.ts'
import { sql } from '../../src/index.ts'
import { schemaBuilder } from '../../src/schema/index.ts'
import { db, equal, person, pet } from './world.ts'

export async function tables() {
  const schema = schemaBuilder(db)
  equal<typeof schema, SchemaBuilder>(true)
  const created = schema
    .createTable('geo.town')
    .ifNotExists()
    .temporary()
    .onCommit('drop')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('name', 'varchar(200)', (c) => c.notNull().unique().defaultTo('none'))
    .addColumn('price', 'decimal(10, 2)', (c) => c.unsigned().check(sql`price > 0`))
    .addColumn('at', 'timestamptz(3)', (c) => c.defaultTo(sql`now()`))
    .addColumn('place', sql`geometry(point)`)
    .addColumn('owner', 'bigint', (c) => c.references('person.id').onDelete('cascade').onUpdate('no action'))
    .addColumn('pet', 'bigint', (c) => c.references(pet.id))
    .addPrimaryKeyConstraint('key', ['id', 'name'], (k) => k.deferrable().initiallyDeferred())
    .addUniqueConstraint('once', ['name', sql`lower(name)`], (u) => u.nullsNotDistinct())
    .addCheckConstraint('cheap', sql`price < 10`)
    .addForeignKeyConstraint('owner', ['owner'], person, ['id'], (f) => f.onDelete('set null'))
    .addIndex('by_name', ['name'], (i) => i.using('btree'))
    .partitionBy('list', ['name'], (p) => p.partition('a', (rows) => rows.in(['a'])))
    .modifyFront(sql`unlogged`)
    .modifyEnd(sql`without rowid`)
    .comment('towns')
  equal<typeof created, CreateTableBuilder>(true)
  await created.execute({ signal: new AbortController().signal })
  const { sql: text } = created.compile()
  equal<typeof text, string>(true)
  await schema.createTable(person).execute()
  await schema.createTable('copy').as(db.selectFrom('city').selectAll()).execute()
  await schema.dropTable('copy').ifExists().cascade().execute()
  await schema.truncate(['city', person]).restartIdentity().execute()
  const idColumn = (c: ColumnDefinitionBuilder) => c.primaryKey()
  const withId = (table: CreateTableBuilder) => table.addColumn('id', 'integer', idColumn)
  await schema
    .createTable('b')
    .$call(withId)
    .addColumn('n', 'integer', (c) => c.$call((x) => x.notNull()))
    .execute()
}

export async function alterations() {
  const schema = schemaBuilder(db)
  await schema.alterTable('city').renameTo('town').execute()
  await schema
    .alterTable(person)
    .addColumn('a', 'text')
    .dropColumn('b', (c) => c.ifExists())
    .execute()
  await schema
    .alterTable('city')
    .alterColumn('a', (c) => c.setDataType('bigint'))
    .execute()
  await schema
    .alterTable('city')
    .alterColumn('a', (c) => c.setDefault(3))
    .alterColumn('a', (c) => c.setNotNull())
    .execute()
  const key = schema.alterTable('city').addForeignKeyConstraint('k', ['a'], 'b', ['c']).onDelete('cascade').deferrable()
  equal<typeof key, AlterTableForeignKeyBuilder>(true)
  await schema.alterTable('city').dropConstraint('k').ifExists().cascade().execute()
  await schema.alterTable('city').addIndex('i').unique().column('a desc').using('btree').execute()
  await schema
    .alterTable('sale')
    .attachPartition('old', (p) => p.range([1], [2]))
    .execute()
}

export async function others() {
  const schema = schemaBuilder(db)
  await schema
    .createIndex('i')
    .concurrently()
    .ifNotExists()
    .on('city')
    .columns(['a', 'b desc', sql`lower(c)`])
    .include(['d'])
    .where('a', '>', 1)
    .execute()
  await schema
    .createIndex('i')
    .on(person)
    .column(person.name)
    .where((eb) => eb('name', 'is not', null))
    .execute()
  await schema.createView('v').orReplace().columns(['a']).as(db.selectFrom('city').select('id')).execute()
  await schema.refreshMaterializedView('v').concurrently().execute()
  await schema.createType('mood').asEnum(['sad', 'ok']).execute()
  await schema.alterType('mood').addValue('fine').after('ok').ifNotExists().execute()
  await schema.dropType(['mood', 'other']).ifExists().execute()
  await schema.createDomain('percent', 'integer').notNull().addCheckConstraint('range', sql`value <= 100`).execute()
  await schema.createSequence('turn').as('bigint').startWith(1n).incrementBy(2).noCycle().execute()
  await schema.commentOnColumn(person.name, null).execute()
  await db.transaction().execute((trx) => schemaBuilder(trx).createSchema('geo').ifNotExists().execute())
}
