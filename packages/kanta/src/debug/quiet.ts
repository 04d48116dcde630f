import type { Logger } from '../extend/index.ts'

/** Runs what only watches: its failure must not become that of the query. */
export function quietly(logger: Logger | undefined, what: string, work: () => void): void {
  try {
    work()
  } catch (error) {
    warnQuietly(logger, what, error)
  }
}

/** Tells of a failure, even if the logger fails, too. */
export function warnQuietly(logger: Logger | undefined, what: string, error: unknown): void {
  try {
    logger?.warn(`${what} failed.`, error)
  } catch {
    // There is nowhere left to tell of it.
  }
}
