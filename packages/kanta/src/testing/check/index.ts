export {
  assertReturnsRows,
  assertRunsAtMost,
  assertUsesIndex,
  type CheckedQuery,
  type MatcherResult,
  matchers,
} from './check.ts'
