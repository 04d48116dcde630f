import { type CatalogTable, catalogTable, type Dialect, definingDialect, Writer } from '../../dialect/index.ts'
import { KantaError, refuse } from '../../error/index.ts'
import { type DatabaseHandle, dialectOf, policiesOf, schemaOf } from '../../extend/internal/index.ts'
import { columnsOfPolicies } from '../../guard/index.ts'
import { introspect } from '../../introspect/index.ts'
import { fullName, type Node } from '../../ir/index.ts'
import type { Codec, ColumnDefinition, TableDefinition } from '../../table/index.ts'
import { type Domain, domainOf } from './domain.ts'
import { columnsOf, type Expression, eachExpression, parseExpression } from './expression.ts'
import { conjuncts, narrow } from './narrow.ts'

/** A column as rows are made for it. */
export interface ColumnModel {
  readonly name: string
  nullable: boolean
  /** The type of the database. */
  readonly type: string
  domain: Domain
  /** The codec by which `table()` writes and reads its values. */
  readonly codec: Codec | undefined
  readonly hasDefault: boolean
  /** Tells whether the database numbers the rows and takes no other number. */
  readonly isAlwaysNumbered: boolean
  /** Tells whether the database has a sequence behind the column, which has to follow. */
  readonly isNumbered: boolean
  /** The expression of a generated column; null if only the database can compute it. */
  readonly generated: Expression | null | undefined
}

/** A unique key, or a unique index, perhaps of expressions and of some rows only. */
export interface UniqueModel {
  readonly label: string
  readonly columns: readonly string[]
  /** The expressions that are unique, if not just the columns. */
  readonly expressions: readonly Expression[] | undefined
  /** The rows that it is of: all, those that meet a condition, or unknown ones (null). */
  readonly where: Expression | null | undefined
}

/** A condition on rows that the domains of the columns do not say. */
export interface CheckModel {
  readonly label: string
  readonly text: string
  /** `undefined` if only the database can judge it. */
  readonly expression: Expression | undefined
  readonly columns: readonly string[]
}

export interface ForeignKeyModel {
  readonly label: string
  readonly columns: readonly string[]
  readonly target: string
  readonly targetColumns: readonly string[]
  readonly isDeferrable: boolean
}

/** A table as rows are made for it. */
export interface TableModel {
  readonly name: string
  readonly schema: string | null
  readonly bareName: string
  readonly columns: ReadonlyMap<string, ColumnModel>
  readonly primaryKey: readonly string[]
  readonly uniques: readonly UniqueModel[]
  readonly checks: readonly CheckModel[]
  readonly foreignKeys: readonly ForeignKeyModel[]
}

/** Returns the models of the tables that are named, and of those that they refer to. */
export async function modelsOf(db: DatabaseHandle, names: readonly string[]): Promise<Map<string, TableModel>> {
  const dialect = dialectOf(db)
  const definitions = schemaOf(db)
  const known = withTargets(names, definitions)
  const catalog =
    known === undefined
      ? (await introspect(db as never)).tables.map((table) => ({ ...table, schema: schemaIn(table, names) }))
      : known.map((table) => inText(catalogTable(table, dialect), dialect))
  const models = new Map<string, TableModel>()
  for (const table of catalog) {
    const name = fullName({ schema: table.schema ?? undefined, name: table.name })
    const model = new ModelBuilder(table, definitions.get(name), dialect).model(name)
    models.set(name, withoutPolicyColumns(db, definitions.get(name), model))
  }
  for (const name of names)
    if (!models.has(name))
      throw new KantaError('invalid_input', `There is no table '${name}'. Tables: ${[...models.keys()].join(', ')}.`)
  return models
}

/** Returns the model of a table of the schema. */
export function modelOf(db: DatabaseHandle, definition: TableDefinition): TableModel {
  const dialect = dialectOf(db)
  const builder = new ModelBuilder(inText(catalogTable(definition, dialect), dialect), definition, dialect)
  return withoutPolicyColumns(db, definition, builder.model(fullName(definition)))
}

/** Returns the model without the columns that policies write, or let nobody write, as of tenants and soft deletes. */
function withoutPolicyColumns(
  db: DatabaseHandle,
  definition: TableDefinition | undefined,
  model: TableModel,
): TableModel {
  if (definition === undefined) return model
  const ground = { policies: policiesOf(db), dialect: dialectOf(db), schema: schemaOf(db) }
  const { stamps, refused } = columnsOfPolicies(ground, definition)
  if (stamps.size === 0 && refused.size === 0) return model
  const isOwn = (name: string): boolean => !stamps.has(name) && !refused.has(name)
  return {
    ...model,
    columns: new Map([...model.columns].filter(([name]) => isOwn(name))),
    primaryKey: model.primaryKey.filter(isOwn),
    uniques: model.uniques.flatMap((each) => {
      const columns = each.columns.filter(isOwn)
      return columns.length === 0 ? [] : [{ ...each, columns }]
    }),
    foreignKeys: model.foreignKeys.flatMap((key) => {
      const targetColumns = key.targetColumns.filter((_, i) => isOwn(key.columns[i]!))
      return targetColumns.length === 0 ? [] : [{ ...key, columns: key.columns.filter(isOwn), targetColumns }]
    }),
  }
}

/** Returns a stored value in the form that queries take. */
export const decodedValue = ({ codec }: ColumnModel, value: unknown): unknown =>
  value === null || codec === undefined ? value : codec.decode(value as never)

/** Leaves out the schema of a table, unless the user names the table with it. */
const schemaIn = ({ schema, name }: CatalogTable, names: readonly string[]): string | null =>
  names.includes(`${schema}.${name}`) ? schema : null

/** Returns the definitions of tables and of all that they refer to, or `undefined` if the schema lacks one. */
function withTargets(
  names: readonly string[],
  schema: ReadonlyMap<string, TableDefinition>,
): TableDefinition[] | undefined {
  const found = new Set<TableDefinition>()
  const add = (table: TableDefinition | undefined): boolean => {
    if (table === undefined) return false
    if (found.has(table)) return true
    found.add(table)
    return table.foreignKeys.every(({ references }) => add(references().table))
  }
  return names.every((name) => add(schema.get(name))) ? [...found] : undefined
}

/** Returns the entry of a table with its expressions as text, as introspection gives them. */
function inText(table: CatalogTable<Node>, dialect: Dialect): CatalogTable {
  const text = (node: Node): string =>
    new Writer(definingDialect(dialect), new Map()).statement(node).pieces.map(String).join('')
  return {
    ...table,
    columns: table.columns.map((column) => ({
      ...column,
      default: column.default === null ? null : text(column.default),
      generated: column.generated && { ...column.generated, expression: text(column.generated.expression) },
    })),
    checks: table.checks.map((check) => ({ ...check, expression: text(check.expression) })),
    indexes: table.indexes.map((index) => ({
      ...index,
      where: index.where === null ? null : text(index.where),
      parts: index.parts.map((part) => ({
        ...part,
        expression: part.expression === null ? null : text(part.expression),
      })),
    })),
  }
}

class ModelBuilder {
  readonly #table: CatalogTable
  readonly #definition: TableDefinition | undefined
  readonly #dialect: Dialect
  readonly #names: readonly string[]

  constructor(table: CatalogTable, definition: TableDefinition | undefined, dialect: Dialect) {
    this.#table = table
    this.#definition = definition
    this.#dialect = dialect
    this.#names = table.columns.map(({ name }) => name)
  }

  model(name: string): TableModel {
    const table = this.#table
    const columns = new Map(table.columns.map((column) => [column.name, this.#column(column)]))
    const checks = this.#checks(columns, name)
    return {
      name,
      schema: table.schema,
      bareName: table.name,
      columns,
      primaryKey: table.primaryKey?.columns ?? [],
      uniques: this.#uniques(name),
      checks,
      foreignKeys: table.foreignKeys.map((key) => ({
        label: `the foreign key ${key.name === null ? `(${key.columns.join(', ')})` : `'${key.name}'`} of '${name}'`,
        columns: key.columns,
        target: fullName({
          schema:
            (key.target.schema === this.#table.schema ? table.schema : this.#definition && key.target.schema) ??
            undefined,
          name: key.target.name,
        }),
        targetColumns: key.target.columns,
        isDeferrable: key.deferrable !== 'no',
      })),
    }
  }

  #parse(text: string): Expression | undefined {
    return parseExpression(text, this.#dialect, this.#names)
  }

  #column(column: CatalogTable['columns'][number]): ColumnModel {
    const definition = this.#definition?.columns.get(column.name)
    const codec = definition && (this.#dialect.codec === undefined ? definition.codec : this.#dialect.codec(definition))
    const values = definition?.values ?? column.values
    return {
      name: column.name,
      nullable: column.nullable && !(this.#table.primaryKey?.columns.includes(column.name) ?? false),
      type: column.type,
      codec,
      domain: domainOf({ ...column, type: sizedType(column.type, definition), values }, codec, this.#dialect),
      hasDefault: column.default !== null,
      isAlwaysNumbered: column.identity === 'always',
      isNumbered: column.identity !== null,
      generated: column.generated === null ? undefined : (this.#parse(column.generated.expression) ?? null),
    }
  }

  /** Narrows the domains of the columns by the checks, and returns the conditions that remain. */
  #checks(columns: ReadonlyMap<string, ColumnModel>, table: string): CheckModel[] {
    const remaining: CheckModel[] = []
    for (const { name, expression: text } of this.#table.checks) {
      const label = `the check ${name === null ? '' : `'${name}' `}(${text}) of '${table}'`
      const expression = this.#parse(text)
      if (expression === undefined) remaining.push({ label, text, expression, columns: this.#named(text) })
      for (const part of expression === undefined ? [] : conjuncts(expression)) {
        const required = requiredColumn(part)
        if (required !== undefined) {
          columns.get(required)!.nullable = false
          continue
        }
        const found = narrow(part, (column) => {
          const model = columns.get(column)
          return model?.generated === undefined ? model?.domain : undefined
        })
        if (found !== undefined) columns.get(found.column)!.domain = found.domain
        if (found?.isWhole !== true)
          remaining.push({ label, text, expression: part, columns: withSources(columnsOf(part), columns) })
      }
    }
    return remaining
  }

  /** Returns the columns whose names occur in a text. */
  #named(text: string): string[] {
    const words = new Set(text.split(/[^\p{L}\p{N}_$]+/u).map((word) => this.#dialect.foldName(word)))
    return this.#names.filter((name) => words.has(this.#dialect.foldName(name)))
  }

  #uniques(table: string): UniqueModel[] {
    const { primaryKey, uniques, indexes } = this.#table
    const label = (what: string, name: string | null, columns: readonly string[]): string =>
      `the ${what} ${name === null ? '' : `'${name}' `}(${columns.join(', ')}) of '${table}'`
    const plain = { expressions: undefined, where: undefined }
    const keys = uniques.map(({ name, columns }) => ({
      ...plain,
      label: label('unique constraint', name, columns),
      columns,
    }))
    const found = indexes
      .filter(({ unique }) => unique)
      .map((index): UniqueModel => {
        const expressions = index.parts.map(({ column, expression }) =>
          column === null ? this.#parse(expression ?? '') : ({ kind: 'column', name: column } as const),
        )
        const columns = index.parts.flatMap(({ column, expression }) =>
          column === null ? this.#named(expression ?? '') : [column],
        )
        const isPlain = index.parts.every(({ column }) => column !== null)
        const readable = expressions.filter((each) => each !== undefined)
        return {
          label: label('unique index', index.name, columns),
          columns,
          expressions: isPlain || readable.length < expressions.length ? undefined : readable,
          where: index.where === null ? undefined : (this.#parse(index.where) ?? null),
        }
      })
    if (primaryKey === null) return [...keys, ...found]
    const { name, columns } = primaryKey
    return [{ ...plain, label: label('primary key', name, columns), columns }, ...keys, ...found]
  }
}

/** Returns columns with those from which the generated ones among them are computed. */
const withSources = (names: readonly string[], columns: ReadonlyMap<string, ColumnModel>): string[] => {
  const sources = names.flatMap((name) => {
    const generated = columns.get(name)?.generated
    return generated ? columnsOf(generated) : []
  })
  return [...new Set([...names, ...sources])]
}

/** Returns the type with the sizes that `table()` says, which SQLite does not keep. */
function sizedType(type: string, definition: ColumnDefinition | undefined): string {
  if (definition === undefined || definition.typeArguments.length === 0) return type
  return `${definition.type}(${definition.typeArguments.join(', ')})`
}

/** Returns the column that a condition keeps from being null. */
function requiredColumn(it: Expression): string | undefined {
  if (it.kind !== 'not' || it.of.kind !== 'is' || it.of.value !== null) return undefined
  return it.of.of.kind === 'column' ? it.of.of.name : undefined
}

/** Returns a column of a table by its name. */
export function columnOf(table: TableModel, name: string): ColumnModel {
  return (
    table.columns.get(name) ??
    refuse(`The table '${table.name}' has no column '${name}'. Columns: ${[...table.columns.keys()].join(', ')}.`)
  )
}

/** Returns the numbers and strings that stand in a check. */
export function constantsOf({ expression, text }: CheckModel): unknown[] {
  const found: unknown[] = []
  if (expression === undefined)
    for (const [, string, number] of text.matchAll(/'((?:[^']|'')*)'|(-?\d+(?:\.\d+)?)/g))
      found.push(string === undefined ? Number(number) : string.replaceAll("''", "'"))
  else
    eachExpression(expression, (each) => {
      if (each.kind === 'value' && each.value !== null) found.push(each.value)
    })
  return found
}
