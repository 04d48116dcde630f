import { describe, expect, test } from 'vitest'
import { all, chunksOf, explained, failure, type Ground, testOf, valuesOf } from './driver-ground.ts'

/** Rows in chunks. */
export function streams({ driver, lacks, open }: Ground): void {
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
    ])('%i rows in chunks of %i', async (rows, chunkSize, chunks) => {
      const stream = (await open()).stream(NUMBERS, [rows], chunkSize)
      expect((await chunksOf(stream)).map(flat)).toEqual(chunks)
      expect(await stream.next()).toEqual({ done: true, value: undefined })
    })

    test('of no rows, and of returning', async () => {
      const db = await open()
      expect(await chunksOf(db.stream('select 1 where false', [], 5))).toEqual([])
      const returning = db.stream("insert into country values ('SE', 'S') returning code", [], 5)
      expect((await chunksOf(returning)).map(flat)).toEqual([['SE']])
      expect(await all(db, 'select count(*) from country')).toEqual([[3]])
    })

    testOf(lacks, ['bigints'], 'of bigints', async () => {
      const db = await open()
      expect((await chunksOf(db.stream('select 2', [], 5, true))).map(flat)).toEqual([[2n]])
    })

    testOf(lacks, ['cursors'], 'reads as it is asked, and sets the connection free when it is left', async () => {
      const db = await open()
      const endless = db.stream(
        'with recursive n(i) as (select 1 union all select i + 1 from n) select i from n',
        [],
        3,
      )
      expect(flat((await endless.next()).value!)).toEqual([1, 2, 3])
      await endless.return!()
      await endless.return!()
      expect(await endless.next()).toEqual({ done: true, value: undefined })
      await db.script('drop table city')
    })

    test('left before its first chunk, it never opens', async () => {
      const db = await open()
      const stream = db.stream('select * from city', [], 1)
      await stream.return!()
      expect(await stream.next()).toEqual({ done: true, value: undefined })
      await db.script('drop table city')
    })

    test('is not disturbed by the same text running meanwhile', async () => {
      const db = await open()
      const sql = 'select id from city order by id'
      expect(await all(db, sql)).toEqual([[1], [2], [3]])
      const stream = db.stream(sql, [], 1)
      expect(flat((await stream.next()).value!)).toEqual([1])
      expect(await all(db, sql)).toEqual([[1], [2], [3]])
      const second = db.stream(sql, [], 2)
      expect(flat((await second.next()).value!)).toEqual([1, 2])
      expect(flat((await stream.next()).value!)).toEqual([2])
      expect(flat((await second.next()).value!)).toEqual([3])
      expect(flat((await stream.next()).value!)).toEqual([3])
      await stream.return!()
    })

    test('other statements run meanwhile exactly where the driver says so', async () => {
      const from = driver()
      const db = await open(from)
      const stream = db.stream('select id from city', [], 1)
      await stream.next()
      const write = () => db.run('update city set population = 1', [])
      if (from.sharesStreams) await write()
      else
        expect(await explained(from, write)).toMatchObject({
          code: 'busy',
          message: expect.stringContaining('open stream'),
        })
      await stream.return!()
      expect(await write()).toMatchObject({ changes: 3 })
    })

    testOf(lacks, ['cursors'], 'that fails in its midst sets the connection free', async () => {
      const from = driver()
      const db = await open(from)
      const stream = db.stream(
        'select abs(case id when 2 then -9223372036854775808 else id end) from city order by id',
        [],
        1,
      )
      await stream.next()
      expect(await explained(from, () => stream.next())).toMatchObject({ code: 'query' })
      expect(await stream.next()).toEqual({ done: true, value: undefined })
      await db.script('drop table city')
    })

    test('is closed with its connection', async () => {
      const db = await open()
      const stream = db.stream('select id from city', [], 1)
      await stream.next()
      await db.close()
      expect(await stream.next()).toEqual({ done: true, value: undefined })
    })

    test('needs a chunk size of 1 or more', async () => {
      const db = await open()
      expect(await failure(() => db.stream('select 1', [], 0))).toMatchObject({ code: 'invalid_input' })
    })
  })
}
