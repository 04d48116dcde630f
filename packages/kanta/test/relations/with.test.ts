import { expect, expectTypeOf, test } from 'vitest'
import { createTables, memory, open } from './ground.ts'

test('relations stay known after with()', async () => {
  await using db = open(memory())
  await createTables(db)
  await db.insertInto('author').values({ id: 1, name: 'Ada', rank: 1 }).execute()
  await db.insertInto('book').values({ id: 1, author_id: 1, title: 'One' }).execute()
  const rows = await db
    .with('known', (q) => q.selectFrom('author').select('id').where('rank', '=', 1))
    .selectFrom('author')
    .select('name')
    .include('books', (books) => books.select('title'))
    .where('id', 'in', (eb) => eb.selectFrom('known').select('known.id'))
    .execute()
  expect(rows).toEqual([{ name: 'Ada', books: [{ title: 'One' }] }])
  expectTypeOf(rows).toEqualTypeOf<{ name: string; books: { title: string | null }[] }[]>()
})
