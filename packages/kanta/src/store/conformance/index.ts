export { type ArmedFault, makeArmedFault } from './armed-fault.ts'
export { type AbilityOfStore, describeStore, type StoreTestRunner, type StoreUnderTest } from './describe-store.ts'
