import { describe, expect, test } from 'vitest'
import type { Connection, Role } from '../../src/driver/index.ts'
import { all, explained, type Ground } from './driver-ground.ts'

/** What a connection is from its opening on. */
export function connections({ driver, open }: Ground): void {
  test('whether a transaction is open', () => {
    const db = open()
    expect(db.inTransaction).toBe(false)
    db.run('begin immediate', [])
    expect(db.inTransaction).toBe(true)
    db.run('rollback', [])
    expect(db.inTransaction).toBe(false)
  })

  test('foreign keys are enforced, deferred ones at the commit', () => {
    const from = driver()
    const db = open(from)
    db.script('create table visit (city integer references city(id) deferrable initially deferred)')
    db.run('begin', [])
    db.run('insert into visit values (99)', [])
    expect(explained(from, () => db.run('commit', []))).toMatchObject({ code: 'foreign_key_violation' })
    db.run('rollback', [])
  })

  describe('onConnect', () => {
    test('sees each connection and its role before anyone else', async () => {
      const roles: Role[] = []
      const from = driver({
        onConnect: (connection, role) => {
          roles.push(role)
          connection.script('create temp table if not exists greeted (a)')
        },
      })
      const db = open(from)
      expect(all(db, 'select * from greeted')).toEqual([])
      expect(roles).toEqual(['write'])
    })

    test('may take its time', async () => {
      const from = driver({
        onConnect: async (connection) => void (await connection.script('create temp table t (a)')),
      })
      const connection = await from.connect('write')
      expect(all(connection, 'select * from t')).toEqual([])
      connection.close()
    })

    test.each([
      [
        'at once',
        () => {
          throw new Error('not today')
        },
      ],
      ['later', () => Promise.reject(new Error('not today'))],
    ])('that fails %s closes the connection', async (_, fail) => {
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
      expect(explained(from, () => seen!.all('select 1', []))).toMatchObject({ code: 'closed' })
    })
  })
}
