import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { findMariadb, mariadbIsInstalled, startMariadb } from 'kanta-servers'
import { createConnection } from 'mysql2/promise'
import { describe, expect, test } from 'vitest'

const found = findMariadb()
if ('missing' in found) console.warn(found.missing)

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })

describe.skipIf('missing' in found)('a MariaDB of one’s own', () => {
  test('keeps what is committed through a crash, and leaves nothing behind', { timeout: 60_000 }, async () => {
    expect(mariadbIsInstalled()).toBe(true)
    const [server, other] = await Promise.all([startMariadb(), startMariadb({ settings: { 'max-connections': 17 } })])
    const ask = async (of: typeof server, sql: string): Promise<unknown> => {
      const { host, port, user, password, database } = of
      const connection = await createConnection({ host, port, user, password, database, rowsAsArray: true })
      const [rows] = await connection.query(sql)
      await connection.end()
      return rows
    }
    expect(await ask(other, 'select @@max_connections')).toEqual([[17]])
    await ask(server, 'create table kept (a int)')
    await ask(server, 'insert into kept values (1)')
    await server.kill()
    expect(await answers(server.port)).toBe(false)
    await server.restart({ 'max-connections': 19 })
    expect(await ask(server, 'select a, @@max_connections from kept')).toEqual([[1, 19]])
    await server.shutDown()
    await server.restart()
    expect(await ask(server, 'select a from kept')).toEqual([[1]])
    for (const one of [server, other]) {
      await one.stop()
      expect(await answers(one.port)).toBe(false)
      expect(existsSync(dirname(one.data))).toBe(false)
    }
  })
})
