import { expect, expectTypeOf, test } from 'vitest'
import { sqlite } from '../../src/driver/sqlite/index.ts'
import { type DeleteResult, kanta, type UpdateResult } from '../../src/index.ts'
import { createExecutor, purge, softDelete, tenant, version } from '../../src/plugins/index.ts'
import { schema } from './ground.ts'

const base = kanta({ driver: sqlite(':memory:'), schema })

test('H15: what a plugin adds is there only with it, and is typed', async () => {
  const live = await createExecutor(base, [
    softDelete(),
    tenant({ column: 'id', tables: ['tag'], shared: ['post'] }),
    version({ tables: ['tag'], column: 'id' }),
  ])
  const restored = live.restore('post').where('id', '=', 1)
  expectTypeOf(restored.execute).returns.resolves.toEqualTypeOf<UpdateResult[]>()
  expectTypeOf(restored.returning(['id', 'post.title']).execute).returns.resolves.toEqualTypeOf<
    { id: number; title: string }[]
  >()
  expectTypeOf(live.hardDelete('comment').execute).returns.resolves.toEqualTypeOf<DeleteResult[]>()
  expectTypeOf(live.withDeleted('post')).toEqualTypeOf(live)
  expectTypeOf(live.onlyDeleted().withDeleted('post', 'comment').restore).toEqualTypeOf(live.restore)
  const inside = () =>
    live.transaction().execute(async (trx) => {
      await trx.withDeleted().restore('post').where('title', '=', 'x').execute()
      await purge(trx, 'post', { olderThan: new Date() })
    })
  expectTypeOf(inside).returns.resolves.toBeVoid()
  // @ts-expect-error it has no soft delete
  expect(() => base.restore('post')).toThrow(TypeError)
  // @ts-expect-error neither has one with other plugins
  expect(() => base.withPlugins([version({ tables: ['tag'], column: 'id' })]).restore('post')).toThrow(TypeError)
  // @ts-expect-error there is no such table
  expect(() => live.restore('nope')).toThrow(/does not apply to/)
  // @ts-expect-error there is no such table
  expect(() => live.hardDelete('nope')).toThrow(/does not apply to/)
  // @ts-expect-error there is no such table
  expect(() => live.withDeleted('nope')).toThrow(/does not apply to/)
  // @ts-expect-error there is no such column
  expect(() => live.restore('post').where('nope', '=', 1).compile()).toThrow(/nope/)
  // @ts-expect-error the column has another type
  expect(live.restore('post').where('id', '=', 'x').compile().sql).toContain('update')
  // @ts-expect-error an update has a column of the table
  await expect(live.ifVersion('tag', { id: 1 }, 1).update({ nope: 1 })).rejects.toThrow(/nope/)
  // @ts-expect-error a key has columns of the table
  expect(() => live.ifVersion('tag', { nope: 1 }, 1)).toThrow(/may mean several/)
  // @ts-expect-error it has no soft delete
  await expect(purge(base, 'post', { olderThan: new Date() })).rejects.toMatchObject({ code: 'plugin' })
})

test('wrong options are refused by name', () => {
  const wrong = (options: unknown) => () => softDelete(options as never)
  expect(wrong({ table: 'post' })).toThrow(/no option 'table'/)
  expect(wrong({ tables: [] })).toThrow(/array with the name of one table/)
  expect(wrong({ tables: 'post' })).toThrow(/array with the name of one table/)
  expect(wrong({ now: 5 })).toThrow(/takes a function/)
  expect(wrong({ clock: 'mine' })).toThrow(/use client or database/)
  expect(wrong({ clock: 'database', now: () => new Date() })).toThrow(/but not both/)
  expect(wrong({ form: 'unix' })).toThrow(/use one of timestamp/)
  expect(wrong({ deletedBy: { column: 'x' } })).toThrow(/context/)
  expect(wrong({ deletedBy: { column: 'x', context: 'y', by: 1 } })).toThrow(/no option 'by'/)
  expect(wrong({ cascade: { colum: 'x' } })).toThrow(/no option 'colum'/)
  expect(
    wrong({ cascade: { along: [{ table: 'a', columns: ['x'], references: { table: 'b', columns: [] } }] } }),
  ).toThrow(/columns of a cascade/)
  expect(
    wrong({ cascade: { along: [{ table: 'a', columns: ['x'], references: { table: 'b', columns: ['y', 'z'] } }] } }),
  ).toThrow(/a different number/)
})

test('a database that lacks what the plugin needs is not opened', () => {
  const opening =
    (options: object, tables: object = schema) =>
    () =>
      kanta({ driver: sqlite(':memory:'), schema: tables, plugins: [softDelete(options)] })
  expect(() => kanta({ driver: sqlite(':memory:'), plugins: [softDelete()] } as never)).toThrow(
    /does not know the tables/,
  )
  expect(opening({ column: 'gone' })).toThrow(/No table of the schema has a column 'gone'/)
  expect(opening({ tables: ['tag'] })).toThrow(/'tag' has no column 'deleted_at'/)
  expect(opening({ cascade: { column: 'cascade_id' } })).toThrow(/has no column 'cascade_id'/)
  expect(opening({ deletedBy: { column: 'who', context: 'user' } })).toThrow(/has no column 'who'/)
  expect(opening({ column: 'deletion' })).toThrow(/the type uuid, which cannot hold a moment/)
  expect(opening({ column: 'title', tables: ['post'] })).toThrow(/'post.title' must be null/)
  expect(
    opening({
      tables: ['post'],
      cascade: { along: [{ table: 'comment', columns: ['post_id'], references: { table: 'post', columns: ['id'] } }] },
    }),
  ).toThrow(/'comment', which is not a table of the plugin/)
  expect(
    opening({
      cascade: { along: [{ table: 'comment', columns: ['no'], references: { table: 'post', columns: ['id'] } }] },
    }),
  ).toThrow(/'comment.no', but the table has no such column/)
})
