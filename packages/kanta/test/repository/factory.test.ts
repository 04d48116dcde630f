import { beforeEach, describe, expect, test } from 'vitest'
import { audit } from '../../src/audit/index.ts'
import { eq, TRUE } from '../../src/filter/index.ts'
import { kanta } from '../../src/index.ts'
import { softDelete, tenant, timestamps, ttl } from '../../src/plugins/index.ts'
import {
  atomicStatusTransition,
  createORM,
  createRepositoriesFactory,
  createRepositoryFactory,
  createSimpleRepository,
  repository,
  withBatch,
  withPlugins,
} from '../../src/repository/index.ts'
import { fullText } from '../../src/search/index.ts'
import { table } from '../../src/table/index.ts'
import { startHistory, timeTravel } from '../../src/time-travel/index.ts'
import { memory } from '../relations/ground.ts'
import type { Any } from '../tenant/ground.ts'

const task = table('task', (c) => ({
  id: c.integer().primaryKey(),
  title: c.text(),
  status: c.text().default('new'),
  owner: c.integer().nullable(),
  seen: c.timestamp().nullable(),
  created_at: c.timestamp().$optional(),
  updated_at: c.timestamp().$optional(),
  deleted_at: c.timestamp().nullable(),
}))
const open = () => kanta({ driver: memory(), schema: { task } })
const refused = (code: string, message = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(message) })

describe('factories', () => {
  let db: ReturnType<typeof open>
  const times = { created_at: new Date(0), updated_at: new Date(0) }
  beforeEach(async () => {
    db = open()
    await db.schema.createTable(task).execute()
    await db
      .insertInto('task')
      .values([1, 2, 3].map((id) => ({ id, title: `task ${id}`, owner: (id % 2) + 1, ...times })))
      .execute()
    return () => db.destroy()
  })

  test('H17: a factory makes the repository of the handle that it is given, with its policies', async () => {
    const orm = await createORM(db, [tenant({ column: 'owner', tables: ['task'] })])
    const makeTasks = createRepositoryFactory(task)
    const mine = makeTasks(orm.executor.as({ tenant: 2 }))
    expect((await mine.findAll()).map((row) => row.id)).toEqual([1, 3])
    const count = await orm.executor
      .as({ tenant: 1 })
      .transaction()
      .execute((trx) => makeTasks(trx).count())
    expect(count).toBe(1)
    const rolledBack = orm.transaction(async (trx) => {
      await makeTasks(trx.as({ tenant: 2 })).deleteMany(eq('id', 1))
      throw new Error('back')
    })
    await expect(rolledBack).rejects.toThrow('back')
    expect(await makeTasks(db).count()).toBe(3)
    const all = createRepositoriesFactory({
      tasks: (handle: typeof db) => makeTasks(handle),
      raw: (handle: typeof db) => repository(handle, task),
    })
    expect(await all(db).tasks.count()).toBe(await all(db).raw.count())
    const live = await withPlugins(createRepositoryFactory(task), db, [softDelete({ tables: ['task'] })])
    expect(await (live as Any).softDelete(1)).toMatchObject({ id: 1 })
    expect(await live.count()).toBe(2)
  })

  test('H21: createORM takes a database with plugins, makes what any factory makes, and applies plugins to a query', async () => {
    const guarded = db.withPlugins([tenant({ column: 'owner', tables: ['task'] })])
    const orm = await createORM(guarded.as({ tenant: 1 }), [softDelete({ tables: ['task'] })])
    expect(orm.plugins.map((plugin) => plugin.name)).toEqual([softDelete({ tables: ['task'] }).name])
    const tasks = orm.createRepository(createRepositoryFactory(task))
    expect(await tasks.softDelete(2)).toMatchObject({ id: 2 })
    expect(await tasks.count()).toBe(0)
    const bare = db.selectFrom('task').select('id').orderBy('id')
    expect([await bare.execute(), await orm.applyPlugins(bare).execute()]).toEqual([
      [{ id: 1 }, { id: 2 }, { id: 3 }],
      [],
    ])
    expect(() => orm.applyPlugins({} as Any)).toThrow('a query of the same database')
    const other = open()
    expect(() => orm.applyPlugins(other.selectFrom('task').select('id'))).toThrow('a query of the same database')
    await other.destroy()
    // @ts-expect-error A factory is a function.
    expect(() => orm.createRepository({ tableName: 'task' })).toThrow('is no factory')
  })

  test('H30, H31: a simple repository gives what mapRow makes of rows, on every path', async () => {
    const titles = createSimpleRepository(db, task, ({ id, title }) => `${id} ${title}`)
    const texts: string[] = await titles.findAll()
    expect([titles.tableName, texts]).toEqual(['task', ['1 task 1', '2 task 2', '3 task 3']])
    expect([await titles.findById(1), await titles.findById(9), await titles.findOne(eq('owner', 1))]).toEqual([
      '1 task 1',
      null,
      '2 task 2',
    ])
    expect(await titles.findByIds([3, 9, 1])).toEqual(['3 task 3', '1 task 1'])
    expect(await titles.find({ where: eq('owner', 2), sort: [{ column: 'id', direction: 'desc' }], limit: 1 })).toEqual(
      ['3 task 3'],
    )
    expect([await titles.count(), await titles.exists(eq('id', 9))]).toEqual([3, false])
    expect(await titles.create({ id: 4, title: 'four', ...times })).toBe('4 four')
    expect(await titles.update(4, { title: 'vier' })).toBe('4 vier')
    await expect(titles.update(9, { title: 'x' })).rejects.toEqual(refused('not_found'))
    expect([await titles.delete(4), await titles.delete(4)]).toEqual([true, false])
    expect(await titles.bulkCreate([{ id: 5, title: 'five', ...times }])).toEqual(['5 five'])
    expect(await titles.bulkUpdate([{ key: 5, data: { title: 'fem' } }])).toEqual(['5 fem'])
    expect(await titles.bulkDelete([5, 6])).toBe(1)
    expect(await titles.paginate({ page: 2, limit: 2 })).toMatchObject({ data: ['3 task 3'], total: 3 })
    const first = await titles.paginateCursor({ limit: 1, filter: eq('owner', 2) })
    const second = await titles.paginateCursor({ limit: 1, filter: eq('owner', 2), after: first.next! })
    expect([first.data, second.data, second.hasNext]).toEqual([['1 task 1'], ['3 task 3'], false])
    const undone = titles.transaction(async (inner) => {
      await inner.delete(1)
      throw new Error('back')
    })
    await expect(undone).rejects.toThrow('back')
    await db.transaction().execute(async (trx) => expect(await titles.withTransaction(trx).count()).toBe(3))
    expect(() => createSimpleRepository(db, task, 'title' as Any)).toThrow('takes a function')
  })

  test('H24: a transition of all rows is refused; two at once move each row once', async () => {
    const move = () =>
      atomicStatusTransition(db, task, eq('owner', 2), {
        fromStatus: 'new',
        toStatus: 'done',
        additionalUpdates: { title: 'x' },
      })
    expect((await Promise.all([move(), move()])).sort()).toEqual([0, 2])
    await expect(atomicStatusTransition(db, task, TRUE, { fromStatus: 'new', toStatus: 'done' })).rejects.toEqual(
      refused('invalid_input', 'empty filter'),
    )
    await expect(
      atomicStatusTransition(db, task, eq('id', 1), { statusColumn: 'nothing' as Any, fromStatus: 'a', toStatus: 'b' }),
    ).rejects.toEqual(refused('invalid_input', '"nothing"'))
  })

  test('upsertMany belongs to the transaction of its hooks, which can undo it', async () => {
    const hooks = [
      {
        operations: ['upsertMany'] as const,
        after: () => {
          throw new Error('back')
        },
      },
    ]
    const rows = [
      { id: 1, title: 'changed', ...times },
      { id: 9, title: 'new', ...times },
    ]
    await expect(repository(db, task, { hooks }).upsertMany(rows)).rejects.toThrow('back')
    expect(await repository(db, task).findAll(eq('title', 'changed'))).toEqual([])
    expect(await repository(db, task).getById(9)).toBeNull()
  })

  test('T4: a batch runs with the policies of its handle, all or nothing', async () => {
    const orm = await createORM(db, [tenant({ column: 'owner', tables: ['task'] })])
    const tasks = repository(orm.executor, task)
    const [gone, made, foreign] = await withBatch(orm.executor.as({ tenant: 2 }), (b) => [
      b(tasks).delete(1),
      b(tasks).create({ title: 'mine', ...times } as Any),
      b(tasks).update(2, { title: 'stolen' }),
    ])
    expect([gone?.id, made.owner, foreign]).toEqual([1, 2, null])
    const failing = withBatch(orm.executor.as({ tenant: 2 }), (b) => [
      b(tasks).deleteMany(eq('id', 3)),
      b(tasks).create({ id: 2, title: 'taken', ...times } as Any),
    ])
    await expect(failing).rejects.toEqual(refused('unique_violation'))
    expect(await tasks.bindToTx(orm.executor.as({ tenant: 2 })).exists(eq('id', 3))).toBe(true)
    await expect(withBatch(db, () => [])).rejects.toEqual(refused('invalid_input', 'at least one'))
    await expect(withBatch(db, () => [{}] as Any)).rejects.toEqual(refused('invalid_input', 'b(repository)'))
    const other = kanta({ driver: memory() }) as Any
    await expect(withBatch(other, (b) => [b(tasks).delete(1)])).rejects.toEqual(
      refused('invalid_input', "table 'task'"),
    )
    await other.destroy()
  })

  test('what plugins add is on a repository, typed', async () => {
    const orm = await createORM(db, [
      softDelete({ tables: ['task'] }),
      timestamps({ tables: ['task'] }),
      ttl({ tables: { task: { column: 'seen' } } }),
      fullText({ task: { columns: ['title'] } }),
      audit({ actor: 'user' }),
    ])
    const tasks = repository(orm.executor.as({ user: 'ada' }), task)
    const touched = await tasks.touch(1)
    expect(touched!.updated_at.getTime()).toBeGreaterThan(0)
    expect(await tasks.touch(77)).toBeNull()
    await tasks.softDelete(2)
    expect((await tasks.getDeleted()).map((row) => row.id)).toEqual([2])
    expect([await tasks.hardDelete(2), await tasks.hardDelete(2), await tasks.hardDelete(1)]).toEqual([
      true,
      false,
      false,
    ])
    expect((await tasks.search('task')).map((row) => row.id).sort()).toEqual([1, 3])
    expect((await tasks.search('task', { filter: eq('id', 3) }))[0]).toMatchObject({ id: 3, rank: expect.any(Number) })
    expect((await tasks.history(1)).length).toBeGreaterThan(0)
    expect(tasks.capabilities).toMatchObject({ softDelete: true, search: true, history: true })
    expect(await repository(orm.executor, task).sweepExpired()).toEqual({ task: 0 })
    // @ts-expect-error No plugin keeps versions here.
    await expect(tasks.versions({ id: 1 })).rejects.toEqual(refused('unsupported', 'timeTravel()'))
    // @ts-expect-error Without plugins a repository has none of that.
    await expect(repository(db, task).touch(1)).rejects.toEqual(refused('unsupported'))
  })

  test('versions of a row', async () => {
    await startHistory(db, ['task'])
    const travelling = await createORM(db, [timeTravel({ tables: ['task'] })])
    const tasks = repository(travelling.executor, task)
    await tasks.update(1, { title: 'changed' })
    expect((await tasks.versions({ id: 1 })).map(({ row }) => row.title)).toEqual(['task 1', 'changed'])
  })
})
