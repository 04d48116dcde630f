export { checkArgument } from './argument.ts'
export { attachDefinitions, type SchemaDefinitions } from './attach.ts'
export { type Bound, bind, bindFixed } from './bind.ts'
export { type Part, partsOf, refuseRagged } from './bulk.ts'
export { addContext, type Context, contextValue, joinContexts, sameValue } from './context.ts'
export { arrayDecoder, type Decoding, describeDecoding, objectDecoder, type RowDecoder } from './decode.ts'
export { withHidden } from './hidden.ts'
export {
  type Companion,
  type Company,
  type EndedQuery,
  type Exemption,
  type Hook,
  listening,
  orderHooks,
  type QueryEvent,
  type Reading,
  throughCompanions,
  throughHooks,
} from './hook.ts'
export { MOST_PLANNINGS, type Plan, type Planning, plan, planningIn, planOfDerived } from './plan.ts'
export {
  type Enforce,
  type Enforced,
  inSchemas,
  type Policy,
  type Prepare,
  type Statement,
  type Surroundings,
  schemaPrefix,
  type Variants,
} from './policy.ts'
export type { Facts } from './resolve.ts'
