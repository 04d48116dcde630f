// What the schema builder must not take. Each line marked is one mistake.

import { sql } from '../../src/index.ts'
import { schemaBuilder } from '../../src/schema/index.ts'
import { db } from './world.ts'

export function definitions() {
  const schema = schemaBuilder(db)
  // @ts-expect-error something else than a database
  schemaBuilder({})
  // @ts-expect-error an unknown type
  schema.createTable('a').addColumn('b', 'integr')
  // @ts-expect-error a length that is no number
  schema.createTable('a').addColumn('b', 'varchar(many)')
  // @ts-expect-error a type and more
  schema.createTable('a').addColumn('b', 'integer not null')
  // @ts-expect-error no type
  schema.createTable('a').addColumn('b')
  // @ts-expect-error an unknown action
  schema.createTable('a').addColumn('b', 'integer', (c) => c.references('x.y').onDelete('destroy'))
  // @ts-expect-error a callback that gives nothing
  schema.createTable('a').addColumn('b', 'integer', () => {})
  // @ts-expect-error a check that is text
  schema.createTable('a').addCheckConstraint('b', 'c > 0')
  // @ts-expect-error one column in place of a list
  schema.createTable('a').addPrimaryKeyConstraint('b', 'c')
  // @ts-expect-error nothing has changed yet
  schema.alterTable('a').execute()
  // @ts-expect-error nothing has changed yet
  schema.alterTable('a').alterColumn('b', (c) => c)
  // @ts-expect-error one change for each call
  schema.alterTable('a').alterColumn('b', (c) => c.setNotNull().dropDefault())
  // @ts-expect-error a constraint of the wrong sort
  schema.alterTable('a').addUniqueConstraint('b', ['c']).onDelete('cascade')
  // @ts-expect-error an unknown time
  schema.createTable('a').onCommit('truncate')
  // @ts-expect-error an unknown style
  schema.createTable('a').partitionBy('random', ['b'])
  // @ts-expect-error a partition of no rows
  schema.createTable('a').partitionOf('b', (p) => p)
  // @ts-expect-error a view of text
  schema.createView('a').as('select 1')
  // @ts-expect-error an enum of numbers
  schema.createType('a').asEnum([1])
  // @ts-expect-error an enum without values cannot run
  schema.createType('a').execute()
  // @ts-expect-error half a step
  schema.createSequence('a').incrementBy('1')
  // @ts-expect-error an expression for a name
  schema.createIndex(sql`a`)
  // @ts-expect-error an unknown method
  schema.createIndex('a').on('b').rows('c')
}
