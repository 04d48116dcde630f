import type { Hook } from './hook.ts'
import type { Policy } from './policy.ts'

/** A named pair of what rewrites statements and what goes around their runs. */
export interface Plugin {
  readonly name: string
  readonly policies?: readonly Policy[] | undefined
  readonly hooks?: readonly Hook[] | undefined
}
