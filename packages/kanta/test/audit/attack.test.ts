import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { audit, auditTables, redacted } from '../../src/audit/index.ts'
import { kanta, sql, table } from '../../src/index.ts'
import { camelCase, createExecutor } from '../../src/plugins/index.ts'
import { policies, rls } from '../../src/rls/index.ts'
import { schemaBuilder } from '../../src/schema/index.ts'
import type { Any } from '../security/ground.ts'
import { better, engines } from './ground.ts'

vi.setConfig({ hookTimeout: 60_000, testTimeout: 60_000 })

const userAccount = table('userAccount', (c) => ({
  id: c.integer().primaryKey(),
  owner: c.varchar(20),
  passwordHash: c.varchar(40).nullable(),
}))
const account = table('account', (c) => ({
  id: c.integer().primaryKey(),
  owner: c.varchar(20),
  secret: c.varchar(40).nullable(),
}))

describe.each([...engines, better])('attacks on a trail on $name', (engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Awaited<ReturnType<typeof engine.create>>
  let base: Any

  beforeEach(async () => {
    place = await engine.create()
    base = kanta({ driver: place.driver({ max: 1 } as Any), schema: { account, userAccount } })
  })
  afterEach(async () => {
    await base.destroy()
    await place.drop()
  })

  test.each([
    ['the program', 'userAccount', 'passwordHash', 'id'],
    ['the database', 'user_account', 'password_hash', 'id'],
  ])('tables, keys and what is redacted are named as in %s', async (_name, name, column, key) => {
    const options = { tables: [name], redact: { [name]: [column] }, keys: { [name]: [key] } }
    const db: Any = await createExecutor(base, [camelCase(), audit(options)])
    await db.schema.createTable(userAccount).execute()
    await db.insertInto('userAccount').values({ id: 1, owner: 'ada', passwordHash: 'hunter2' }).execute()
    const [entry] = await db.audit.history('userAccount', 1)
    expect(entry.after).toEqual({ id: 1, owner: 'ada', passwordHash: redacted })
  })

  test('a column to be redacted that the table does not have is refused', () => {
    expect(() => base.withPlugins([audit({ redact: { account: ['sercet'] } })])).toThrow(
      "column 'sercet' of 'account', which the schema does not have. Did you mean 'secret'?",
    )
    const camel = base.withPlugins([camelCase()])
    expect(() => camel.withPlugins([audit({ redact: { userAccount: ['password'] } })])).toThrow(/'password'/)
  })

  test('under no name is the trail a table like others', async () => {
    const db: Any = await createExecutor(base, [camelCase(), audit()])
    for (const name of ['kantaAudit', 'kanta_audit', 'KANTA_AUDIT']) {
      await expect(db.selectFrom(name).selectAll().execute()).rejects.toMatchObject({ code: 'policy' })
      await expect(db.deleteFrom(name).execute()).rejects.toMatchObject({ code: 'policy' })
    }
  })

  test('bytes and what is no number come back, and are the same as before when they were not touched', async () => {
    const type = engine.name === 'postgres' ? 'bytea' : engine.name === 'mariadb' ? 'varbinary(9)' : 'blob'
    const floats = engine.name === 'postgres' ? ', floats float8[]' : ''
    await sql.raw(`create table odd (id integer primary key, bytes ${type}${floats})`).execute(base)
    const db: Any = await createExecutor(base, [audit({ keys: { odd: ['id'] } })])
    const values = { id: 1, bytes: new Uint8Array([0, 255]) }
    await db.insertInto('odd').values(values).execute()
    if (floats !== '') await db.updateTable('odd').set({ floats: sql`array[1.5, 'NaN'::float8]` }).execute()
    const [row] = await db.selectFrom('odd').selectAll().execute()
    await db.deleteFrom('odd').execute()
    await db.audit.undoTransaction((await db.audit.history('odd', 1)).at(-1).transaction)
    expect(await db.selectFrom('odd').selectAll().execute()).toEqual([row])
    await db
      .updateTable('odd')
      .set({ bytes: new Uint8Array([7]) })
      .execute()
    await db.audit.undoTransaction((await db.audit.history('odd', 1)).at(-1).transaction)
    expect(await db.selectFrom('odd').selectAll().execute()).toEqual([row])
  })

  test('after a table was made anew, images have the columns that it has now', async () => {
    const db: Any = await createExecutor(base, [audit({ keys: { odd: ['id'] } })])
    for (const column of ['one', 'two']) {
      // As another program would.
      if (column === 'two') await sql`alter table odd rename column one to two`.execute(base)
      else await sql`create table odd (id integer primary key, one varchar(9))`.execute(base)
      await sql`insert into odd values (1, 'x')`.execute(base)
      await db.deleteFrom('odd').execute()
      expect((await db.audit.history('odd', 1)).at(-1).before).toEqual({ id: 1, [column]: 'x' })
    }
  })

  if (engine.name === 'sqlite')
    test('a table that is spelled otherwise is redacted as well', async () => {
      const db: Any = await createExecutor(base, [
        audit({ redact: { account: ['SECRET'] }, keys: { ACCOUNT: ['id'] } }),
      ])
      await db.schema.createTable(account).execute()
      await db.insertInto('ACCOUNT').values({ id: 1, owner: 'ada', secret: 'hunter2' }).execute()
      const [row] = await base.selectFrom(auditTables().entries).selectAll().where('operation', '=', 'insert').execute()
      expect(row.after_image).not.toContain('hunter2')
    })
  else
    test('truncate() would pass by the trail', async () => {
      const db: Any = await createExecutor(base, [audit()])
      await db.schema.createTable(account).execute()
      await db.insertInto('account').values({ id: 1, owner: 'ada' }).execute()
      await expect(schemaBuilder(db).truncate('account').execute()).rejects.toMatchObject({ code: 'policy' })
      expect(await db.selectFrom('account').select('id').execute()).toHaveLength(1)
    })

  describe('on its chain', () => {
    const { entries, head } = auditTables()
    let db: Any
    beforeEach(async () => {
      db = await createExecutor(base, [audit({ hashChain: true })])
      await db.schema.createTable(account).execute()
      for (let id = 1; id <= 4; id++) await db.insertInto('account').values({ id, owner: 'ada' }).execute()
    })

    test('an entry that is not found by its key any more was changed', async () => {
      await base.updateTable(entries).set({ key_prefix: 'x' }).where('row_key', '=', '2').execute()
      expect(await db.audit.history('account', 2)).toEqual([])
      expect(await db.audit.verify()).toMatchObject({ valid: false, broken: { why: 'changed' } })
    })

    test('a checkpoint that nobody wrote does not excuse what came before', async () => {
      const [, , , last] = await base.selectFrom(entries).selectAll().orderBy('seq').execute()
      await base.updateTable(entries).set({ after_image: '{"id":1}' }).where('row_key', '=', '1').execute()
      const forged = { ...last, seq: -1n, table_name: 'kanta_audit', operation: 'checkpoint', asked: 'prune' }
      const after_image = JSON.stringify({ seq: String(last.seq), hash: last.hash, at: last.at.toISOString() })
      await base
        .insertInto(entries)
        .values({ ...forged, after_image })
        .execute()
      expect(await db.audit.verify()).toMatchObject({ valid: false, broken: { why: 'changed' } })
    })

    test('a head whose entry was pruned cannot be compared, and one at the end of what was is', async () => {
      const { head: kept } = await db.audit.verify()
      await db.audit.prune({ before: new Date(Date.now() + 1_000) })
      const { head: newer } = await db.audit.verify({ head: kept })
      await expect(db.audit.verify({ head: { ...kept, hash: newer.hash } })).resolves.toMatchObject({ valid: false })
      await db.audit.prune({ before: new Date(Date.now() + 1_000) })
      await db.insertInto('account').values({ id: 9, owner: 'ada' }).execute()
      await db.audit.prune({ before: new Date(Date.now() + 1_000) })
      await expect(db.audit.verify({ head: kept })).rejects.toMatchObject({ code: 'not_found' })
      const ends: Any[] = await base.selectFrom(head).selectAll().execute()
      expect(await db.audit.verify({ head: { seq: ends[0].seq, hash: ends[0].hash } })).toMatchObject({ valid: true })
    })
  })

  test('who may not write a row may not put it back, and not what of it only others write', async () => {
    const rules = policies<Any, Any>({
      account: ({ allow, columns }: Any) => [
        allow('select'),
        allow(['insert', 'update', 'delete'], ({ row, context }: Any) => row.owner.eq(context.user)),
        columns({ secret: { read: ['admin'], write: ['admin'] } }),
      ],
    })
    const db: Any = await createExecutor(base, [rls(rules), audit()])
    await base.schema.createTable(account).execute()
    const ada = db.as({ user: 'ada', roles: ['admin'] })
    const clerk = db.as({ user: 'ada', roles: [] })
    const bob = db.as({ user: 'bob', roles: ['admin'] })
    await ada.insertInto('account').values({ id: 1, owner: 'ada', secret: 'one' }).execute()
    await ada.updateTable('account').set({ secret: 'two' }).where('id', '=', 1).execute()
    const [made, changed] = await bob.audit.history('account', 1)
    const rows = (): Promise<unknown> => ada.selectFrom('account').selectAll().execute()
    const before = await rows()
    for (const undo of [
      () => bob.audit.restoreRow(changed),
      () => bob.audit.restoreRow(made),
      () => bob.audit.undoTransaction(made.transaction, { force: true }),
      () => clerk.audit.restoreRow(changed),
      () => clerk.audit.restoreRow({ seq: changed.seq }, { values: { secret: 'three' } }),
    ])
      await expect(undo()).rejects.toMatchObject({ code: 'policy' })
    expect(await rows()).toEqual(before)
    await ada.audit.restoreRow(changed)
    expect(await rows()).toEqual([{ id: 1, owner: 'ada', secret: 'one' }])
    await ada.deleteFrom('account').where('id', '=', 1).execute()
    const gone = (await ada.audit.history('account', 1)).at(-1)
    await expect(bob.audit.restoreRow(gone)).rejects.toMatchObject({ code: 'policy' })
    await expect(clerk.audit.restoreRow(gone)).rejects.toMatchObject({ code: 'policy' })
    await ada.audit.restoreRow(gone)
    expect(await rows()).toEqual([{ id: 1, owner: 'ada', secret: 'one' }])
  })
})
