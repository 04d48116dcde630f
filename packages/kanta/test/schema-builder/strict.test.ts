import { describe, expect, test } from 'vitest'
import { postgresDialect } from '../../src/dialect/postgres/index.ts'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { KantaError, kanta, type Node, type Plugin, sql, table } from '../../src/index.ts'
import { camelCase } from '../../src/plugins/index.ts'
import { schemaBuilder } from '../../src/schema/index.ts'
import type { Any } from './definitions.ts'

const db: Any = kanta({ driver: { ...sqlite(':memory:'), dialect: postgresDialect } })
const s: Any = schemaBuilder(db)
const a = (name = 'a'): Any => s.createTable('t').addColumn(name, 'integer')

/** What means nothing, each with a part of the message that says so. */
const wrong: Readonly<Record<string, readonly [build: () => Any, message: RegExp]>> = {
  'a table without columns': [() => s.createTable('t'), /has no columns/],
  'a table of columns and a query': [() => a().as(db.selectFrom('x').select('y')), /not from both/],
  'two columns of one name': [() => a().addColumn('a', 'text'), /two columns of one name/],
  'a key of no column': [() => a().addPrimaryKeyConstraint('k', []), /one column or more/],
  'a key of an unknown column': [() => a().addPrimaryKeyConstraint('k', ['b']), /names 'b', which is no column/],
  'a foreign key of other length': [() => a().addForeignKeyConstraint('k', ['a'], 'x', ['b', 'c']), /has 1 columns/],
  'an action of no foreign key': [
    () => s.createTable('t').addColumn('a', 'integer', (c: Any) => c.onDelete('cascade')),
    /references/,
  ],
  'an unknown action': [
    () =>
      s.createTable('t').addColumn('a', 'integer', (c: Any) => c.references('x.y').onDelete('cascade; drop table x')),
    /what it cannot/,
  ],
  'a type that is none': [() => s.createTable('t').addColumn('a', "int); drop table x; --'"), /not a type name/],
  'a callback that gives nothing': [() => s.createTable('t').addColumn('a', 'integer', () => undefined), /Return what/],
  'a callback that gives another column': [
    () => s.createTable('t').addColumn('a', 'integer', () => sql`x`),
    /Return what its argument gives/,
  ],
  'no value for a default': [
    () => s.createTable('t').addColumn('a', 'integer', (c: Any) => c.defaultTo(undefined)),
    /undefined/,
  ],
  'a default that is no SQL': [
    () => s.createTable('t').addColumn('a', 'integer', (c: Any) => c.defaultTo({ a: 1 })),
    /cannot be written as SQL text/,
  ],
  'a reference without a table': [
    () => s.createTable('t').addColumn('a', 'integer', (c: Any) => c.references('x')),
    /person\.id/,
  ],
  'a commit of another sort': [() => a().onCommit('drop; --'), /preserve rows/],
  'an index method that is text': [
    () => s.createIndex('i').on('t').using('btree) --').column('a'),
    /takes an expression/,
  ],
  'an index without columns': [() => s.createIndex('i').on('t'), /has no columns/],
  'an index of no columns': [() => s.createIndex('i').on('t').columns([]), /one column or more/],
  'an index without a table': [() => s.createIndex('i').column('a'), /no table/],
  'an alteration of nothing': [() => s.alterTable('t').$call((q: Any) => q), /altered in no way/],
  'two changes of one column in one': [
    () => s.alterTable('t').alterColumn('a', (c: Any) => c.setNotNull().dropDefault()),
    /one change/,
  ],
  'no change of a column': [() => s.alterTable('t').alterColumn('a', (c: Any) => c), /changes nothing/],
  'a new name among other changes': [() => s.alterTable('t').renameColumn('a', 'b').dropColumn('c'), /stands alone/],
  'a view without a query': [() => s.createView('v'), /needs its query/],
  'a view of text': [() => s.createView('v').as('select 1'), /takes a query/],
  'an enum without values': [() => s.createType('m'), /needs its values/],
  'an enum of numbers': [() => s.createType('m').asEnum([1]), /takes a text/],
  'no types': [() => s.dropType([]), /names no type/],
  'no tables': [() => s.truncate([]), /names no table/],
  'half a sequence': [() => s.createSequence('q').startWith(0.5), /whole number/],
  'partitions of another style': [() => a().partitionBy('random', ['a']), /range, list or hash/],
  'a partition of no rows': [() => s.createTable('t').partitionOf('x', (p: Any) => p), /which rows/],
  'a partition out of range': [() => s.createTable('t').partitionOf('x', (p: Any) => p.hash(4, 4)), /from 0/],
  'a comment that is none': [() => s.commentOnTable('t', 5), /takes a text/],
  'a column without a table': [() => s.commentOnColumn('a', 'x'), /city\.name/],
  'a name that is none': [() => s.createTable(''), /table/],
  'a table with an alias': [() => s.createTable('a as b'), /not the name of a table/],
  'something else than a database': [() => (schemaBuilder as Any)({}), /takes a database/],
}

describe('what means nothing is refused', () => {
  test.each(Object.entries(wrong))('%s', (_, [build, message]) => {
    let thrown: unknown
    try {
      build().compile()
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(KantaError)
    expect((thrown as KantaError).code).toBe('invalid_input')
    expect((thrown as KantaError).message).toMatch(message)
  })
})

describe('policies', () => {
  const text = (build: (s: Any, db: Any) => Any, on: Any): string => build(schemaBuilder(on), on).compile().sql

  const inGeo = db.withSchema('geo')
  test.each<readonly [(s: Any, db: Any) => Any, string]>([
    [
      (s) => s.createTable('pet').addColumn('owner', 'integer', (c: Any) => c.references('person.id')),
      'create table "geo"."pet" ("owner" integer references "geo"."person" ("id"))',
    ],
    [
      (s) => s.createTable('pet').addColumn('a', 'integer').addForeignKeyConstraint('f', ['a'], 'x.person', ['id']),
      'create table "geo"."pet" ("a" integer, constraint "f" foreign key ("a") references "x"."person" ("id"))',
    ],
    [(s) => s.alterTable('pet').dropColumn('a'), 'alter table "geo"."pet" drop column "a"'],
    [(s) => s.createIndex('i').on('pet').column('a'), 'create index "i" on "geo"."pet" ("a")'],
    [(s) => s.dropIndex('i'), 'drop index "geo"."i"'],
    [(s) => s.createType('mood').asEnum(['a']), 'create type "geo"."mood" as enum (\'a\')'],
    [
      (s, db) => s.createView('v').as(db.selectFrom('pet').select('a')),
      'create view "geo"."v" as select "a" from "geo"."pet"',
    ],
    [(s) => s.truncate('pet'), 'truncate table "geo"."pet"'],
    [(s) => s.commentOnColumn('pet.a', 'x'), 'comment on column "geo"."pet"."a" is \'x\''],
    [(s) => s.createSchema('other'), 'create schema "other"'],
  ])('withSchema: %#', (build, expected) => {
    expect(text(build, inGeo)).toBe(expected)
  })

  const camel = db.withPlugins([camelCase()])
  const petOwner = table('petOwner', (c) => ({
    petId: c.integer(),
    ownerId: c.integer().references(() => petOwner.petId),
  }))
  test.each<readonly [(s: Any, db: Any) => Any, string]>([
    [
      (s) =>
        s
          .createTable('petOwner')
          .addColumn('petId', 'integer', (c: Any) => c.references('bigPet.petId'))
          .addUniqueConstraint('onePet', ['petId']),
      'create table "pet_owner" ("pet_id" integer references "big_pet" ("pet_id"), constraint "one_pet" unique ("pet_id"))',
    ],
    [
      (s) => s.alterTable('petOwner').renameColumn('petId', 'animalId'),
      'alter table "pet_owner" rename column "pet_id" to "animal_id"',
    ],
    [
      (s) => s.createIndex('byPet').on('petOwner').columns(['petId desc']).where('petId', '>', 1),
      'create index "by_pet" on "pet_owner" ("pet_id" desc) where "pet_id" > 1',
    ],
    [
      (s) => s.createTable(petOwner),
      'create table "pet_owner" ("pet_id" integer not null, "owner_id" integer not null, foreign key ("owner_id") references "pet_owner" ("pet_id"))',
    ],
  ])('camel case: %#', (build, expected) => {
    expect(text(build, camel)).toBe(expected)
  })

  test('a value of the context does not become part of what is defined', () => {
    const rewrite = (n: Node): Node =>
      n.kind === 'createView' && n.query?.kind === 'select'
        ? { ...n, query: { ...n.query, where: [{ kind: 'context', name: 'tenant' }] } }
        : n
    const tenant = { name: 'tenant', policies: [{ name: 'tenant', rewrite }] } as Plugin
    const guarded = db.withPlugins([tenant])
    const view = schemaBuilder(guarded).createView('v').as(guarded.selectFrom('pet').select('a'))
    expect(() => view.compile()).toThrow(/context/)
  })

  test('values are written as their columns write them', () => {
    const flagged = table('flagged', (c) => ({ open: c.boolean(), at: c.timestamp() }))
    const known: Any = kanta({ driver: sqlite(':memory:'), schema: { flagged } })
    const build = (schema: Any): Any =>
      schema.createIndex('i').on('flagged').column('open').where('open', '=', true).where('at', '>', new Date(0))
    expect(build(schemaBuilder(known)).compile().sql).toBe(
      'create index "i" on "flagged" ("open") where "open" = 1 and "at" > \'1970-01-01T00:00:00.000Z\'',
    )
  })
})

test('a definition that another database is given says who can write it', () => {
  const plain: Any = kanta({ driver: sqlite(':memory:') })
  const view = schemaBuilder(plain).createView('v').as(plain.selectFrom('x').select('y'))
  return expect(plain.executeQuery(view)).rejects.toThrow(/schemaBuilder\(\) of 'kanta\/schema'/)
})
