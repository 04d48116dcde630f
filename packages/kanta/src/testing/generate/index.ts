export { comparable, sizeOf } from './domain.ts'
export { evaluate } from './expression.ts'
export {
  type Generated,
  type GenerateOptions,
  type GenerateProgress,
  generate,
  type ValueFunctions,
} from './generate.ts'
export { type CheckModel, type ColumnModel, decodedValue, modelOf, modelsOf, type TableModel } from './model.ts'
export { writeOrder } from './order.ts'
export { hashOf, randomAt } from './random.ts'
export type { ValueContext } from './source.ts'
export { sampleOf, valueAt } from './values.ts'
