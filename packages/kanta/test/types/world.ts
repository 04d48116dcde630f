import type { ColumnType, Database, Generated, GeneratedAlways, JSONColumnType } from '../../src/index.ts'
import { index, table } from '../../src/index.ts'

export interface City {
  id: Generated<number>
  name: string
  country: string
  population: number | null
  capital: boolean
  kind: 'town' | 'village'
  founded: ColumnType<Date, string | undefined, string>
  hash: GeneratedAlways<string>
  tags: JSONColumnType<string[]>
}
export interface Country {
  cca2: string
  name: string
  area: number
  kind: 'republic' | 'monarchy'
  meta: { capital: { id: number; streets: string[] }; motto?: string } | null
}
export interface Visit {
  id: Generated<number>
  city_id: number
  at: Date
  note: string | null
  rating: number
}
export interface Region {
  code: string
  city_id: number
}
export interface Tables {
  city: City
  country: Country
  visit: Visit
  'geo.region': Region
}
export declare const db: Database<Tables>

export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
/** `equal<A, B>(true)` compiles when the two are the same type. */
export declare function equal<A, B>(same: Equal<A, B>): void
/** The rows of a query. */
export type Rows<Q extends { execute(): Promise<any> }> = Awaited<ReturnType<Q['execute']>>

// The same as values.
export const person = table('person', (c) => ({
  id: c.integer().primaryKey(),
  name: c.text(),
  email: c.varchar(200).nullable().unique(),
  admin: c.boolean().default(false),
  balance: c.decimal(10, 2),
  total: c.bigint(),
  born: c.date().nullable(),
  created: c.timestamp().default(new Date(0)),
  settings: c.json<{ theme: 'dark' | 'light' }>(),
  photo: c.bytes().nullable(),
  key: c.uuid(),
  color: c.enum(['red', 'green']),
  boss: c
    .integer()
    .nullable()
    .references(() => person.id),
  label: c.text().generatedAs({} as never),
}))
export const pet = table(
  'pet',
  (c) => ({
    id: c.integer().$type<PetId>().primaryKey(),
    name: c.text(),
    owner_id: c.integer().references(() => person.id),
    weight: c.real(),
  }),
  (t) => [index([t.owner_id])],
)
export type PetId = number & { readonly petId: true }
export const region = table('geo.region', (c) => ({ code: c.text().primaryKey(), pet_id: c.integer() }))
export const notATable = { some: 'thing' }
