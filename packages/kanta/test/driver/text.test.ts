import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { betterSqlite3 } from '../../src/driver/better-sqlite3/index.ts'
import { isBlank, onlyStatement, readText, splitStatements } from '../../src/driver/database/sqlite/text.ts'
import type { Connection } from '../../src/driver/index.ts'

describe('what a text says of itself', () => {
  test.each([
    ['select 1', 0, false, false],
    ['insert into t values (?, ?)', 2, true, true],
    ['  REPLACE into t values (?)', 1, true, true],
    ['-- ?\n/* ? */ update t set a = ? where b = \'?\' and "c?" = ?', 2, true, false],
    ['with x as (select ?) delete from t', 1, true, true],
    ['select a$b, x.c?, [?], `?`, "?""?", \'?\'\'?\' from t', 1, false, false],
    ["select '?", 0, false, false],
    ['select /* ?', 0, false, false],
    ["select a ->> '$.b' = ?", 1, false, false],
    ['', 0, false, false],
  ])('%s', (sql, parameters, writes, inserts) => {
    expect(readText(sql)).toEqual({ parameters, writes, inserts, controls: false })
  })

  test.each(['begin immediate', ' COMMIT', '-- c\nend', 'rollback to "x"', 'savepoint "x"', 'release x'])(
    '%s',
    (sql) => {
      expect(readText(sql)).toEqual({ parameters: 0, writes: false, inserts: false, controls: true })
    },
  )

  test('counts as SQLite does', () => {
    const connection = betterSqlite3(':memory:').connect('write') as Connection
    const piece = fc.constantFrom(
      '?',
      "'",
      "''",
      '"',
      '[a?]',
      '`a?`',
      '--',
      '\n',
      '/*',
      '*/',
      ' ',
      ',',
      ' 1',
      "'?'",
      '"column1"',
      '?,?',
      'x',
      '-',
      '/',
      '*',
    )
    let valid = 0
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const sql = `select 1,${pieces.join('')}`
        const { parameters } = readText(sql)
        try {
          // The library knows how many it takes, and refuses any other number.
          connection.all(sql, Array(parameters).fill(1))
          valid++
        } catch (error) {
          expect(String(error)).not.toMatch(/parameter values were provided/)
        }
      }),
      { numRuns: 5000, seed: 7 },
    )
    expect(valid).toBeGreaterThan(100)
    connection.close()
  })

  test.each([
    ['', true],
    [' ;\n; ', true],
    [' -- select 1', true],
    ['/* select 1 */ ;', true],
    ['/* select 1', true],
    ['/*', false],
    ['\ufeff', true],
    ['\u00a0', false],
    ['; select 1', false],
    ['-', false],
    ['/', false],
    ["''", false],
    ['-- a\n b', false],
  ])('nothing in %j: %j', (sql, blank) => {
    expect(isBlank(sql)).toBe(blank)
  })

  test.each([
    ['', []],
    [' ;; -- nothing\n ; /* ; */', []],
    ['select 1', ['select 1']],
    ['select 1; select 2 -- last', ['select 1', 'select 2']],
    [`select ';' as ";", [;], \`;\` /* ; */; select 2;`, [`select ';' as ";", [;], \`;\``, 'select 2']],
    [
      'create temp trigger t after insert on a begin select case 1 when 1 then 2 end; delete from b; end; select 3',
      ['create temp trigger t after insert on a begin select case 1 when 1 then 2 end; delete from b; end', 'select 3'],
    ],
    ['create table trigger_log (a); select 2', ['create table trigger_log (a)', 'select 2']],
  ])('the statements of %j', (sql, statements) => {
    expect(splitStatements(sql)).toEqual(statements)
  })

  test('splits where SQLite does', () => {
    const connection = betterSqlite3(':memory:').connect('write') as Connection
    const piece = fc.constantFrom("'", '"', '[', ']', '`', ';', '--', '\n', '/*', '*/', ' ', '1', ' select 1', ',2')
    let several = 0
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const sql = `select 1${pieces.join('')}`
        // The library passes over it, while SQLite takes these two for a division.
        fc.pre(!sql.endsWith('/*'))
        try {
          connection.all(sql, [])
        } catch (error) {
          // The library prepares the first statement, and refuses a text that has another.
          const { message } = error as Error
          if (!message.includes('more than one statement')) return
          several++
          expect(() => onlyStatement(sql)).toThrow(/more than one/)
          return
        }
        const only = onlyStatement(sql)
        expect(connection.all(only, [])).toEqual(connection.all(sql, []))
      }),
      { numRuns: 5000, seed: 7 },
    )
    expect(several).toBeGreaterThan(100)
    connection.close()
  })
})
