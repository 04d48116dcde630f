import { describe } from 'vitest'
import { connections } from './driver-connections.ts'
import { errors } from './driver-errors.ts'
import { severalConnections } from './driver-files.ts'
import { ground, type Lacks, type Make } from './driver-ground.ts'
import { statements } from './driver-statements.ts'
import { streams } from './driver-streams.ts'
import { values } from './driver-values.ts'

/** Holds a driver of SQLite to the contract of `Connection` and `Driver`, in memory and on files. */
export function driverSuite(name: string, make: Make, lacks: Lacks = {}): void {
  describe.each(['memory', 'file'] as const)(`${name} (%s)`, (place) => connectionSuite(make, place, lacks))
  severalConnections(name, make, lacks)
}

/** Holds the connections of a driver of SQLite to their contract. */
export function connectionSuite(make: Make, place: 'memory' | 'file', lacks: Lacks): void {
  const on = ground(make, place, lacks)
  statements(on)
  values(on)
  streams(on)
  errors(on, make)
  connections(on)
}
