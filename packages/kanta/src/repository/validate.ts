import { KantaError, refuse } from '../error/index.ts'
import { show } from '../sql/index.ts'
import { isPlain } from './key.ts'
import type { Values } from './rows.ts'

/** Says what is wrong with one value, as a Standard Schema does. */
export interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What a Standard Schema answers: a value, or what is wrong. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] }

/** A schema of any library that follows https://standardschema.dev (1.1.0), such as Zod, Valibot or ArkType. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
  }
}

export function checkSchema(name: string, schema: unknown): void {
  if (schema === undefined) return
  const standard: unknown = (Object(schema) as { '~standard'?: unknown })['~standard']
  if (typeof (Object(standard) as { validate?: unknown }).validate !== 'function')
    refuse(`validate: { ${name}: ${show(schema)} }: give a Standard Schema, such as one of Zod, Valibot or ArkType.`)
}

/**
 * Returns values as a schema gives them back.
 *
 * @throws KantaError `invalid_input` with the columns that the schema refuses.
 */
export async function validated(schema: StandardSchema | undefined, table: string, values: Values): Promise<Values> {
  if (schema === undefined) return values
  const result = await schema['~standard'].validate(values)
  if (result.issues !== undefined) throw issuesError(table, result.issues)
  const { value } = result
  if (!isPlain(value))
    return refuse(`The schema of '${table}' gave ${show(value)}. It has to give an object of columns.`)
  return value
}

function issuesError(table: string, issues: readonly StandardIssue[]): KantaError {
  const paths = issues.map(({ path = [] }) => path.map((part) => String(typeof part === 'object' ? part.key : part)))
  const lines = issues.map(({ message }, i) =>
    paths[i]!.length === 0 ? message : `'${paths[i]!.join('.')}': ${message}`,
  )
  const columns = [...new Set(paths.flatMap(([first]) => first ?? []))]
  return new KantaError('invalid_input', `The data of '${table}' are refused: ${lines.join('; ')}`, { table, columns })
}
