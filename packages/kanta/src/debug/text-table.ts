/** Returns a table as text: numbers to the right, the last column as wide as it is. */
export function tableOf(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const lines = [head, ...rows].map((row) => row.map((cell) => String(cell).replaceAll(/\s+/g, ' ')))
  const widths = head.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)))
  return lines
    .map((line) => line.map((cell, i) => (i === head.length - 1 ? cell : cell.padStart(widths[i]!))).join('  '))
    .join('\n')
}
