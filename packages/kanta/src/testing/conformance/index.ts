export { type DriverUnderTest, driverConformance, type TestRunner } from './driver.ts'
export {
  type ConformanceDatabase,
  type ConformanceRepository,
  type RepositoryUnderTest,
  repositoryConformance,
} from './repository.ts'
