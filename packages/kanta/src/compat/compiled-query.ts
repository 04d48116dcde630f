import type { CompiledQuery as Compiled } from './contract.ts'
import { compiled } from './driver-adapter.ts'

/** Creates compiled queries. */
export const CompiledQuery = Object.freeze({
  /** Returns SQL text with parameters, to run by `db.executeQuery`. */
  raw<O = unknown>(sql: string, parameters: readonly unknown[] = []): Compiled<O> {
    return Object.freeze(compiled(sql, parameters)) as Compiled<O>
  },
})
export type CompiledQuery<O = unknown> = Compiled<O>
