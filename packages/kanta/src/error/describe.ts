/** A short description of a value for a message. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  switch (typeof value) {
    case 'string':
      return `the string '${value.length > 40 ? `${value.slice(0, 40)}…` : value}'`
    case 'number':
    case 'bigint':
    case 'boolean':
      return `the ${typeof value} ${value}`
    case 'object':
      if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : 'a Date'
      if (Array.isArray(value)) return 'an array'
      if (value instanceof Uint8Array) return 'bytes'
      return 'an object'
    default:
      return `a ${typeof value}`
  }
}

/** A value for an error message: short, and never the whole of a huge one. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object' && value !== null) return `an object (${nameOf(value)})`
  return String(value)
}

/** Data may have a property `constructor` of its own, of any type. */
function nameOf(value: object): string {
  const name: unknown = value.constructor?.name
  return typeof name === 'string' ? name.slice(0, 60) : 'no prototype'
}
