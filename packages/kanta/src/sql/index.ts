export { show } from '../error/index.ts'
export { CaseBuilder, caseOf } from './case.ts'
export {
  Chain,
  changed,
  detached,
  type ExecuteOptions,
  extend,
  type OnAbort,
  RUNNER,
  type Runnable,
  type Runner,
} from './chain.ts'
export { QueryCreator } from './creator.ts'
export { Definition, indexesOf } from './definition.ts'
export { DeleteBuilder } from './delete.ts'
export { dynamic } from './dynamic.ts'
export { Expr } from './expression.ts'
export { expressionBuilder, provideExpressionBuilder, provideRelated } from './expression-builder.ts'
export { functions } from './function.ts'
export { InsertBuilder, internNames } from './insert.ts'
export { jsonArrayFrom, jsonBuildObject, jsonObjectFrom, jsonRows } from './json.ts'
export { MergeBuilder } from './merge.ts'
export { checkName, isOperand, type Operand, source, tableNode } from './operand.ts'
export { checkOperator, checkUnary } from './operator.ts'
export { Parameter } from './parameter.ts'
export { Query, storeQueriesBy } from './query.ts'
export { RawStatement, sql } from './raw.ts'
export { SchemaBuilder } from './schema-builder.ts'
export { SelectBuilder } from './select.ts'
export { UpdateBuilder } from './update.ts'
export { list, values } from './values.ts'
