export { type DriverUnderTest, driverConformance, type TestRunner } from './driver.ts'
