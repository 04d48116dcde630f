export type * from './catalog.ts'
export * from './catalog-nodes.ts'
export { catalogTable } from './catalog-table.ts'
export { type Creation, creationOf } from './creation.ts'
export { declareDecimals } from './decimal/index.ts'
export { type CastCodec, decimalsOf } from './decimals.ts'
export type {
  AccessMode,
  Capabilities,
  CteVisibility,
  Dialect,
  IsolationLevel,
  ReadBack,
  TransactionFrame,
  TransactionSettings,
  TransactionSql,
} from './dialect.ts'
export { type Facets, facetsOf } from './facet.ts'
export { asWritten, lowerAscii } from './fold.ts'
export { checkFragment, type Fragment } from './fragment.ts'
export { localize } from './localize.ts'
export { merges } from './merge.ts'
export { type DialectName, isAmong, titleOf } from './name.ts'
export { type Printers, standard } from './print.ts'
export { raised, signOf, signText } from './raise.ts'
export { rowLocks } from './row-lock.ts'
export { type Lexis, leadingWord, leadingWords, Scanner } from './scan.ts'
export { definingDialect } from './schema-needs.ts'
export { firstStatement, type Script, splitScript, type TextStatement } from './script.ts'
export { splitStatements, tokensOf } from './split.ts'
export { creatingDialect } from './table.ts'
export { isSign, type Token, tokens } from './token.ts'
export { asGiven, reads } from './write-only.ts'
export { gap, type OutputColumn, type Piece, refuseMerge, Writer } from './writer.ts'
export { writeCodec } from './written.ts'
