export { camelCase, renaming } from './camel-case.ts'
export { queryLog, slowQueries } from './query-log.ts'
export { schemaPrefix } from './schema-prefix.ts'
