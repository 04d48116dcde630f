export { type ErrorCode, type ErrorDetails, KantaError } from './error/index.ts'
export { DeleteResult, fromJSON, InsertResult, MergeResult, UpdateResult, open as kanta } from './run/index.ts'
export * from './schema/index.ts'
export { expressionBuilder, jsonArrayFrom, jsonBuildObject, jsonObjectFrom, list, sql, values } from './sql/index.ts'
