import { describe, expect, test } from 'vitest'
import { all, explained, failure, type Ground, valuesOf } from './driver-ground.ts'

/** Rows in chunks. */
export function streams({ driver, open }: Ground): void {
  describe('streams', () => {
    const NUMBERS = 'with recursive n(i) as (select 1 union all select i + 1 from n where i < ?) select i from n'
    const flat = (chunk: unknown[]) => chunk.map((row) => valuesOf(row)[0])

    test.each([
      [5, 2, [[1, 2], [3, 4], [5]]],
      [
        4,
        2,
        [
          [1, 2],
          [3, 4],
        ],
      ],
      [2, 9, [[1, 2]]],
      [1, 1, [[1]]],
    ])('%i rows in chunks of %i', (rows, chunkSize, chunks) => {
      const stream = open().stream(NUMBERS, [rows], chunkSize) as IterableIterator<unknown[]>
      expect([...stream].map(flat)).toEqual(chunks)
      expect(stream.next()).toEqual({ done: true, value: undefined })
    })

    test('of no rows, of bigints, and of returning', () => {
      const db = open()
      expect([...(db.stream('select 1 where false', [], 5) as Iterable<unknown[]>)]).toEqual([])
      expect([...(db.stream('select 2', [], 5, true) as Iterable<unknown[]>)].map(flat)).toEqual([[2n]])
      const returning = db.stream("insert into country values ('SE', 'S') returning code", [], 5) as Iterable<unknown[]>
      expect([...returning].map(flat)).toEqual([['SE']])
      expect(all(db, 'select count(*) from country')).toEqual([[3]])
    })

    test('reads as it is asked, and sets the connection free when it is left', () => {
      const db = open()
      const endless = db.stream(
        'with recursive n(i) as (select 1 union all select i + 1 from n) select i from n',
        [],
        3,
      )
      expect(flat((endless.next() as IteratorResult<unknown[]>).value)).toEqual([1, 2, 3])
      endless.return!()
      endless.return!()
      expect(endless.next()).toEqual({ done: true, value: undefined })
      db.script('drop table city')
    })

    test('left before its first chunk, it never opens', () => {
      const db = open()
      const stream = db.stream('select * from city', [], 1)
      stream.return!()
      expect(stream.next()).toEqual({ done: true, value: undefined })
      db.script('drop table city')
    })

    test('is not disturbed by the same text running meanwhile', () => {
      const db = open()
      const sql = 'select id from city order by id'
      expect(all(db, sql)).toEqual([[1], [2], [3]])
      const stream = db.stream(sql, [], 1) as IterableIterator<unknown[]>
      expect(flat(stream.next().value)).toEqual([1])
      expect(all(db, sql)).toEqual([[1], [2], [3]])
      const second = db.stream(sql, [], 2) as IterableIterator<unknown[]>
      expect(flat(second.next().value)).toEqual([1, 2])
      expect(flat(stream.next().value)).toEqual([2])
      expect(flat(second.next().value)).toEqual([3])
      expect(flat(stream.next().value)).toEqual([3])
      stream.return!()
    })

    test('other statements run meanwhile exactly where the driver says so', () => {
      const from = driver()
      const db = open(from)
      const stream = db.stream('select id from city', [], 1)
      stream.next()
      const write = () => db.run('update city set population = 1', [])
      if (from.sharesStreams) write()
      else
        expect(explained(from, write)).toMatchObject({
          code: 'busy',
          message: expect.stringContaining('open stream'),
        })
      stream.return!()
      expect(write()).toMatchObject({ changes: 3 })
    })

    test('that fails in its midst sets the connection free', () => {
      const from = driver()
      const db = open(from)
      const stream = db.stream(
        'select abs(case id when 2 then -9223372036854775808 else id end) from city order by id',
        [],
        1,
      )
      stream.next()
      expect(explained(from, () => stream.next())).toMatchObject({ code: 'query' })
      expect(stream.next()).toEqual({ done: true, value: undefined })
      db.script('drop table city')
    })

    test('is closed with its connection', () => {
      const db = open()
      const stream = db.stream('select id from city', [], 1)
      stream.next()
      db.close()
      expect(stream.next()).toEqual({ done: true, value: undefined })
    })

    test('needs a chunk size of 1 or more', () => {
      const db = open()
      expect(failure(() => db.stream('select 1', [], 0))).toMatchObject({ code: 'invalid_input' })
    })
  })
}
