/** Returns a name that is not taken: the base, or else with the least number from 2 on. */
export function numbered(base: string, taken: ReadonlySet<string>, make: (n: number) => string): string {
  let name = base
  for (let n = 2; taken.has(name); n++) name = make(n)
  return name
}
