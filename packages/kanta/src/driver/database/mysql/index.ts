export { brokenKey, contexts, explainMysqlError } from './error.ts'
export { behaviour, type Flavor, flavorOf, sessionOf } from './session.ts'
export { statementsOf } from './text.ts'
