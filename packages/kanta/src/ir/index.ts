export type { ArgRole, Kind, Kinds } from './kinds.ts'
export {
  admit,
  CLEARED,
  declareKinds,
  defines,
  type Field,
  fieldsOf,
  fills,
  forget,
  forgetting,
  internStats,
  isAlias,
  isTransient,
  keepOut,
  keepPlan,
  kindFills,
  kindOf,
  misplaced,
  type Node,
  type NodeOf,
  node,
  pin,
  planOf,
  Shape,
  setCapacity,
  start,
  takes,
  takesTables,
} from './node.ts'
export { type Atom, isCount, isTypeName, type Part, type Role } from './role.ts'
export { type SchemaKinds, schemaFields } from './schema-kinds.ts'
export { fullName, splitName, type TableName } from './table-name.ts'
export { eachChild, empty, fold, holdsNodes, isNode, mapChildren, nodeWith, partsFor, sourcesOf, walk } from './walk.ts'
export { wordsOf } from './word.ts'
