export {
  type AnyFactory,
  type Factory,
  type FactoryDefaults,
  type FactoryOptions,
  type FactoryValues,
  factory,
} from './factory.ts'
