import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Changes, Dependencies, type Mark, marksChanged } from '../../src/changes/index.ts'
import { KantaError, kanta, type Plugin, table } from '../../src/index.ts'
import { engines, note } from '../cache/ground.ts'
import type { Engine, Place } from '../engine/engine.ts'
import type { Any } from '../security/ground.ts'

/** Tells the changes of each commit, as live queries need them. */
function listener(told: (readonly Mark[])[]): Plugin {
  const changes = new Changes((marks) => told.push(marks))
  const dependencies = new Dependencies()
  return {
    name: 'listener',
    hooks: [
      {
        name: 'listener',
        around: (event, next) => {
          changes.add(event, marksChanged(event.facts, dependencies))
          return next()
        },
      },
    ],
  }
}

const other = table('other', (c) => ({ id: c.integer() }))

const NOTE: readonly Mark[] = ['any.note', 'bare.note']
const OTHER: readonly Mark[] = ['any.other', 'bare.other']

describe.each(engines)('the changes of a commit on $name', (engine: Engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  const told: (readonly Mark[])[] = []
  let place: Place
  let db: Any
  beforeAll(async () => {
    place = await engine.create()
    db = kanta({ driver: place.driver(), plugins: [listener(told)] })
    await db.schema.createTable(note).execute()
    await db.schema.createTable(other).execute()
    await db.insertInto('note').values({ id: 1, text: 'a' }).execute()
    await db.insertInto('other').values({ id: 1 }).execute()
  })
  afterAll(async () => {
    await db?.destroy()
    await place?.drop()
  })

  const write = (on: Any): Promise<unknown> => on.updateTable('note').set({ text: 'b' }).execute()
  const writeOther = (on: Any): Promise<unknown> => on.updateTable('other').set({ id: 2 }).execute()
  const failing = async (work: Promise<unknown>): Promise<void> =>
    void (await expect(work).rejects.toThrow('undo this'))
  const undo = (_done: unknown): never => {
    throw new Error('undo this')
  }
  const controlled = async (work: (trx: Any) => Promise<unknown>): Promise<void> => {
    const trx = await db.startTransaction().execute()
    await work(trx)
    await trx.commit().execute()
  }
  const transaction = (work: (trx: Any) => Promise<unknown>): Promise<unknown> => db.transaction().execute(work)

  test.each<[name: string, work: () => Promise<unknown>, told: readonly (readonly Mark[])[]]>([
    ['a statement by itself', () => write(db), [NOTE]],
    ['a read', () => db.selectFrom('note').selectAll().execute(), []],
    [
      'a transaction, once for all of its statements',
      () =>
        transaction(async (trx) => {
          await write(trx)
          await writeOther(trx)
          await write(trx)
        }),
      [[...NOTE, ...OTHER]],
    ],
    ['a transaction that is rolled back', () => failing(transaction(async (trx) => undo(await write(trx)))), []],
    [
      'a nested transaction that is rolled back first, and what comes after it',
      () =>
        transaction(async (trx) => {
          await failing(trx.transaction().execute(async (inner: Any) => undo(await write(inner))))
          await writeOther(trx)
        }),
      [OTHER],
    ],
    [
      'a nested transaction that lasts, inside of one that does not',
      () => failing(transaction(async (trx) => undo(await trx.transaction().execute(write)))),
      [],
    ],
    [
      'nested transactions that last',
      () =>
        transaction(async (trx) => {
          await trx.transaction().execute((inner: Any) => inner.transaction().execute(writeOther))
          await write(trx)
        }),
      [OTHER, NOTE],
    ],
    [
      'a savepoint to which all went back',
      () =>
        controlled(async (trx) => {
          await trx.savepoint('s').execute()
          await write(trx)
          await trx.rollbackToSavepoint('s').execute()
        }),
      [],
    ],
    [
      'a savepoint to which some went back, and was written again',
      () =>
        controlled(async (trx) => {
          await write(trx)
          await trx.savepoint('s').execute()
          await write(trx)
          await writeOther(trx)
          await trx.rollbackToSavepoint('s').execute()
          await trx.savepoint('t').execute()
          await writeOther(trx)
          await trx.releaseSavepoint('t').execute()
        }),
      [[...NOTE, ...OTHER]],
    ],
    [
      'a nested transaction that lasts until its savepoint is gone back to',
      () =>
        controlled(async (trx) => {
          await writeOther(trx)
          await trx.savepoint('s').execute()
          await trx.transaction().execute(write)
          await trx.rollbackToSavepoint('s').execute()
        }),
      [OTHER],
    ],
    [
      'the last run of a transaction that is run again',
      () => {
        let runs = 0
        return db
          .transaction()
          .retry({ minDelay: 0 })
          .execute(async (trx: Any) => {
            if (++runs > 1) return writeOther(trx)
            await write(trx)
            throw new KantaError('deadlock', 'Once more.')
          })
      },
      [OTHER],
    ],
  ])('%s', async (_, work, expected) => {
    told.length = 0
    await work()
    expect(told).toEqual(expected)
  })
})
