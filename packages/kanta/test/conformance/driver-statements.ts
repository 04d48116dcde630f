import { describe, expect, test } from 'vitest'
import type { Connection } from '../../src/driver/index.ts'
import { all, type Ground, valuesOf } from './driver-ground.ts'

/** Statements and what they say they did. */
export function statements({ driver, open }: Ground): void {
  describe('statements', () => {
    test('all rows, the first, and none', () => {
      const db = open()
      expect(all(db, 'select id, name from city order by id')).toEqual([
        [1, 'Helsinki'],
        [2, 'Tampere'],
        [3, 'Tallinn'],
      ])
      expect(all(db, 'select id from city where id > ?', [9])).toEqual([])
      expect(valuesOf(db.first('select name from city where id = ?', [2]))).toEqual(['Tampere'])
      expect(db.first('select name from city where id = ?', [9])).toBeUndefined()
    })

    test('rows come as the connection says', () => {
      const db = open()
      const row = db.first('select id, name from city where id = ?', [1])
      if (db.rows === 'array') {
        expect(row).toEqual([1, 'Helsinki'])
        expect(db.columns('select id, name from city where id = ?')).toEqual(['id', 'name'])
      } else expect({ ...(row as object) }).toEqual({ id: 1, name: 'Helsinki' })
    })

    test.each([0, 1, 2, 3, 4, 7])('%i parameters, in their order, and again with others', (count) => {
      const db = open()
      const sql = `select ${['0', ...Array<string>(count).fill('?')].map((part, i) => `${part} as c${i}`).join(', ')}`
      for (const from of [1, 100]) {
        const parameters = Array.from({ length: count }, (_, i) => `v${from + i}`)
        expect(all(db, sql, parameters)).toEqual([[0, ...parameters]])
        expect(valuesOf(db.first(sql, parameters))).toEqual([0, ...parameters])
      }
    })

    test('what looks like a parameter and is none', () => {
      const db = open()
      const sql = `select '?' || ' :a '' ?' as "a?""?", [name] as [b?], \`id\` as c$1 -- ? :x
        /* ? @y */ from city where id = ? /* ?`
      expect(all(db, sql, [1])).toEqual([["? :a ' ?", 'Helsinki', 1]])
    })

    test('run tells what it changed, and nothing of statements before', () => {
      const db = open()
      const run = (sql: string, parameters: unknown[] = []) => db.run(sql, parameters)
      expect(run("insert into city values (?, 'Turku', 'FI', 195000)", [7])).toEqual({ changes: 1, insertId: 7 })
      expect(run('update city set population = population + 1')).toEqual({ changes: 4, insertId: undefined })
      expect(run('create table other (a)')).toEqual({ changes: 0, insertId: undefined })
      expect(run('begin')).toEqual({ changes: 0, insertId: undefined })
      expect(run('delete from city where id > ?', [2])).toEqual({ changes: 2, insertId: undefined })
      expect(run('commit')).toEqual({ changes: 0, insertId: undefined })
      expect(run('update city set id = id where id = 99')).toEqual({ changes: 0, insertId: undefined })
      expect(run("insert or ignore into city values (1, 'Helsinki', 'FI', 1)")).toEqual({
        changes: 0,
        insertId: undefined,
      })
      expect(run('/* c */ -- c\n insert into other values (1)')).toEqual({ changes: 1, insertId: 1 })
    })

    test('an inserted id beyond what a number can hold is exact', () => {
      const db = open()
      db.script('create table big (id integer primary key)')
      expect(db.run('insert into big values (?)', [2n ** 62n + 1n])).toEqual({ changes: 1, insertId: 2n ** 62n + 1n })
    })

    test('execute knows by itself whether there are rows', () => {
      const db = open()
      const execute = (sql: string, parameters: unknown[] = []) => {
        const { rows, changes, insertId } = db.execute(sql, parameters) as Awaited<ReturnType<Connection['execute']>>
        return { rows: rows.map(valuesOf), changes, insertId }
      }
      expect(execute("insert into country values ('SE', 'Sweden')").changes).toBe(1)
      expect(execute('select name from country where code = ?', ['SE'])).toEqual({
        rows: [['Sweden']],
        changes: 0,
        insertId: undefined,
      })
      expect(
        execute("insert into city values (?, 'Turku', 'FI', 1), (?, 'Oulu', 'FI', 1) returning name", [7, 8]),
      ).toEqual({ rows: [['Turku'], ['Oulu']], changes: 2, insertId: 8 })
      expect(execute('update city set id = id where false returning id')).toEqual({
        rows: [],
        changes: 0,
        insertId: undefined,
      })
      expect(execute('create table other (a)')).toEqual({ rows: [], changes: 0, insertId: undefined })
      expect(execute('with a as (select 1) select * from a')).toEqual({
        rows: [[1]],
        changes: 0,
        insertId: undefined,
      })
    })

    test('a first row of returning leaves no row unwritten', () => {
      const db = open()
      expect(valuesOf(db.first("insert into country values ('SE', 'S'), ('NO', 'N') returning code", []))).toEqual([
        'SE',
      ])
      expect(all(db, 'select count(*) from country')).toEqual([[4]])
    })

    test('columns, with and without rows', () => {
      const db = open()
      expect(db.columns('select id as a, name from city where false')).toEqual(['a', 'name'])
      expect(db.columns('delete from city')).toEqual([])
    })

    test('a script runs all of its statements', () => {
      const db = open()
      db.script("create table a (b text default '?'); create table c (d); insert into c values (1), (2)")
      expect(all(db, 'select count(*) from c')).toEqual([[2]])
    })

    test('a text that was prepared before a change of the table', () => {
      const db = open()
      const sql = 'select * from country order by code'
      expect(all(db, sql)[0]).toEqual(['EE', 'Estonia'])
      db.script("alter table country add column currency text default 'EUR'")
      expect(all(db, sql)[0]).toEqual(['EE', 'Estonia', 'EUR'])
      expect(db.columns(sql)).toEqual(['code', 'name', 'currency'])
    })

    test('more texts than are kept prepared', () => {
      const db = open(driver({ statementCache: 4 }))
      for (let round = 0; round < 3; round++) {
        for (let n = 0; n < 10; n++) expect(all(db, `select ${n}, ?`, [round])).toEqual([[n, round]])
        for (let n = 0; n < 10; n++) expect(all(db, `select ${n % 2}, ?`, [n])).toEqual([[n % 2, n]])
      }
    })
  })
}
