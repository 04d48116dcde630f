import { foreignKey, kanta, sql, table, unique } from 'kanta'
import { sqlite } from 'kanta/sqlite'
import { startHistory } from 'kanta/time-travel'
import * as world from './schema.ts'

/** What a plugin writes may be left out of an insert; without the plugin, the database refuses the row. */
const LEFT_TO_PLUGIN = sql`null`

/** What an agency sells. */
export const trip = table(
  'trip',
  (c) => ({
    id: c.integer().primaryKey(),
    agency: c.text().default(LEFT_TO_PLUGIN),
    title: c.text(),
    /** In euros. */
    price: c.integer(),
    created_at: c.timestamp().default(LEFT_TO_PLUGIN),
    updated_at: c.timestamp().default(LEFT_TO_PLUGIN),
    deleted_at: c.timestamp().nullable(),
    deleted_by: c.text().nullable(),
    /** Which deletion it was that took the row. */
    deletion: c.text().nullable(),
  }),
  (t) => [unique([t.agency, t.id])],
)

/** Where a trip stays for some nights: in one of the imported cities. The trip is one of the same agency. */
export const stop = table(
  'stop',
  (c) => ({
    id: c.integer().primaryKey(),
    agency: c.text().default(LEFT_TO_PLUGIN),
    trip: c.integer(),
    city: c.integer().references(() => world.city.id),
    nights: c.integer(),
    created_at: c.timestamp().default(LEFT_TO_PLUGIN),
    updated_at: c.timestamp().default(LEFT_TO_PLUGIN),
    deleted_at: c.timestamp().nullable(),
    deleted_by: c.text().nullable(),
    deletion: c.text().nullable(),
  }),
  (t) => [foreignKey([t.agency, t.trip], () => [trip.agency, trip.id])],
)

/** A statement that ran. */
export interface Ran {
  readonly sql: string
  readonly parameters: readonly unknown[]
}

/** Opens the file for the agencies; `tell` hears of every statement. */
export function openTrips(path: string, tell: (ran: Ran) => void) {
  return kanta({ driver: sqlite(path), schema: { ...world, trip, stop }, log: tell })
}

export type TripsFile = ReturnType<typeof openTrips>

export async function createTrips(file: TripsFile): Promise<void> {
  await file.schema.createTable(trip).execute()
  await file.schema.createTable(stop).execute()
  await startHistory(file, ['trip', 'stop'])
}

/** All that the agencies, their trail and their histories keep, in the order in which it goes. */
const OWN = ['stop_history', 'trip_history', 'kanta_history', 'kanta_audit', 'stop', 'trip']

/** Leaves a file as if no trip had been planned. */
export async function dropTrips(file: Pick<TripsFile, 'schema'>): Promise<void> {
  for (const name of OWN) await file.schema.dropTable(name).ifExists().execute()
}
