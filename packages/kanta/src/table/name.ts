/** Whether something can be the name of a table, a column or a constraint. Most databases end a text at a NUL. */
export function isName(name: unknown): name is string {
  return typeof name === 'string' && name !== '' && !name.includes('\0') && name.isWellFormed()
}
