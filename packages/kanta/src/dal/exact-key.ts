/*
 * Rows of one statement are given to those who asked for them by comparing values here. That is right only where the
 * database compares in the same way, so that only such values are keys: whole numbers, and ASCII text where the column
 * is known to hold text. For text it is not known what a collation takes for equal, so no two keys of one statement may
 * be such that some collation could.
 */

/** The types of columns whose values may be compared here; columns without a definition may hold numbers. */
const NUMBERS: ReadonlySet<string | undefined> = new Set([undefined, 'integer', 'bigint', 'real'])
const TEXTS: ReadonlySet<string | undefined> = new Set(['text', 'varchar', 'uuid', 'enum'])

const ASCII = /^[ -~]+$/

/** Returns a value as a key; `undefined` where the database might compare it in another way. */
export function exactKey(value: unknown, type: string | undefined): string | undefined {
  if (typeof value === 'string') return TEXTS.has(type) && ASCII.test(value) ? `'${value}` : undefined
  if (!NUMBERS.has(type)) return undefined
  return typeof value === 'bigint' || Number.isSafeInteger(value) ? String(value) : undefined
}

/**
 * Returns what all keys have in common that some collation could take for equal: without case, marks and zeros before
 * numbers, and with the letters as one that Lithuanian, Swedish or Roman collations do not tell apart.
 */
export function foldedKey(key: string): string {
  if (!key.startsWith("'")) return key
  const folded = key.toLowerCase().replace(/[jy]/g, 'i').replace(/[vw]/g, 'u')
  return `'${folded.replace(/[^a-z0-9]|(?<![0-9])0+(?=[0-9])/g, '')}`
}
