import { refuse, show } from '../error/index.ts'
import { DatabaseHandle } from '../extend/internal/index.ts'

/** A database, a transaction or a held connection: what a function over queries takes as its first argument. */
export interface Handle {
  readonly isTransaction: boolean
}

/** Returns the handle that a function was given. */
export function handleOf(owner: string, db: unknown): DatabaseHandle {
  if (db instanceof DatabaseHandle) return db
  return refuse(`${owner} takes a database or a transaction as its first argument, not ${show(db)}.`)
}

/** Checks what is called later. */
export function checkFunction(owner: string, value: unknown): void {
  if (typeof value !== 'function') refuse(`${owner} takes a function: async (db) => { … }, not ${show(value)}.`)
}
