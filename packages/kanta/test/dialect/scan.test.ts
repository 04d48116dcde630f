import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Lexis, Scanner, tokens } from '../../src/dialect/index.ts'
import { mssqlLexis } from '../../src/dialect/mssql/index.ts'
import { mariadbLexis, mysqlLexis, withoutBackslashes } from '../../src/dialect/mysql/index.ts'
import { postgresLexis } from '../../src/dialect/postgres/index.ts'
import { sqliteLexis } from '../../src/dialect/sqlite/index.ts'

const LEXES: Readonly<Record<string, Lexis>> = {
  sqlite: sqliteLexis,
  postgres: postgresLexis,
  mysql: mysqlLexis,
  mariadb: mariadbLexis,
  'mysql without backslashes': withoutBackslashes(mysqlLexis),
  mssql: mssqlLexis,
}

const PIECES = [
  ...['"', "'", '`', '[', ']', '\\', '$', '$$', '$a$', '--', '/*', '*/', '/*!', '/*M!50000', '*', '/', '-', '+', '#'],
  ...['@', '@@', ':', '::', '?', '?1', ';', '(', ')', 'e', "E'", "U&'", "n'", 'x', ' ', '\n', '\r', '\t', '\0', '\v'],
  ...[
    '\u00a0',
    '\ufeff',
    'é',
    '😀',
    '\ud83d',
    '1',
    '1.',
    '1e',
    '0x',
    '.',
    '..',
    '=',
    '<',
    '>',
    '|',
    '&',
    '%',
    '^',
    '~',
    '!',
  ],
]

describe.each(Object.entries(LEXES))('%s', (_, lexis) => {
  test('the tokens of any text and the space between them are the text', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 16 }), (pieces) => {
        const text = pieces.join('')
        const scanner = new Scanner(text, lexis)
        let read = ''
        for (let at = 0; scanner.next(); at = scanner.end) {
          if (scanner.end <= scanner.start || !SPACE.test(text.slice(at, scanner.start))) expect.fail(text)
          read += text.slice(at, scanner.end)
        }
        expect(text.startsWith(read) && SPACE.test(text.slice(read.length))).toBe(true)
        expect(tokens(text, lexis).every((token) => text.slice(token.start, token.end) === token.text)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  test('the time grows with the length of the text and not faster', () => {
    for (const piece of [
      ...PIECES,
      "'a'\n",
      "'a' ",
      "'a'--\n",
      '/*/',
      "''",
      "\\'",
      '1.1.',
      '++-',
      '/*!*/',
      '$a',
      'a.',
    ]) {
      const scanner = new Scanner(piece.repeat(20_000 / piece.length), lexis)
      const start = performance.now()
      while (scanner.next()) {}
      // These take some 10 ms; a scanner that reads what follows anew at each character takes minutes.
      expect(performance.now() - start, JSON.stringify(piece)).toBeLessThan(5000)
    }
  })
})

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are space in SQL Server
const SPACE = /^[\x01-\x20\s]*$/

const show = (lexis: Lexis, text: string): string[] => tokens(text, lexis).map(({ kind, value }) => `${kind} ${value}`)

test('sqlite', () => {
  expect(show(sqliteLexis, "[a]] ?1 :a $x::y(a'b) `x``y` x'AB' n'x' a->>'$.b' .5e1 0x1F /* a")).toEqual([
    ...['name a', 'punctuation ]', 'parameter ?1', 'parameter :a', "parameter $x::y(a'b)", 'name x`y', "string x'ab'"],
    ...['word n', 'string x', 'word a', 'operator ->>', 'string $.b', 'number .5e1', 'number 0x1f'],
  ])
})

test('postgres', () => {
  expect(
    show(postgresLexis, "E'a\\'b\\n\\u0041\\101' U&'\\0041\\\\' u&\"\\+000041\" $$a;b$$ $x$ $$ $x$ a$b$ $1 1..2"),
  ).toEqual([
    ...["string a'b\nAA", 'string A\\', 'name A', 'string a;b', 'string  $$ ', 'word a$b$', 'parameter $1'],
    ...['number 1', 'operator ..', 'number 2'],
  ])
  expect(show(postgresLexis, '@-1 a=-1 a@>--c\nb ::int[] /* a /* b */ c */ x ?| y -- c\rz')).toEqual([
    ...['operator @-', 'number 1', 'word a', 'operator =', 'operator -', 'number 1', 'word a', 'operator @>', 'word b'],
    ...['operator ::', 'word int', 'punctuation [', 'punctuation ]', 'word x', 'operator ?|', 'word y', 'word z'],
  ])
  expect(show(postgresLexis, "'a'\n --it's\n 'b''c' E'\\''\n'\\'d' 'a' 'b'")).toEqual([
    ...["string ab'c", "string ''d", 'string a', 'string b'],
  ])
})

test('mysql and mariadb', () => {
  const text = "1e1union 1a 1e 0x1F 0xZ 5--1 @a := @@global.x /*!50000 union */ 'a\\'b\\n' \"c\" # x\n N'x' -- c"
  expect(show(mysqlLexis, text)).toEqual([
    ...['number 1e1', 'word union', 'word 1a', 'word 1e', 'number 0x1f', 'word 0xz', 'number 5', 'operator -'],
    ...['operator -', 'number 1', 'variable @a', 'operator :=', 'variable @@global.x', 'word union'],
    ...["string a'b\n", 'string c', 'string x'],
  ])
  expect(show(mysqlLexis, '/*M! a */ /*! b /* c */ d */ e')).toEqual(['word b', 'word d', 'word e'])
  expect(show(mariadbLexis, '/*M!100100 a */ b')).toEqual(['word a', 'word b'])
  expect(show(withoutBackslashes(mysqlLexis), "'a\\' 'b' \"c\\\"")).toEqual(['string a\\', 'string b', 'string c\\'])
})

test('mssql', () => {
  expect(show(mssqlLexis, "[a]]b] N'x' @p1 @@rowcount #t 1select a\u00a0b /* /* */ */ x")).toEqual([
    ...[
      'name a]b',
      'string x',
      'parameter @p1',
      'parameter @@rowcount',
      'word #t',
      'number 1',
      'word select',
      'word a',
    ],
    ...['word b', 'word x'],
  ])
})
