export type { ArgRole, Atom, Kind, Kinds, Sort } from './kinds.ts'
export {
  admit,
  CLEARED,
  declareKinds,
  defines,
  fieldsOf,
  forget,
  forgetting,
  internStats,
  isTransient,
  keepOut,
  keepPlan,
  type Node,
  type NodeOf,
  node,
  pin,
  planOf,
  Shape,
  setCapacity,
  start,
} from './node.ts'
export { type SchemaKinds, schemaFields } from './schema-kinds.ts'
export { fullName, splitName, type TableName } from './table-name.ts'
export { eachChild, empty, fold, isNode, mapChildren, mapTargets, nodeWith, walk } from './walk.ts'
