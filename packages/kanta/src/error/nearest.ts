/** The name most like `word` among `names`, for "did you mean"; `undefined` where none is close. */
export function nearest(word: string, names: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const name of names) {
    if (Math.abs(name.length - word.length) >= least) continue
    const cost = distance(word.toLowerCase(), name.toLowerCase())
    if (cost < least) {
      least = cost
      best = name
    }
  }
  return best
}

/** Returns the number of letters to add, drop, change or swap with a neighbour to make one word the other. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const next = [row]
    for (let column = 1; column <= b.length; column++) {
      const change = last[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1)
      let cost = Math.min(change, last[column]! + 1, next[column - 1]! + 1)
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, beforeLast[column - 2]! + 1)
      }
      next.push(cost)
    }
    beforeLast = last
    last = next
  }
  return last[b.length]!
}
