import Sqlite from 'better-sqlite3'
import * as npm from 'kysely'
import { describe, expect, test } from 'vitest'
import * as own from '../../src/compat/kysely.ts'
import type { Db, K } from './programs.ts'
import { world } from './world.ts'

const libraries = { npm, kanta: own as unknown as K }

async function both<T>(run: (k: K, db: Db) => Promise<T>, plugins: (k: K) => npm.KyselyPlugin[]): Promise<T> {
  const results: T[] = []
  for (const k of [libraries.kanta, libraries.npm]) {
    const db: Db = new k.Kysely({ dialect: new k.SqliteDialect({ database: world() }), plugins: plugins(k) })
    results.push(await run(k, db))
    await db.destroy()
  }
  expect(results[0]).toEqual(results[1])
  return results[0]!
}

const run = async (query: { compile(): npm.CompiledQuery; execute(): Promise<unknown[]> }) => ({
  text: [query.compile().sql, query.compile().parameters],
  rows: await query.execute(),
})

type Any = any

describe('CamelCasePlugin', () => {
  const options = [
    {},
    { upperCase: true },
    { underscoreBeforeDigits: true },
    { underscoreBetweenUppercaseLetters: true },
    { maintainNestedObjectKeys: true },
  ]
  test.each(options)('names with %j', async (option) => {
    const names = [
      'foo',
      'fooBar',
      'fooBAR',
      'foo12',
      'foo12Bar3',
      'fooBarBAZ1',
      'x',
      'URL',
      'aB',
      '_foo',
      'foo_bar',
      '1a',
    ]
    await both(
      async (k, db) => {
        const { sql } = k
        const columns = names.map((name, i) => sql<number>`${sql.lit(i)}`.as(name))
        const text = (db as Any).selectNoFrom(columns).compile().sql
        const returned = ['foo_bar', 'foo_1', '_foo', 'foo__bar', 'FOO_BAR', 'fooBar', 'a_b_c', 'f']
        const { rows } =
          await sql`select ${sql.join(returned.map((name, i) => sql`${sql.lit(i)} as ${sql.raw(`"${name}"`)}`))}`.execute(
            db,
          )
        return { text, rows }
      },
      (k) => [new k.CamelCasePlugin(option)],
    )
  })

  test('tables, columns and aliases in every clause', () =>
    both(
      async (_, db) => {
        const d = db as Any
        return [
          await run(
            d
              .selectFrom('person as thePerson')
              .select(['thePerson.firstName', 'lastName as familyName'])
              .orderBy('firstName'),
          ),
          await run(
            d.insertInto('person').values({ firstName: 'A', age: 1, gender: 'x' }).returning(['id', 'firstName']),
          ),
          await run(d.updateTable('person').set({ lastName: 'B' }).where('firstName', '=', 'A').returningAll()),
          await run(
            d
              .with('somePets', (q: Any) => q.selectFrom('pet').select('ownerId'))
              .selectFrom('somePets')
              .selectAll(),
          ),
        ]
      },
      (k) => [new k.CamelCasePlugin()],
    ))

  test('keys of objects within rows', async () => {
    const database = new Sqlite(':memory:')
    for (const maintainNestedObjectKeys of [true, false]) {
      const rows = await both(
        async (k, db) => {
          const { rows } = await k.sql`select '{"a_b":[{"c_d":1}],"e_f":{"g_h":2}}' as some_json`.execute(db)
          return rows
        },
        (k) => [new k.ParseJSONResultsPlugin(), new k.CamelCasePlugin({ maintainNestedObjectKeys })],
      )
      expect(Object.keys(rows[0] as object)).toEqual(['someJson'])
    }
    database.close()
  })
})

describe('ParseJSONResultsPlugin', () => {
  const query = (db: Db) => db.selectFrom('person').select(['id', 'data']).orderBy('id')
  test('reads what looks like JSON', () =>
    both(
      (_, db) => query(db).execute(),
      (k) => [new k.ParseJSONResultsPlugin()],
    ))
  test('makes rows anew', () =>
    both(
      (_, db) => query(db).execute(),
      (k) => [new k.ParseJSONResultsPlugin({ objectStrategy: 'create' })],
    ))
  test('reads what it is told to, and revives', () =>
    both(
      (_, db) => query(db).execute(),
      (k) => [
        new k.ParseJSONResultsPlugin({
          shouldParse: (_, path) => path.startsWith('$[0]'),
          reviver: (key, value) => (key === 'a' ? [value] : value),
        }),
      ],
    ))
})

test('DeduplicateJoinsPlugin', () =>
  both(
    (_, db) =>
      run(
        db
          .selectFrom('person')
          .innerJoin('pet', 'pet.owner_id', 'person.id')
          .innerJoin('pet', 'pet.owner_id', 'person.id')
          .leftJoin('toy', 'toy.pet_id', 'pet.id')
          .select('pet.name')
          .orderBy('pet.name'),
      ),
    (k) => [new k.DeduplicateJoinsPlugin()],
  ))

describe('HandleEmptyInListsPlugin', () => {
  const queries = (db: Db) =>
    Promise.all([
      run(db.selectFrom('person').select('id').where('id', 'in', [])),
      run(db.selectFrom('person').select('id').where('id', 'not in', []).where('id', 'in', [1, 2])),
      run(
        db
          .selectFrom('person')
          .select('id')
          .where((eb) => eb.or([eb('id', 'in', []), eb('id', '=', 1)])),
      ),
      run(db.deleteFrom('person').where('id', 'in', [])),
    ])
  test('by an expression', () =>
    both(
      (_, db) => queries(db),
      (k) => [new k.HandleEmptyInListsPlugin({ strategy: k.replaceWithNoncontingentExpression })],
    ))
  test('by a value', () =>
    both(
      (_, db) => queries(db),
      (k) => [new k.HandleEmptyInListsPlugin({ strategy: k.pushValueIntoList('__kysely_no_values_were_provided__') })],
    ))
  test('without it an empty list is refused', () => {
    const db = new own.Kysely<{ a: { b: number } }>({ dialect: new own.SqliteDialect({ database: world() }) })
    expect(() => db.selectFrom('a').select('b').where('b', 'in', []).compile()).toThrow(/HandleEmptyInListsPlugin/)
  })
})

describe('comparisons with null', () => {
  const queries = (db: Db) =>
    Promise.all(
      (['=', '!=', '<>', '>'] as const).map((op) =>
        run(
          db
            .selectFrom('person')
            .select('id')
            .where('last_name', op, null as never),
        ),
      ),
    )
  test('are as Kysely has them', () =>
    both(
      (_, db) => queries(db),
      () => [],
    ))
  test('SafeNullComparisonPlugin', () =>
    both(
      (_, db) => queries(db),
      (k) => [new k.SafeNullComparisonPlugin()],
    ))
})

test('WithSchemaPlugin', () =>
  both(
    (_, db) => run(db.selectFrom('person').select('person.id').orderBy('id')),
    (k) => [new k.WithSchemaPlugin('main')],
  ))

test('a plugin may be added and left out', () =>
  both(
    async (k, db) => {
      const camel = db.withPlugin(new k.CamelCasePlugin()) as Any
      const query = (d: Any) => d.selectFrom('person').select('id as theId').limit(1).execute()
      return [await query(camel), await query(camel.withoutPlugins()), await query(db)]
    },
    () => [],
  ))

class Doubling implements npm.KyselyPlugin {
  transformQuery(args: npm.PluginTransformQueryArgs) {
    return args.node
  }
  async transformResult(args: npm.PluginTransformResultArgs) {
    return { ...args.result, rows: [...args.result.rows, ...args.result.rows] }
  }
}
class Rewriting extends Doubling {
  override transformQuery(args: npm.PluginTransformQueryArgs) {
    return { ...args.node }
  }
}

test('a plugin that changes results works', async () => {
  const rows = await both(
    (_, db) => db.selectFrom('person').select('id').execute(),
    () => [new Doubling()],
  )
  expect(rows).toHaveLength(6)
})

test('a plugin that rewrites nodes is refused, with the way out', () => {
  const dialect = new own.SqliteDialect({ database: world() })
  expect(() => new own.Kysely({ dialect, plugins: [new Rewriting() as never] })).toThrow(
    /plugin Rewriting rewrites .* policy.*docs\/from-kysely\.md/,
  )
})
