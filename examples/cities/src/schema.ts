import { index, primaryKey, table } from 'kanta'

export interface Currency {
  name: string
  symbol: string
}

/** 250 countries and territories. What has rows of its own is kept as JSON, too, as the source has it. */
export const country = table('country', (c) => ({
  /** ISO 3166-1, two letters: what a city names. */
  code: c.text().primaryKey(),
  name: c.text(),
  official_name: c.text(),
  region: c.text(),
  subregion: c.text().nullable(),
  /** In km². */
  area: c.real().nullable(),
  landlocked: c.boolean(),
  capitals: c.json<readonly string[]>(),
  currencies: c.json<Readonly<Record<string, Currency>>>(),
  languages: c.json<Readonly<Record<string, string>>>(),
  borders: c.json<readonly string[]>(),
}))

export const currency = table('currency', (c) => ({
  code: c.text().primaryKey(),
  name: c.text(),
  symbol: c.text(),
}))

export const language = table('language', (c) => ({
  code: c.text().primaryKey(),
  name: c.text(),
}))

export const countryCurrency = table(
  'country_currency',
  (c) => ({
    country: c.text().references(() => country.code),
    currency: c.text().references(() => currency.code),
  }),
  (t) => [primaryKey([t.country, t.currency]), index([t.currency])],
)

export const countryLanguage = table(
  'country_language',
  (c) => ({
    country: c.text().references(() => country.code),
    language: c.text().references(() => language.code),
  }),
  (t) => [primaryKey([t.country, t.language]), index([t.language])],
)

/** A land border; there is a row for each direction. */
export const border = table(
  'border',
  (c) => ({
    country: c.text().references(() => country.code),
    neighbour: c.text().references(() => country.code),
  }),
  (t) => [primaryKey([t.country, t.neighbour])],
)

export const city = table(
  'city',
  (c) => ({
    /** As in GeoNames. */
    id: c.integer().primaryKey(),
    name: c.text(),
    country: c.text().references(() => country.code),
    /** The kind of place by GeoNames: `PPLC` is a capital, `PPLX` a part of a town. */
    kind: c.text(),
    population: c.integer().nullable(),
    latitude: c.real(),
    longitude: c.real(),
    imported_at: c.timestamp(),
  }),
  (t) => [index([t.country, t.population]), index([t.population]), index([t.name])],
)
