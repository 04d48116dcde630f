// What a user of the installed package does first. Plain JavaScript, so that every runtime reads it as it is.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { KantaError, kanta, sql, table } from 'kanta'
import { sqlite } from 'kanta/sqlite'

const city = table('city', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text().unique(),
  capital: c.boolean(),
  names: c.json(),
  population: c.bigint(),
  founded: c.timestamp(),
}))

const founded = new Date('1550-06-12T00:00:00Z')
const rows = [
  { id: 1, name: 'Helsinki', capital: true, names: { sv: 'Helsingfors' }, population: 684_018n, founded },
  { id: 2, name: 'Tampere', capital: false, names: { sv: 'Tammerfors' }, population: 260_358n, founded },
  { id: 3, name: 'Turku', capital: false, names: { sv: 'Åbo' }, population: 206_035n, founded },
]

async function smoke(path) {
  const db = kanta({ driver: sqlite(path), schema: { city } })

  await db.schema.createTable(city).execute()
  await db.insertInto(city).values(rows).execute()
  assert.deepEqual(await db.selectFrom(city).selectAll().orderBy('id').execute(), rows)
  assert.deepEqual(await db.selectFrom('city').select(['name', 'capital']).where('capital', '=', true).execute(), [
    { name: 'Helsinki', capital: true },
  ])

  await db.transaction().execute(async (trx) => {
    await trx.updateTable('city').set({ population: 1n }).where('id', '=', 2).execute()
    await trx.deleteFrom('city').where('id', '=', 3).execute()
  })
  const stop = new Error('stop')
  await assert.rejects(
    db.transaction().execute(async (trx) => {
      await trx.deleteFrom('city').execute()
      throw stop
    }),
    stop,
  )
  const names = []
  for await (const { name } of db.selectFrom('city').select('name').orderBy('name', 'desc').stream()) names.push(name)
  assert.deepEqual(names, ['Tampere', 'Helsinki'])

  await assert.rejects(
    db
      .insertInto(city)
      .values({ ...rows[0], id: 9 })
      .execute(),
    (error) => error instanceof KantaError && error.code === 'unique_violation' && error.table === 'city',
  )
  const { rows: counted } = await sql`select count(*) as n from city where id > ${0}`.execute(db)
  assert.deepEqual(counted, [{ n: 2 }])

  await db.destroy()
  await assert.rejects(db.selectFrom('city').selectAll().execute(), { code: 'closed' })
}

await smoke(':memory:')
await smoke('smoke.db')
for (const suffix of ['', '-wal', '-shm']) rmSync(`smoke.db${suffix}`, { force: true })
console.log('smoke: ok')
