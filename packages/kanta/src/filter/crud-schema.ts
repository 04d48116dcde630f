import { checkOptions, refuse } from '../error/index.ts'
import { isOperand, show } from '../sql/index.ts'
import {
  type ColumnDefinition,
  definitionOf,
  type InferRow,
  type Rowed,
  type Selectable,
  type TableDefinition,
} from '../table/index.ts'
import { allowListOf, type FilterAllowList } from './parse.ts'

/** A JSON Schema of the draft 2020-12. */
export type JsonSchema = { readonly [keyword: string]: unknown }

/** Options of `crudSchemas()`. */
export interface CrudSchemaOptions<T extends Rowed> {
  /** Columns that nobody sends, since a plugin or a trigger writes them. */
  readonly omit?: readonly (keyof Selectable<InferRow<T>> & string)[] | undefined
  /** Columns that nobody is shown. */
  readonly hidden?: readonly (keyof Selectable<InferRow<T>> & string)[] | undefined
  /** What `parseUrl()` lets a URL filter by. */
  readonly filter?: FilterAllowList<Selectable<InferRow<T>>> | undefined
  /** What `parseUrl()` lets a URL sort by. */
  readonly sort?: readonly (keyof Selectable<InferRow<T>> & string)[] | undefined
  /** The most rows of a page: 100 unless given. */
  readonly maxLimit?: number | undefined
}

/** The schemas of what a service of one table takes and gives. */
export interface CrudSchemas {
  /** The body that creates a row. */
  readonly create: JsonSchema
  /** The body that updates a row: at least one column, and no part of the key. */
  readonly update: JsonSchema
  /** The parts of the path that name a row: its key. */
  readonly params: JsonSchema
  /** The parameters of a list, as `parseUrl()` reads them. */
  readonly listQuery: JsonSchema
  /** A row as it is answered. */
  readonly row: JsonSchema
  /** The same as parts of a document of OpenAPI 3.1. */
  readonly openApi: {
    readonly components: { readonly schemas: { readonly [name: string]: JsonSchema } }
    readonly pathParameters: readonly JsonSchema[]
    readonly queryParameters: readonly JsonSchema[]
  }
}

const DIALECT = 'https://json-schema.org/draft/2020-12/schema'

/**
 * Returns the JSON Schemas of a service of one table, and parts of an OpenAPI document. Decimals and moments are
 * strings, bigints integers or strings; columns that the database computes are in no body.
 *
 * @throws KantaError `invalid_input` for what is no table, and for columns that it lacks.
 *
 * @example
 * ```ts
 * import { table } from 'kanta'
 * import { crudSchemas } from 'kanta/filter'
 *
 * const book = table('book', (c) => ({ id: c.integer().primaryKey(), title: c.varchar(200), price: c.decimal(12, 2) }))
 * const { create } = crudSchemas(book)
 * create.required // ['title', 'price']
 * ```
 */
export function crudSchemas<T extends Rowed>(table: T, options: CrudSchemaOptions<T> = {}): CrudSchemas {
  const definition = definitionOf(table)
  if (definition === undefined) return refuse(`crudSchemas(${show(table)}) takes a table().`)
  checkOptions('crudSchemas()', options, ['omit', 'hidden', 'filter', 'sort', 'maxLimit'])
  const { maxLimit = 100 } = options
  if (!Number.isInteger(maxLimit) || maxLimit < 1 || maxLimit > 1_000)
    refuse(`crudSchemas(): 'maxLimit' is ${show(maxLimit)}. Give a whole number from 1 to 1000.`)
  const [omit, hidden, sort] = (['omit', 'hidden', 'sort'] as const).map((part) =>
    checkColumns(part, options[part] ?? [], definition),
  ) as [ReadonlySet<string>, ReadonlySet<string>, ReadonlySet<string>]
  const columns = [...definition.columns.values()]
  const written = columns.filter(({ name, generated }) => generated !== 'always' && !omit.has(name))
  const keys = new Set(definition.primaryKey)
  const create = objectOf(written, written.filter(isRequired))
  const update = {
    ...objectOf(written.filter(({ name }) => !keys.has(name)).map(withoutDefault), []),
    minProperties: 1,
  }
  const key = columns.filter(({ name }) => keys.has(name))
  const paramsSchema = {
    ...HEAD,
    properties: Object.fromEntries(key.map((column) => [column.name, textSchema(column)])),
    required: key.map(({ name }) => name),
  }
  const shown = columns.filter(({ name }) => !hidden.has(name))
  const row = objectOf(shown.map(withoutDefault), shown)
  const list = listProperties(table, definition, options.filter ?? {}, sort, maxLimit)
  const listQuery = { ...HEAD, properties: list, required: [] }
  const title = definition.name.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())
  const schemas = { [title]: row, [`${title}Create`]: create, [`${title}Update`]: update }
  const parameters = (place: string, properties: object, required: boolean): JsonSchema[] =>
    Object.entries(properties).map(([name, schema]) => ({ name, in: place, required, schema }))
  return {
    create,
    update,
    params: paramsSchema,
    listQuery,
    row,
    openApi: {
      components: { schemas },
      pathParameters: parameters('path', paramsSchema.properties, true),
      queryParameters: parameters('query', list, false),
    },
  }
}

const HEAD = { $schema: DIALECT, type: 'object', additionalProperties: false } as const

function checkColumns(part: string, given: unknown, { columns, name }: TableDefinition): ReadonlySet<string> {
  if (!Array.isArray(given)) return refuse(`crudSchemas(): '${part}' is a list of columns.`)
  for (const column of given as readonly string[])
    if (!columns.has(column)) refuse(`crudSchemas(): '${part}' names ${show(column)}, which '${name}' lacks.`)
  return new Set(given as readonly string[])
}

const isRequired = ({ nullable, default: standard, generated }: ColumnDefinition): boolean =>
  !nullable && standard === undefined && generated === undefined

const withoutDefault = (column: ColumnDefinition): ColumnDefinition => ({ ...column, default: undefined })

const objectOf = (columns: readonly ColumnDefinition[], required: readonly ColumnDefinition[]): JsonSchema => ({
  ...HEAD,
  properties: Object.fromEntries(columns.map((column) => [column.name, valueSchema(column)])),
  required: required.map(({ name }) => name),
})

const INTEGER = '^-?[0-9]{1,10}$'
const BIGINT = '^-?[0-9]{1,19}$'

/** The schema of a value in a body. */
function valueSchema(column: ColumnDefinition): JsonSchema {
  const schema = typeSchema(column)
  const standard = column.default?.value
  const isShown = ['string', 'number', 'boolean'].includes(typeof standard) && !isOperand(standard)
  return { ...(column.nullable ? orNull(schema) : schema), ...(isShown ? { default: standard } : {}) }
}

function orNull(schema: JsonSchema): JsonSchema {
  // A schema without a type takes every value.
  if (schema.type === undefined) return schema
  const values = schema.enum as readonly unknown[] | undefined
  return { ...schema, type: [schema.type, 'null'].flat(), ...(values === undefined ? {} : { enum: [...values, null] }) }
}

function typeSchema({ type, typeArguments, values }: ColumnDefinition): JsonSchema {
  switch (type) {
    case 'integer':
      return { type: 'integer', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 }
    case 'bigint':
      return { type: ['integer', 'string'], pattern: BIGINT }
    case 'real':
      return { type: 'number' }
    case 'decimal':
      return { type: 'string', pattern: decimalPattern(typeArguments) }
    case 'boolean':
      return { type: 'boolean' }
    case 'varchar':
      return { type: 'string', maxLength: typeArguments[0] }
    case 'date':
      return { type: 'string', format: 'date', pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' }
    case 'timestamp':
    case 'unix':
    case 'unixms':
      return { type: 'string', format: 'date-time', pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T' }
    case 'bytes':
      return { type: 'string', contentEncoding: 'base64' }
    case 'uuid':
      return { type: 'string', format: 'uuid', pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' }
    case 'enum':
      return { type: 'string', enum: values }
    case 'json':
    case 'custom':
      return {}
    default:
      return { type: 'string' }
  }
}

function decimalPattern([precision, scale = 0]: readonly number[]): string {
  if (precision === undefined) return '^-?[0-9]+(\\.[0-9]+)?$'
  const fraction = scale === 0 ? '' : `(\\.[0-9]{1,${scale}})?`
  return `^-?[0-9]{1,${Math.max(1, precision - scale)}}${fraction}$`
}

/** The schema of a value in a path, where everything is text. */
function textSchema(column: ColumnDefinition): JsonSchema {
  const { type } = column
  if (type === 'integer') return { type: 'string', pattern: INTEGER }
  if (type === 'bigint') return { type: 'string', pattern: BIGINT }
  const schema = typeSchema(column)
  return schema.type === 'string' ? schema : { type: 'string' }
}

function listProperties(
  table: unknown,
  { columns }: TableDefinition,
  filter: object,
  sort: ReadonlySet<string>,
  maxLimit: number,
): Record<string, JsonSchema> {
  const properties: Record<string, JsonSchema> = {
    page: { type: 'integer', minimum: 1 },
    limit: { type: 'integer', minimum: 1, maximum: maxLimit, default: Math.min(20, maxLimit) },
    after: { type: 'string', minLength: 1 },
    before: { type: 'string', minLength: 1 },
    filter: { type: 'string', description: 'A filter as JSON.' },
  }
  if (sort.size > 0) {
    const names = [...sort].map((name) => name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|')
    properties.sort = { type: 'string', pattern: `^-?(${names})(,-?(${names}))*$` }
  }
  for (const { column, operators } of allowListOf('crudSchemas()', table, filter).columns.values())
    for (const op of operators) {
      const own = columns.get(column.name)!
      const name = op === 'eq' ? column.name : `${column.name}[${op}]`
      properties[name] =
        LISTS.has(op) || TEXTS.test(op) ? { type: 'string' } : NULLS.has(op) ? BOOLEAN : typeSchema(own)
    }
  return properties
}

const LISTS: ReadonlySet<string> = new Set(['in', 'notIn', 'between'])
const NULLS: ReadonlySet<string> = new Set(['isNull', 'isNotNull', 'exists'])
const TEXTS = /like|contains|startsWith|endsWith|^iEq/i
const BOOLEAN: JsonSchema = { type: 'boolean' }
