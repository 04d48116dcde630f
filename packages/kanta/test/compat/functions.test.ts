import * as npm from 'kysely'
import * as npmMssql from 'kysely/helpers/mssql'
import * as npmMysql from 'kysely/helpers/mysql'
import * as npmPostgres from 'kysely/helpers/postgres'
import * as npmSqlite from 'kysely/helpers/sqlite'
import { expect, test } from 'vitest'
import * as ownMssql from '../../src/compat/functions/mssql.ts'
import * as ownMysql from '../../src/compat/functions/mysql.ts'
import * as ownPostgres from '../../src/compat/functions/postgres.ts'
import * as ownSqlite from '../../src/compat/functions/sqlite.ts'
import * as own from '../../src/compat/kysely.ts'
import type { Db, K } from './programs.ts'
import { world } from './world.ts'

type Helpers = typeof npmSqlite
const k = own as unknown as K
const helpers = {
  sqlite: [ownSqlite, npmSqlite],
  mysql: [ownMysql, npmMysql],
  mssql: [ownMssql, npmMssql],
  postgres: [ownPostgres, npmPostgres],
} as unknown as Record<string, readonly [Helpers, Helpers]>

const open = (library: K): Db =>
  new library.Kysely({
    dialect: new library.SqliteDialect({ database: world() }),
    plugins: [new library.ParseJSONResultsPlugin()],
  })

const query = (db: Db, { jsonArrayFrom, jsonObjectFrom, jsonBuildObject }: Helpers) =>
  db
    .selectFrom('person')
    .select((eb) => [
      'id',
      jsonArrayFrom(
        eb
          .selectFrom('pet')
          .select(['pet.id', 'name as petName'])
          .whereRef('pet.owner_id', '=', 'person.id')
          .orderBy('pet.id'),
      ).as('pets'),
      jsonObjectFrom(
        eb
          .selectFrom('pet')
          .select(['name', (e) => e.val(1).as('one')])
          .whereRef('owner_id', '=', 'person.id')
          .orderBy('pet.id')
          .limit(1),
      ).as('first'),
      jsonBuildObject({ a: eb.ref('first_name'), "it's": eb.fn<number>('abs', ['age']) }).as('built'),
    ])
    .orderBy('id')

test.each(Object.keys(helpers))('the text of %s', (name) => {
  const [ours, theirs] = helpers[name]!
  expect(query(open(k), ours).compile().sql).toBe(query(open(npm), theirs).compile().sql)
})

test('rows', async () => {
  const [ours, theirs] = helpers.sqlite!
  expect(await query(open(k), ours).execute()).toEqual(await query(open(npm), theirs).execute())
})

test('columns that are not known are refused', () => {
  const db = open(k)
  expect(() => ownSqlite.jsonArrayFrom(db.selectFrom('pet').selectAll() as never)).toThrow(/Use select\(\) instead/)
})

test('mergeAction', () => {
  expect(ownPostgres.mergeAction().compile(open(k) as never).sql).toBe(npmPostgres.mergeAction().compile(open(npm)).sql)
})
