export type * from './creator.ts'
export type * from './select.ts'
export type * from './expression-builder.ts'
