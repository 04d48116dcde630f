export { checkArgument } from './argument.ts'
export { attachDefinitions, type SchemaDefinitions } from './attach.ts'
export { type Bound, bind, bindFixed } from './bind.ts'
export { keepRowTypes, missingTypes, type Part, partsOf, refuseRagged } from './bulk.ts'
export {
  addContext,
  type Context,
  contextValue,
  copyOfContext,
  copyOfValue,
  joinContexts,
  sameValue,
} from './context.ts'
export { mapInScope } from './cte-scope.ts'
export { describeDecoding, type RowDecoder, rowCopier } from './decode.ts'
export { EXPAND, type Expanded, type Expansion, isExpansion, type RunPlan, type Split } from './expansion.ts'
export {
  MOST_PLANNINGS,
  type Plan,
  type Planning,
  plan,
  planningIn,
  planOfDerived,
  planOfText,
  TEXT_PLAN,
} from './plan.ts'
export {
  type Enforce,
  type Enforced,
  inSchemas,
  type Policy,
  type Prepare,
  type Statement,
  type Surroundings,
  schemaPrefix,
  surroundingsOf,
  type Variants,
} from './policy.ts'
export type { Facts } from './resolve.ts'
export type { Exemption, StatementContext, TransactionHook } from './transaction-hook.ts'
