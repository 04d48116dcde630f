import { describe, expect } from 'vitest'
import type { Connection, Role } from '../../src/driver/index.ts'
import { all, explained, type Ground, testOf } from './driver-ground.ts'

/** What a connection is from its opening on. */
export function connections({ driver, lacks, open }: Ground): void {
  testOf(lacks, ['transactions'], 'whether a transaction is open', async () => {
    const db = await open()
    expect(db.inTransaction).toBe(false)
    await db.run('begin', [])
    expect(db.inTransaction).toBe(true)
    await db.run('rollback', [])
    expect(db.inTransaction).toBe(false)
  })

  testOf(lacks, ['transactions'], 'foreign keys are enforced, deferred ones at the commit', async () => {
    const from = driver()
    const db = await open(from)
    await db.script('create table visit (city integer references city(id) deferrable initially deferred)')
    await db.run('begin', [])
    await db.run('insert into visit values (99)', [])
    expect(await explained(from, () => db.run('commit', []))).toMatchObject({ code: 'foreign_key_violation' })
    // A client of a server may have ended the transaction with the commit that failed.
    if (db.inTransaction === true) await db.run('rollback', [])
    expect(await all(db, 'select * from visit')).toEqual([])
  })

  describe('onConnect', () => {
    testOf(lacks, ['greeting'], 'sees each connection and its role before anyone else', async () => {
      const roles: Role[] = []
      const from = driver({
        onConnect: (connection, role) => {
          roles.push(role)
          return connection.script('create table if not exists greeted (a)')
        },
      })
      const db = await open(from)
      expect(await all(db, 'select * from greeted')).toEqual([])
      expect(roles).toEqual(['write'])
    })

    testOf(lacks, ['greeting'], 'may take its time', async () => {
      const from = driver({
        onConnect: async (connection) => void (await connection.script('create table t (a)')),
      })
      const connection = await from.connect('write')
      expect(await all(connection, 'select * from t')).toEqual([])
      await connection.close()
    })

    for (const [when, fail] of [
      [
        'at once',
        () => {
          throw new Error('not today')
        },
      ],
      ['later', () => Promise.reject(new Error('not today'))],
    ] as const) {
      testOf(lacks, ['greeting'], `that fails ${when} closes the connection`, async () => {
        let seen: Connection | undefined
        const from = driver({
          onConnect: (connection) => {
            seen = connection
            return fail()
          },
        })
        const error = await (async () => from.connect('write'))().catch((error) => error)
        expect(error).toMatchObject({ code: 'connection', message: expect.stringContaining('not today') })
        expect(error.cause).toEqual(new Error('not today'))
        expect(await explained(from, () => seen!.all('select 1', []))).toMatchObject({ code: 'closed' })
      })
    }
  })
}
