export { historyStatements, startHistory } from './keep.ts'
export { type TimeTravelling, type TimeTravelOptions, timeTravel } from './time-travel.ts'
