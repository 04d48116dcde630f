export type { Relations, RelationTo } from '../face/index.ts'
export { many, one, relations, type Through, type ToMany, type ToOne } from './declare.ts'
