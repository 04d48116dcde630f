export type { Relations, RelationTo } from '../face/index.ts'
export {
  type Choice,
  type Link,
  many,
  one,
  oneOf,
  type Relation,
  relations,
  type Through,
  type ToMany,
  type ToOne,
  type ToOneOf,
} from './declare.ts'
export { relationsOf } from './declared.ts'
