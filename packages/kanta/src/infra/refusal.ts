const refusals = new WeakSet<object>()

/** Marks an error of these plugins themselves, which says nothing of the database. */
export function markRefusal<E extends object>(error: E): E {
  refusals.add(error)
  return error
}

/** Tells whether an error comes from these plugins and not from the database. */
export const isRefusal = (error: unknown): boolean => refusals.has(Object(error))
