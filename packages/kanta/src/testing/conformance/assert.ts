/** Throws if two values differ in their JSON text, in which whole numbers of both kinds are the same. */
export function same(found: unknown, expected: unknown): void {
  const text = (value: unknown): string =>
    JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? Number(each) : each)) ?? 'undefined'
  if (text(found) !== text(expected)) throw new Error(`Expected ${text(expected)}, got ${text(found)}.`)
}
