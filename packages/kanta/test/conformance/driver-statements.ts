import { describe, expect, test } from 'vitest'
import { all, type Ground, testOf, valuesOf } from './driver-ground.ts'

/** Statements and what they say they did. */
export function statements({ driver, lacks, open }: Ground): void {
  describe('statements', () => {
    test('all rows, the first, and none', async () => {
      const db = await open()
      expect(await all(db, 'select id, name from city order by id')).toEqual([
        [1, 'Helsinki'],
        [2, 'Tampere'],
        [3, 'Tallinn'],
      ])
      expect(await all(db, 'select id from city where id > ?', [9])).toEqual([])
      expect(valuesOf(await db.first('select name from city where id = ?', [2]))).toEqual(['Tampere'])
      expect(await db.first('select name from city where id = ?', [9])).toBeUndefined()
    })

    test('rows come as the connection says', async () => {
      const db = await open()
      const row = await db.first('select id, name from city where id = ?', [1])
      if (db.rows === 'array') {
        expect(row).toEqual([1, 'Helsinki'])
        expect(db.columns('select id, name from city where id = ?')).toEqual(['id', 'name'])
      } else expect({ ...(row as object) }).toEqual({ id: 1, name: 'Helsinki' })
    })

    test.each([0, 1, 2, 3, 4, 7])('%i parameters, in their order, and again with others', async (count) => {
      const db = await open()
      const sql = `select ${['0', ...Array<string>(count).fill('?')].map((part, i) => `${part} as c${i}`).join(', ')}`
      for (const from of [1, 100]) {
        const parameters = Array.from({ length: count }, (_, i) => `v${from + i}`)
        expect(await all(db, sql, parameters)).toEqual([[0, ...parameters]])
        expect(valuesOf(await db.first(sql, parameters))).toEqual([0, ...parameters])
      }
    })

    test('what looks like a parameter and is none', async () => {
      const db = await open()
      const sql = `select '?' || ' :a '' ?' as "a?""?", [name] as [b?], \`id\` as c$1 -- ? :x
        /* ? @y */ from city where id = ? /* ?`
      expect(await all(db, sql, [1])).toEqual([["? :a ' ?", 'Helsinki', 1]])
    })

    test('run tells what it changed, and nothing of statements before', async () => {
      const db = await open()
      const run = (sql: string, parameters: unknown[] = []) => db.run(sql, parameters)
      expect(await run("insert into city values (?, 'Turku', 'FI', 195000)", [7])).toEqual({ changes: 1, insertId: 7 })
      expect(await run('update city set population = population + 1')).toEqual({ changes: 4, insertId: undefined })
      expect(await run('create table other (a)')).toEqual({ changes: 0, insertId: undefined })
      expect(await run('delete from city where id > ?', [2])).toEqual({ changes: 2, insertId: undefined })
      expect(await run('update city set id = id where id = 99')).toEqual({ changes: 0, insertId: undefined })
      expect(await run("insert or ignore into city values (1, 'Helsinki', 'FI', 1)")).toEqual({
        changes: 0,
        insertId: undefined,
      })
      expect(await run('/* c */ -- c\n insert into other values (1)')).toEqual({ changes: 1, insertId: 1 })
    })

    testOf(lacks, ['transactions'], 'run tells that a beginning and an end change nothing', async () => {
      const db = await open()
      expect(await db.run('begin', [])).toEqual({ changes: 0, insertId: undefined })
      expect(await db.run('delete from city', [])).toEqual({ changes: 3, insertId: undefined })
      expect(await db.run('commit', [])).toEqual({ changes: 0, insertId: undefined })
    })

    testOf(lacks, ['bigints', 'counts'], 'an inserted id beyond what a number can hold is exact', async () => {
      const db = await open()
      await db.script('create table big (id integer primary key)')
      expect(await db.run('insert into big values (?)', [2n ** 62n + 1n])).toEqual({
        changes: 1,
        insertId: 2n ** 62n + 1n,
      })
    })

    testOf(lacks, ['counts'], 'execute knows by itself whether there are rows', async () => {
      const db = await open()
      const execute = async (sql: string, parameters: unknown[] = []) => {
        const { rows, changes, insertId } = await db.execute(sql, parameters)
        return { rows: rows.map(valuesOf), changes, insertId }
      }
      expect(await execute("insert into country values ('SE', 'Sweden')")).toMatchObject({ changes: 1 })
      expect(await execute('select name from country where code = ?', ['SE'])).toEqual({
        rows: [['Sweden']],
        changes: 0,
        insertId: undefined,
      })
      expect(
        await execute("insert into city values (?, 'Turku', 'FI', 1), (?, 'Oulu', 'FI', 1) returning name", [7, 8]),
      ).toEqual({ rows: [['Turku'], ['Oulu']], changes: 2, insertId: 8 })
      expect(await execute('update city set id = id where false returning id')).toEqual({
        rows: [],
        changes: 0,
        insertId: undefined,
      })
      expect(await execute('create table other (a)')).toEqual({ rows: [], changes: 0, insertId: undefined })
      expect(await execute('with a as (select 1) select * from a')).toEqual({
        rows: [[1]],
        changes: 0,
        insertId: undefined,
      })
    })

    test('a first row of returning leaves no row unwritten', async () => {
      const db = await open()
      expect(
        valuesOf(await db.first("insert into country values ('SE', 'S'), ('NO', 'N') returning code", [])),
      ).toEqual(['SE'])
      expect(await all(db, 'select count(*) from country')).toEqual([[4]])
    })

    testOf(lacks, ['columnNames'], 'columns, with and without rows', async () => {
      const db = await open()
      await db.all('select id as a, name from city where false', [])
      await db.run('delete from city', [])
      expect(db.columns('select id as a, name from city where false')).toEqual(['a', 'name'])
      expect(db.columns('delete from city')).toEqual([])
    })

    test('a script runs all of its statements', async () => {
      const db = await open()
      await db.script("create table a (b text default '?'); create table c (d); insert into c values (1), (2)")
      expect(await all(db, 'select count(*) from c')).toEqual([[2]])
    })

    test('a text that was prepared before a change of the table', async () => {
      const db = await open()
      const sql = 'select * from country order by code'
      expect((await all(db, sql))[0]).toEqual(['EE', 'Estonia'])
      await db.script("alter table country add column currency text default 'EUR'")
      expect((await all(db, sql))[0]).toEqual(['EE', 'Estonia', 'EUR'])
      if (lacks.columnNames === undefined) expect(db.columns(sql)).toEqual(['code', 'name', 'currency'])
    })

    test('more texts than are kept prepared', async () => {
      const db = await open(driver({ statementCache: 4 }))
      for (let round = 0; round < 3; round++) {
        for (let n = 0; n < 10; n++) expect(await all(db, `select ${n} as n, ? as v`, [round])).toEqual([[n, round]])
        for (let n = 0; n < 10; n++) expect(await all(db, `select ${n % 2} as n, ? as v`, [n])).toEqual([[n % 2, n]])
      }
    })
  })
}
