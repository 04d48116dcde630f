export type { Relations, RelationTo } from '../face/index.ts'
export { type Link, many, one, type Relation, relations, type Through, type ToMany, type ToOne } from './declare.ts'
export { relationsOf } from './declared.ts'
