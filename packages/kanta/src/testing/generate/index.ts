export {
  type Generated,
  type GenerateOptions,
  type GenerateProgress,
  generate,
  type ValueFunctions,
} from './generate.ts'
export type { ValueContext } from './source.ts'
