import { KantaError, refuse } from '../error/index.ts'
import { show } from '../sql/index.ts'

/** What policies read when a statement runs. */
export type Context = Readonly<Record<string, unknown>>

/**
 * A value that a policy needs.
 *
 * @throws KantaError `policy` where it is missing, `undefined`, null, not a number or an empty text.
 */
export function contextValue(name: string, context: Context): unknown {
  const value = Object.hasOwn(context, name) ? context[name] : undefined
  if (value === undefined || value === null || value === '' || Number.isNaN(value))
    throw new KantaError(
      'policy',
      `The context has no '${name}', which a policy of this database needs. Set it with db.as({ ${name}: … }).`,
    )
  // Whoever gets it as a parameter could change bytes and dates in place.
  return copyOfValue(value)
}

/** A context with more values: what it has stays as it is. */
export function addContext(context: Context, more: Context): Context {
  if (!isPlainObject(more)) return refuse(`as() takes an object of values, such as { tenant: 1 }, not ${show(more)}.`)
  const added: Record<string, unknown> = { ...context }
  for (const [name, value] of Object.entries(more)) {
    if (value === undefined || value === null || value === '' || Number.isNaN(value))
      refuse(
        `as({ ${name}: ${show(value)} }): a value of the context cannot be missing. Leave '${name}' out to have none.`,
      )
    const kept = frozen(value, name)
    if (Object.hasOwn(context, name) && !sameValue(context[name], kept))
      throw new KantaError(
        'policy',
        `The context has another '${name}' already, which cannot be changed. Begin from the database without a context.`,
      )
    added[name] = kept
  }
  return Object.freeze(added)
}

/** An object of values, and none that a value hides in, such as a promise of one. */
function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Values nested deeper are circles. */
const DEEPEST = 50

/** A copy that nobody can change. */
function frozen(value: unknown, name: string, depth = 0): unknown {
  if (depth > DEEPEST) return refuse(`as({ ${name}: … }) was given a value that is nested without end.`)
  if (typeof value === 'function' || typeof value === 'symbol')
    return refuse(`as({ ${name}: … }) was given a ${typeof value}. A context holds values, lists and plain objects.`)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return Object.freeze(value.map((item) => frozen(item, name, depth + 1)))
  if (value instanceof Date) return Object.freeze(new Date(value))
  if (value instanceof Uint8Array) return copyOfBytes(value)
  if (!isPlainObject(value))
    return refuse(`as({ ${name}: … }) was given an object of a class. A context holds values, lists and plain objects.`)
  return Object.freeze(
    Object.fromEntries(Object.entries(value).map(([key, part]) => [key, frozen(part, name, depth + 1)])),
  )
}

/** A copy for code that is not the database's own: nobody can keep bytes and dates from being changed in place. */
export function copyOfContext(context: Context): Context {
  return Object.freeze(Object.fromEntries(Object.entries(context).map(([name, value]) => [name, copyOfValue(value)])))
}

/** The same value, which changes nothing of the given one when it is changed in place. */
export function copyOfValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date) return new Date(value)
  if (value instanceof Uint8Array) return copyOfBytes(value)
  if (Array.isArray(value)) return Object.freeze(value.map(copyOfValue))
  return isPlainObject(value)
    ? Object.freeze(Object.fromEntries(Object.entries(value).map(([key, part]) => [key, copyOfValue(part)])))
    : value
}

/** `slice` of a `Buffer` is the same bytes. */
const copyOfBytes = (bytes: Uint8Array): Uint8Array => Uint8Array.prototype.slice.call(bytes)

/** What the context of a database and that of the running code say together. */
export function joinContexts(one: Context, other: Context): Context {
  for (const [name, value] of Object.entries(one)) {
    if (Object.hasOwn(other, name) && !sameValue(value, other[name]))
      throw new KantaError(
        'policy',
        `The context of db.as() and that of the running code do not agree on '${name}'. Use one of the two.`,
      )
  }
  return Object.keys(one).length === 0 ? other : { ...other, ...one }
}

/** Returns whether two values of a context are the same. */
export function sameValue(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (one instanceof Date || other instanceof Date)
    return one instanceof Date && other instanceof Date && one.getTime() === other.getTime()
  const keys = Object.keys(one)
  return (
    Array.isArray(one) === Array.isArray(other) &&
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && sameValue(Reflect.get(one, key), Reflect.get(other, key)))
  )
}
