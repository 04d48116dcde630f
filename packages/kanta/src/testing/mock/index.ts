export { type Clock, clock } from './clock.ts'
export { type Fault, type FaultStep, type Faulty, type FaultyOptions, faulty } from './faulty.ts'
export { createMock, generateTestData, type MockDatabase, type MockOptions, type TestData } from './mock.ts'
export { type AnyTestData, type TestingMethods, testing } from './plugin.ts'
