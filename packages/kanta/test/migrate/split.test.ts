import { expect, test } from 'vitest'
import type { Dialect } from '../../src/dialect/index.ts'
import { splitStatements } from '../../src/dialect/index.ts'

const split = (dialect: Dialect['name'], text: string) => splitStatements(text, dialect).map(({ sql }) => sql)
const ALL = ['sqlite', 'postgres', 'mysql', 'mariadb'] as const

test.for(ALL)('%s: semicolons in strings, names and comments end nothing', (dialect) => {
  const parts = [
    "insert into t values ('a;b', 'it''s; so')",
    'create table "a;b" (c int)',
    'select 1 /* one; two */ + 2',
    'select 3 -- three; four\n, 4',
  ]
  expect(split(dialect, `-- head; line\n${parts.join(' ;\n')};\n/* tail; */ ;;\n-- end`)).toEqual(parts)
})

test.for(ALL)('%s: nothing gives nothing', (dialect) => {
  for (const text of ['', ' \n', ';', '-- only a comment', '/* ; */', ';;\n;'])
    expect(split(dialect, text), text).toEqual([])
})

test.for(ALL)('%s: what is not closed is an error with its line', (dialect) => {
  expect(() => split(dialect, "select 1;\nselect 'a;\n")).toThrow(
    "Line 2 of the SQL: The text that ' opens is not closed.",
  )
  expect(() => split(dialect, 'select 1;\n\n/* a')).toThrow(
    'Line 3 of the SQL: The comment that /* opens is not closed.',
  )
})

test('each statement knows its line, and whether it controls a transaction', () => {
  const text = '-- a\nbegin;\n\n  create table t (a int)\n; commit; select 1'
  expect(splitStatements(text, 'postgres')).toEqual([
    { sql: 'begin', line: 2, controls: true },
    { sql: 'create table t (a int)', line: 4, controls: false },
    { sql: 'commit', line: 5, controls: true },
    { sql: 'select 1', line: 5, controls: false },
  ])
  expect(splitStatements('start transaction', 'mariadb')[0]!.controls).toBe(true)
  expect(splitStatements('start slave', 'mariadb')[0]!.controls).toBe(false)
  expect(splitStatements('begin not atomic select 1; end', 'mariadb')).toEqual([
    { sql: 'begin not atomic select 1; end', line: 1, controls: false },
  ])
})

test('sqlite: a trigger is one statement, with case … end in it', () => {
  const trigger = `create temp trigger if not exists t after insert on a begin
  update b set c = case when new.x then 1 else 2 end;
  select case new.x when 1 then ';' end; -- end;
end`
  expect(split('sqlite', `${trigger};\nselect 1`)).toEqual([trigger, 'select 1'])
  expect(split('sqlite', 'create table trigger_log (a); select 2')).toEqual([
    'create table trigger_log (a)',
    'select 2',
  ])
  expect(split('sqlite', 'create table [a;b] (`c;d` int); select 2')).toHaveLength(2)
})

test('sqlite: a backslash and a dollar mean nothing', () => {
  expect(split('sqlite', "select '\\'; select '$$'; select 2")).toEqual(["select '\\'", "select '$$'", 'select 2'])
})

test('postgres: dollar quotes, escape strings, nested comments', () => {
  const parts = [
    'create function f() returns int language plpgsql as $$ begin if true then return 1; end if; end $$',
    "do $body$ begin raise notice '$$;'; end; $body$",
    "select E'it\\'s; so', e'\\\\'",
    "select '\\'",
    'select 1 /* a /* b; */ c; */ + 1',
    'select a$b$ from t',
    'select $1',
    'select c$b$',
  ]
  expect(split('postgres', parts.join(';\n'))).toEqual(parts)
  expect(() => split('postgres', 'do $x$ begin end; $y$;')).toThrow('The text that $x$ opens is not closed.')
})

test('postgres: a body from begin atomic to end', () => {
  const body = `create or replace function f(a int) returns int begin atomic
  insert into t values (case when a > 0 then 1 else 2 end);
  select 1; end`
  expect(split('postgres', `${body}; begin; commit`)).toEqual([body, 'begin', 'commit'])
})

test('postgres: commands of psql are refused', () => {
  expect(() => split('postgres', 'select 1;\n\\connect other\n')).toThrow('Line 2 of the SQL: \\connect is a command')
  expect(() => split('sqlite', '.tables\n')).toThrow('.tables is a command')
})

test.for(['mysql', 'mariadb'] as const)('%s: routines, triggers and events', (dialect) => {
  const parts = [
    `create definer=\`root\`@\`localhost\` procedure p(in a int)
begin
  declare b int default if(a > 1, 1, 2);
  if a = 1 then select 1; elseif a = 2 then select 2; else if a = 3 then select 3; end if; end if;
  case a when 1 then select 1; else begin end; end case;
  select case when a then if(b, 1, 2) else if(b, 3, 4) end;
  l: loop leave l; end loop l;
  while a > 0 do set a = a - 1; end while;
  repeat set a = a + 1; until a > 3 end repeat;
  select repeat('a', 3), replace('x', 'y', 'z');
end`,
    'create trigger t before insert on a for each row set new.b = 1',
    'create trigger t before insert on a for each row if new.b > 1 then set new.b = 1; set new.c = 2; end if',
    'create function f() returns int deterministic begin return 1; end',
    'create event e on schedule every 1 hour do begin delete from a; delete from b; end',
    'create procedure if not exists q() select 1',
    'drop table if exists a',
    'create table if not exists b (a int)',
    'select 1',
  ]
  expect(split(dialect, parts.join(';\n'))).toEqual(parts)
})

test.for(['mysql', 'mariadb'] as const)('%s: its comments, and backslashes in strings', (dialect) => {
  const parts = [
    'insert into t values (\'it\\\'s; so\', "a\\";b")',
    '/*!40101 set names utf8 */',
    'select 5--1',
    'select 1',
  ]
  expect(split(dialect, `# a; b\n${parts.join(';\n')} -- c; d`)).toEqual(parts)
  expect(() => split(dialect, 'select 1;\nDELIMITER //\ncreate procedure p() begin end //')).toThrow(
    'Line 2 of the SQL: DELIMITER is a command of the mysql client',
  )
})

test('mssql: batches end with go', () => {
  const text =
    "create table t (a int);\ninsert into t values (1);\nGO\n\ncreate procedure p as begin select ';'; end\n  go -- done\nselect [go\n] from t /*\ngo\n*/\n"
  expect(split('mssql', text)).toEqual([
    'create table t (a int);\ninsert into t values (1);',
    "create procedure p as begin select ';'; end",
    'select [go\n] from t',
  ])
  expect(() => split('mssql', 'select 1\ngo 5\n')).toThrow("A count after 'go'")
})

test('postgres: the actions of a rule stand in parentheses', () => {
  const rule = 'create rule r as on insert to a do also (insert into b values (1); insert into c values (2))'
  expect(split('postgres', `${rule}; select 1`)).toEqual([rule, 'select 1'])
})

test('mariadb: loops with a label or with for', () => {
  const labelled = 'create procedure p() l: loop set @a = 1; leave l; end loop'
  const counted = 'create procedure p() begin for i in 1..3 do select i; end for; end'
  const trigger = 'create trigger t before insert on a for each row set new.b = 1'
  expect(split('mariadb', `${labelled}; ${counted}; ${trigger}; select 1`)).toEqual([
    labelled,
    counted,
    trigger,
    'select 1',
  ])
})
