import type { MaybePromise } from '../driver/index.ts'

/** Goes on with a value: at once where it is there, else when its promise has it. */
export function andThen<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** A value as a promise, as users get it. */
export function asPromise<T>(value: MaybePromise<T>): Promise<T> {
  return value instanceof Promise ? value : Promise.resolve(value)
}

/**
 * Goes on with a state and what a promise comes to. It stands apart from the functions that call it: closures in these
 * would cost something on each call, also where nothing has to be waited for.
 */
export function settleLater<S, T, R>(
  state: S,
  value: Promise<T>,
  onValue: (state: S, value: T) => MaybePromise<R>,
  onError: (state: S, error: unknown) => MaybePromise<R>,
): Promise<R> {
  return value.then(
    (late) => onValue(state, late),
    (error) => onError(state, error),
  )
}
