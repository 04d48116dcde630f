/** Copies rows for another who asked for them: what one changes in place is not changed for the other. */
export const copyRows = (rows: readonly unknown[]): unknown[] => rows.map(copyOf)

function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(copyOf)
  if (value instanceof Date) return new Date(value)
  if (ArrayBuffer.isView(value)) return (value.constructor as unknown as { from(view: unknown): unknown }).from(value)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, copyOf(part)]))
}
