export { readCreateTable } from './create-table.ts'
export { canonicalJson } from './hash.ts'
export * from './introspect.ts'
export { Cursor, tokens } from './token.ts'
