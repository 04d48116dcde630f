export { and, not, or, type RowCondition, type Term, type TermList } from './condition.ts'
export {
  type ColumnRights,
  type ConditionTerms,
  type ContextTerms,
  type Declaration,
  type Open,
  type Operation,
  open,
  type Policies,
  type PoliciesOf,
  type PolicyConditions,
  type PolicyOptions,
  policies,
  type RowPredicate,
  type RowTerms,
  type TablePolicies,
} from './declare.ts'
export type { RlsOptions } from './enforce.ts'
export { type CanOptions, can, forbiddenColumns } from './evaluate.ts'
export { dropRlsStatements, type NativeOptions, rlsStatements } from './native.ts'
export { rls } from './plugin.ts'
export { setContext } from './session.ts'
