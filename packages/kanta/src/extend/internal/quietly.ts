import type { Logger } from '../../run/index.ts'

/**
 * Calls what only hears of something, such as a callback of the user: its failure must not become that of the work that
 * it hears of, now or as a promise that nobody awaits.
 */
export function quietly(logger: Logger | undefined, what: string, call: () => unknown): void {
  const tell = (error: unknown): void => {
    try {
      logger?.warn(`${what} failed.`, error)
    } catch {
      // There is nowhere left to tell of it.
    }
  }
  try {
    const told = call()
    if (told instanceof Promise) told.catch(tell)
  } catch (error) {
    tell(error)
  }
}
