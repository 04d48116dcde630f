import { kanta, table } from 'kanta'
import { sqlite } from 'kanta/sqlite'

const country = table('country', (c) => ({
  code: c.text().primaryKey(),
  name: c.text(),
}))

const city = table('city', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text(),
  country: c.text().references(() => country.code),
  population: c.integer().nullable(),
  capital: c.boolean().default(false),
}))

const db = kanta({ driver: sqlite(':memory:'), schema: { country, city } })

await db.schema.createTable(country).execute()
await db.schema.createTable(city).execute()

await db.transaction().execute(async (trx) => {
  await trx.insertInto('country').values({ code: 'FI', name: 'Finland' }).execute()
  await trx
    .insertInto('city')
    .values([
      { name: 'Helsinki', country: 'FI', population: 684_018, capital: true },
      { name: 'Tampere', country: 'FI', population: 260_358 },
    ])
    .execute()
})

// cities: { name: string; country: string; capital: boolean }[]
const cities = await db
  .selectFrom('city')
  .innerJoin('country', 'country.code', 'city.country')
  .select(['city.name', 'country.name as country', 'capital'])
  .where('population', '>', 100_000)
  .orderBy('population', 'desc')
  .limit(10)
  .execute()

console.table(cities)
await db.destroy()
