import { DatabaseHandle, sessionOf, settingsOf } from '../src/run/index.ts'

/** The same database for tables that its schema does not define. */
export function withoutSchema<D>(db: D): D {
  const settings = settingsOf(db as DatabaseHandle)
  const planning = { ...settings.planning, schema: new Map() }
  return new DatabaseHandle({ ...settings, planning }, sessionOf(db as DatabaseHandle)) as D
}
