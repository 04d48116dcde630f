import { checkOptions, KantaError, refuse } from '../error/index.ts'
import { fullName } from '../ir/index.ts'
import { show } from '../sql/index.ts'
import type { TableDefinition } from '../table/index.ts'
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

/** The schemas that the rows of one table pass before they are written. */
export interface RowSchemas {
  /** Of new rows. */
  readonly create?: StandardSchema | undefined
  /** Of changes. */
  readonly update?: StandardSchema | undefined
}

/** The schemas of the table of a repository, and of other tables whose rows it writes along with its own. */
export interface ValidateOption extends RowSchemas {
  /** By the name of the table: of rows of relations, and of the rows between two tables. */
  readonly tables?: Readonly<Record<string, RowSchemas>> | undefined
}

/** The place of a row in the data that were given, such as `['posts', 0]`. */
export type Place = readonly (string | number)[]

const WRITES = ['create', 'update'] as const

/** Validates rows of any table by the schemas that are known for it. */
export class RowValidator {
  readonly #schemas: ReadonlyMap<string, RowSchemas>

  constructor(schemas: ReadonlyMap<string, RowSchemas> = new Map()) {
    this.#schemas = schemas
  }

  /**
   * Returns a row, or changes, as the schema of the table gives them back. Columns that a relation writes stay as they
   * are: a schema may leave out what it does not know.
   *
   * @throws KantaError `invalid_input` with the columns that the schema refuses, and their places.
   */
  async validated(
    write: (typeof WRITES)[number],
    table: TableDefinition,
    values: Values,
    place: Place = [],
    written: Values = {},
  ): Promise<Values> {
    const schema = this.#schemas.get(fullName(table))?.[write]
    const row = { ...values, ...written }
    if (schema === undefined) return row
    const result = await schema['~standard'].validate(row)
    if (result.issues !== undefined) throw issuesError(fullName(table), result.issues, place)
    const { value } = result
    if (!isPlain(value))
      return refuse(`The schema of '${fullName(table)}' gave ${show(value)}. It has to give an object of columns.`)
    return { ...value, ...written }
  }
}

/**
 * Returns the validator of a repository.
 *
 * @throws KantaError `invalid_input` for what is no Standard Schema, and for a table that the database does not know.
 */
export function validatorOf(
  known: ReadonlyMap<string, TableDefinition>,
  own: TableDefinition,
  option: ValidateOption = {},
): RowValidator {
  checkOptions('validate', option, [...WRITES, 'tables'])
  const { create, update, tables = {} } = option
  const schemas = new Map<string, RowSchemas>()
  if (!isPlain(tables)) refuse(`validate: { tables: ${show(tables)} } is an object of tables and their schemas.`)
  for (const [name, each] of Object.entries(tables)) {
    if (!known.has(name)) refuse(`validate: { tables } names the table '${name}', which the database does not know.`)
    checkOptions(`validate.tables['${name}']`, each, WRITES)
    checkSchemas(`tables['${name}']: `, each)
    schemas.set(name, each)
  }
  checkSchemas('', { create, update })
  const name = fullName(own)
  const listed = schemas.get(name)
  const twice = WRITES.find((write) => option[write] !== undefined && listed?.[write] !== undefined)
  if (twice !== undefined) refuse(`validate gives the schema '${twice}' of '${name}' twice. Leave one out.`)
  schemas.set(name, { create: create ?? listed?.create, update: update ?? listed?.update })
  return new RowValidator(schemas)
}

function checkSchemas(place: string, schemas: RowSchemas): void {
  for (const write of WRITES) {
    const schema: unknown = schemas[write]
    if (schema === undefined) continue
    const standard: unknown = (Object(schema) as { '~standard'?: unknown })['~standard']
    if (typeof (Object(standard) as { validate?: unknown }).validate !== 'function')
      refuse(
        `validate: { ${place}${write}: ${show(schema)} }: give a Standard Schema, such as one of Zod, Valibot or ArkType.`,
      )
  }
}

function issuesError(table: string, issues: readonly StandardIssue[], place: Place): KantaError {
  const paths = issues.map(({ path = [] }) => path.map((part) => String(typeof part === 'object' ? part.key : part)))
  const lines = issues.map(({ message }, i) => {
    const path = [...place, ...paths[i]!]
    return path.length === 0 ? message : `'${path.join('.')}': ${message}`
  })
  const columns = [...new Set(paths.flatMap(([first]) => first ?? []))]
  return new KantaError('invalid_input', `The data of '${table}' are refused: ${lines.join('; ')}`, { table, columns })
}
