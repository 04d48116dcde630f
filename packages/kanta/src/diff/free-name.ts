/** Returns a free name: the base, or else the one with the lowest number from 2 on. */
export function freeName(base: string, taken: ReadonlySet<string>, make: (n: number) => string): string {
  let name = base
  for (let n = 2; taken.has(name); n++) name = make(n)
  return name
}
