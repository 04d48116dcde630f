export * from './check/index.ts'
export * from './factory/index.ts'
export {
  type Generated,
  type GenerateOptions,
  type GenerateProgress,
  generate,
  type ValueContext,
  type ValueFunctions,
} from './generate/index.ts'
export * from './mock/index.ts'
export * from './sandbox/index.ts'
export * from './snapshot/index.ts'
