import { beforeAll, describe, expect, test } from 'vitest'
import type { Driver } from '../../src/driver/index.ts'
import { KantaError } from '../../src/error/index.ts'
import { explained, type Ground, type Make } from './driver-ground.ts'

/** What errors mean. */
export function errors({ open }: Ground, make: Make): void {
  describe('errors', () => {
    let from: Driver
    beforeAll(() => {
      from = make({ path: ':memory:' })
    })
    const insert =
      (...values: unknown[]) =>
      async () =>
        (await open()).run('insert into city values (?, ?, ?, ?)', values)

    test('of constraints say which', async () => {
      expect(await explained(from, insert(9, 'Helsinki', 'FI', 5))).toMatchObject({
        code: 'unique_violation',
        table: 'city',
        columns: ['name', 'country'],
        message:
          "A row of 'city' with this name, country is already there. Use another value, or say with onConflict what is to happen.",
      })
      expect(await explained(from, insert(1, 'Oulu', 'FI', 5))).toMatchObject({
        code: 'unique_violation',
        table: 'city',
        columns: ['id'],
      })
      expect(await explained(from, insert(9, 'helsinki', 'FI', 658000))).toMatchObject({
        code: 'unique_violation',
        constraint: 'city_upper',
      })
      expect(await explained(from, insert(9, null, 'FI', 5))).toMatchObject({
        code: 'not_null_violation',
        table: 'city',
        columns: ['name'],
      })
      expect(await explained(from, insert(9, 'Oulu', 'FI', -5))).toMatchObject({
        code: 'check_violation',
        constraint: 'populated',
      })
      expect(await explained(from, insert(9, 'Oulu', 'XX', 5))).toMatchObject({ code: 'foreign_key_violation' })
    })

    test('of a key without rowid, of odd names, of types, of triggers', async () => {
      const db = await open()
      await db.script(`
        create table odd ("a.b" text, "c, d" text, unique ("a.b", "c, d"));
        create table exact (n integer) strict;
        create trigger keep before delete on city begin select raise(abort, 'cities stay'); end;
      `)
      expect(await explained(from, () => db.run("insert into country values ('FI', 'x')", []))).toMatchObject({
        code: 'unique_violation',
        table: 'country',
        columns: ['code'],
      })
      await db.run("insert into odd values ('a', 'b')", [])
      expect(await explained(from, () => db.run("insert into odd values ('a', 'b')", []))).toMatchObject({
        code: 'unique_violation',
        table: 'odd',
        columns: ['a.b', 'c, d'],
      })
      expect(await explained(from, () => db.run("insert into exact values ('x')", []))).toMatchObject({
        code: 'invalid_input',
        table: 'exact',
        columns: ['n'],
      })
      expect(await explained(from, () => db.run('delete from city', []))).toEqual({
        code: 'constraint_violation',
        message: 'A trigger refused the statement: cities stay.',
      })
      expect(await explained(from, () => db.run("insert into city (id, name) values ('x', 'y')", []))).toMatchObject({
        code: 'invalid_input',
      })
    })

    test('of texts keep what the database said', async () => {
      const db = await open()
      for (const [sql, said] of [
        ['selec 1', 'near "selec": syntax error'],
        ['select * from nowhere', 'no such table: nowhere'],
        ['select mayor from city', 'no such column: mayor'],
      ] as const) {
        const { code, message } = await explained(from, () => db.all(sql, []))
        expect(code).toBe('query')
        expect(message).toContain(said)
      }
    })

    test('of a closed connection', async () => {
      const db = await open()
      await db.all('select 1', [])
      await db.close()
      await db.close()
      for (const act of [
        () => db.all('select 1', []),
        () => db.first('select 1', []),
        () => db.run('select 1', []),
        () => db.execute('select 1', []),
        () => db.stream('select 1', [], 1).next(),
        () => db.script('select 1'),
      ]) {
        expect(await explained(from, act)).toMatchObject({ code: 'closed' })
      }
    })

    test('what is already an error of Kanta stays as it is', async () => {
      const error = new KantaError('check_violation', 'said', { table: 'city' })
      expect(from.explainError(error)).toBe(error)
      expect(from.explainError('thrown text')).toMatchObject({ code: 'query', message: 'thrown text.' })
      expect(from.explainError(undefined)).toMatchObject({ code: 'query' })
    })
  })
}
