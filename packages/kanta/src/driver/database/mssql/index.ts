export { type Explanation, explainNumber } from './error.ts'
