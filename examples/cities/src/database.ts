import { kanta } from 'kanta'
import { sqlite } from 'kanta/sqlite'
import * as schema from './schema.ts'

/** Opens the file. The tables give the queries their types, and the rows their dates, booleans and JSON. */
export function open(file: string) {
  return kanta({ driver: sqlite(file), schema })
}

export type Db = ReturnType<typeof open>
