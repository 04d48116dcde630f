export { schemaCode } from './code.ts'
export { type Difference, type DiffOptions, diff, stepSql } from './diff.ts'
export { type Finding, type LintOptions, lint, type Rule } from './lint.ts'
export { migrationOf, type StepsMigration } from './migration.ts'
export type { Ask, RenameQuestion, Renames } from './rename.ts'
export type { Schema } from './side.ts'
export {
  type ColumnChange,
  type Constraint,
  type Dependent,
  needsForeignKeysOff,
  type RebuildTable,
  type Step,
} from './step.ts'
