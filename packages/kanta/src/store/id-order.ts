/** The bounds of the ids that begin with a prefix, in the order of their UTF-8 bytes: the second is excluded. */
export function boundsOf(prefix: string): { readonly from: string; readonly to: string | undefined } {
  const points = Array.from(prefix, (character) => character.codePointAt(0)!)
  while (points.length > 0) {
    const last = points.pop()!
    if (last === 0x10ffff) continue
    // Half surrogate pairs are no characters, so the next one is behind them.
    const next = last === 0xd7ff ? 0xe000 : last + 1
    return { from: prefix, to: String.fromCodePoint(...points, next) }
  }
  return { from: prefix, to: undefined }
}

const encoder = new TextEncoder()

export const utf8 = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text)

/** Compares ids as databases sort them. UTF-16, the order of strings, sorts astral characters before some others. */
export function compareIds(a: string, b: string): number {
  const [x, y] = [Array.from(a), Array.from(b)]
  for (let i = 0; i < x.length && i < y.length; i++) {
    const difference = x[i]!.codePointAt(0)! - y[i]!.codePointAt(0)!
    if (difference !== 0) return difference
  }
  return x.length - y.length
}
