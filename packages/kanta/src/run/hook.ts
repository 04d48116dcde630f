import type { Facts } from './resolve.ts'

/** What a hook sees of a statement that is about to run. */
export interface QueryEvent {
  readonly sql: string
  readonly parameters: readonly unknown[]
  readonly facts: Facts
  readonly streaming: boolean
}

/** Around a run: calls `next` to go on, and may wait, look at the result or throw. */
export interface Hook {
  readonly name: string
  around(event: QueryEvent, next: () => Promise<unknown>): Promise<unknown>
}

/** Runs `work` inside all hooks, the first outermost. */
export function throughHooks<T>(hooks: readonly Hook[], event: QueryEvent, work: () => Promise<T>): Promise<T> {
  const from = (i: number): Promise<T> => {
    const hook = hooks[i]
    return hook === undefined ? work() : (hook.around(event, () => from(i + 1)) as Promise<T>)
  }
  return from(0)
}
