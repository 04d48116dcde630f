import { catalogTable, constraintsOf, type Dialect, type DialectName } from '../dialect/index.ts'
import { refuse } from '../error/index.ts'
import type {
  Catalog,
  CatalogCheck,
  CatalogColumn,
  CatalogForeignKey,
  CatalogIndex,
  CatalogName,
  CatalogTable,
} from '../introspect/index.ts'
import { stringOf, tokens } from '../introspect/index.ts'
import { type AnyColumnBuilder, type ColumnFactory, definitionOf, table as tableOf } from '../table/index.ts'
import { isSayable } from './complete.ts'
import { normalType } from './equal.ts'
import { withoutOwnObjects } from './own-objects.ts'
import { type RelationSource, relationLines } from './relation-code.ts'
import { keyOf } from './rename.ts'
import type { Rules } from './rule.ts'
import { ruleSets } from './rules.ts'
import { isCatalog, type Side, sideOf } from './side.ts'

/**
 * Returns the TypeScript of a database: a module of `table()` values, from which `diff()` finds no difference to the
 * catalog, and of the relations that their foreign keys make. What `table()` cannot say, such as views, comments and indexes by an expression, stays in the database.
 *
 * @throws KantaError `invalid_input` for what is no catalog of `introspect()`.
 *
 * @example
 * ```ts
 * import { kanta, sql } from 'kanta'
 * import { schemaCode } from 'kanta/diff'
 * import { introspect } from 'kanta/introspect'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const db = kanta({ driver: sqlite(':memory:') })
 * await sql`create table city (id integer primary key, name text not null) strict`.execute(db)
 * schemaCode(await introspect(db)).includes("export const city = table('city', (c) => ({") // true
 * await db.destroy()
 * ```
 */
export function schemaCode(catalog: Catalog): string {
  if (!isCatalog(catalog)) refuse('schemaCode() takes a catalog of introspect(). Pass: await introspect(db).')
  const rules = ruleSets.of(catalog.dialect)
  const [side] = withoutOwnObjects(sideOf(catalog, rules), sideOf(null, rules))
  const { dialect } = catalog
  return new CodeWriter(side, rules, dialect).module()
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/
const RESERVED = new Set(
  'await break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof let new null package return static super switch this throw true try typeof var void while with yield arguments eval sql table check index unique primaryKey foreignKey text relations one many related'.split(
    ' ',
  ),
)

/** A string as TypeScript. */
const quote = (text: string): string =>
  text.includes("'") && !text.includes('"')
    ? JSON.stringify(text)
    : `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`

const property = (name: string): string => (IDENTIFIER.test(name) ? name : quote(name))
const access = (of: string, name: string): string => (IDENTIFIER.test(name) ? `${of}.${name}` : `${of}[${quote(name)}]`)

/** SQL text as a template. A carriage return has to be escaped, since a template would drop it. */
const template = (text: string): string =>
  `sql\`${text.replace(/[\\`]|\$(?=\{)/g, (sign) => `\\${sign}`).replaceAll('\r', '\\r')}\``

/** Types whose columns may be compared, each by the type that stands for them. */
const FAMILIES: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ['integer', 'bigint'],
    ['text', 'varchar', 'enum'],
    ...['uuid', 'date', 'timestamp', 'decimal', 'bytes', 'boolean', 'real', 'json', 'custom'].map((type) => [type]),
  ].flatMap((family) => family.map((type) => [`c.${type}`, family[0]!])),
)

/** Tells whether a table has one row at most for values of the columns, by what `table()` says of it. */
function isUnique({ primaryKey, uniques, indexes }: CatalogTable, columns: readonly string[]): boolean {
  const within = (key: readonly string[]): boolean => key.every((name) => columns.includes(name))
  return (
    (primaryKey !== null && within(primaryKey.columns)) ||
    uniques.some((key) => within(key.columns)) ||
    indexes.some(
      (each) => each.unique && each.where === null && isSayable(each) && within(each.parts.map((part) => part.column!)),
    )
  )
}

class CodeWriter {
  readonly #side: Side
  readonly #rules: Rules
  readonly #dialect: DialectName
  readonly #imports = new Set(['table'])
  readonly #names = new Map<string, string>()
  #needsCodec = false

  constructor(side: Side, rules: Rules, dialect: DialectName) {
    this.#side = side
    this.#rules = rules
    this.#dialect = dialect
    for (const each of side.tables) this.#names.set(keyOf(each), this.#variable(each))
  }

  module(): string {
    const tables = this.#side.tables.map((each) => this.#table(each))
    const codec = this.#needsCodec
      ? [
          '/** Passes values as the driver gives them. */',
          "const asIs = { name: 'as is', encode: (value: any) => value, decode: (value: unknown): any => value }",
          '',
        ]
      : []
    const { lines, imports } = relationLines(this.#relationSource())
    return [
      `import { ${[...this.#imports].sort().join(', ')} } from 'kanta'`,
      ...(imports.length === 0 ? [] : [`import { ${imports.join(', ')} } from 'kanta/relations'`]),
      '',
      ...codec,
      tables.join('\n\n'),
      ...(lines.length === 0 ? [] : ['', ...lines]),
      '',
    ].join('\n')
  }

  #relationSource(): RelationSource {
    const tables = new Map(this.#side.tables.map((each) => [keyOf(each), each]))
    const typeOf = (name: string, of: CatalogTable): string =>
      /^c\.\w+/.exec(this.#type(of.columns.find((column) => column.name === name)!))![0]
    return {
      tables: this.#side.tables,
      targetOf: (key) => tables.get(keyOf(key.target)),
      variableOf: (each) => this.#names.get(keyOf(each))!,
      nameOf: (each) => (each.schema === null ? each.name : `${each.schema}.${each.name}`),
      isUnique,
      compare: (key, of, target) =>
        key.columns.every((name, i) => FAMILIES[typeOf(name, of)] === FAMILIES[typeOf(key.target.columns[i]!, target)]),
      property,
      access,
    }
  }

  /** Returns a name for the constant of a table that is free. */
  #variable({ schema, name }: CatalogName): string {
    const words = [...(schema === null ? [] : [schema]), name]
      .join('_')
      .split(/[^A-Za-z0-9$]+/)
      .filter(Boolean)
    const joined = words.map((word, i) => (i === 0 ? word : word[0]!.toUpperCase() + word.slice(1))).join('')
    const base = joined === '' || /^\d/.test(joined) ? `table${joined}` : joined
    const taken = new Set(this.#names.values())
    let free = RESERVED.has(base) ? `${base}Table` : base
    for (let n = 2; taken.has(free); n++) free = `${base}${n}`
    return free
  }

  /** Is true if `table()` has the database number an integer key. */
  get #numbersKeys(): boolean {
    return this.#rules.dialect.rowidKeys !== true
  }

  #use(name: string): string {
    this.#imports.add(name)
    return name
  }

  #sql(text: string): string {
    this.#use('sql')
    return template(text)
  }

  #table(each: CatalogTable): string {
    const columns = each.columns.map((column) => `  ${property(column.name)}: ${this.#column(column, each)},`)
    const constraints = this.#constraints(each)
    const name = quote(each.schema === null ? each.name : `${each.schema}.${each.name}`)
    const variable = this.#names.get(keyOf(each))!
    const notes = each.indexes
      .filter((index) => !isSayable(index))
      .map((index) => `// The index ${index.name} stays in the database, since table() cannot say it.`)
    if (constraints.length === 0)
      return [...notes, `export const ${variable} = table(${name}, (c) => ({`, ...columns, '}))'].join('\n')
    return [
      ...notes,
      `export const ${variable} = table(`,
      `  ${name},`,
      '  (c) => ({',
      ...columns.map((line) => `  ${line}`),
      '  }),',
      '  (t) => [',
      ...constraints.map((text) => `    ${text},`),
      '  ],',
      ')',
    ].join('\n')
  }

  #column(column: CatalogColumn, of: CatalogTable): string {
    const parts = [this.#type(column)]
    const isKey = this.#isInlineKey(column, of)
    if (
      /^c\.(?:integer|bigint)\(\)$/.test(parts[0]!) &&
      column.identity !== null &&
      !(isKey && this.#numbersKeys && parts[0] === 'c.integer()')
    )
      parts.push('.identity()')
    if (isKey) parts.push('.primaryKey()')
    if (column.nullable && of.primaryKey?.columns.includes(column.name) !== true) parts.push('.nullable()')
    if (column.generated !== null)
      parts.push(
        `.generatedAs(${this.#sql(column.generated.expression)}${column.generated.stored ? ', { stored: true }' : ''})`,
      )
    else if (column.default !== null && column.identity === null) parts.push(`.default(${this.#default(column)})`)
    for (const key of of.uniques)
      if (key.columns.join() === column.name && key.columns.length === 1 && this.#isGenerated('unique', key.name, of))
        parts.push('.unique()')
    for (const key of of.foreignKeys)
      if (key.columns.length === 1 && key.columns[0] === column.name && this.#names.has(keyOf(key.target))) {
        parts.push(`.references(() => ${this.#target(key)}${actionsOf(key)})`)
        break
      }
    for (const check of this.#ownChecks(of).get(column.name) ?? []) parts.push(`.check(${this.#sql(check)})`)
    return parts.join('')
  }

  #target({ target }: CatalogForeignKey): string {
    return access(this.#names.get(keyOf(target))!, target.columns[0]!)
  }

  /** Checks if the primary key can stand with its column: one of integers is numbered there. */
  #isInlineKey(column: CatalogColumn, { primaryKey }: CatalogTable): boolean {
    if (primaryKey?.columns.length !== 1 || primaryKey.columns[0] !== column.name) return false
    return (
      column.abstract !== 'integer' ||
      column.identity !== null ||
      column.default !== null ||
      this.#rules.dialect.rowidKeys === true
    )
  }

  /** Returns the checks without a name by the column that they are written at. */
  #ownChecks(of: CatalogTable): Map<string, string[]> {
    const found = new Map<string, string[]>()
    for (const check of of.checks) {
      if (isOfType(check)) continue
      if (check.name !== null) continue
      const used = new Set(tokens(check.expression, this.#dialect).map((token) => token.value.toLowerCase()))
      const free = of.columns.filter((column) => !found.has(column.name))
      const at = free.find((column) => used.has(column.name.toLowerCase())) ?? free[0]
      if (at !== undefined) found.set(at.name, [check.expression])
    }
    return found
  }

  #type(column: CatalogColumn): string {
    const wanted = normalType(column.type, this.#rules)
    for (const [code, make] of candidates(column))
      if (typeNameOf(make, this.#rules.dialect, wanted, this.#rules)) return code
    this.#needsCodec = true
    return `c.custom(${quote(column.type || 'blob')}, asIs)`
  }

  /** Returns a default: a value where the type of the column takes it as it stands, else the SQL. */
  #default(column: CatalogColumn): string {
    const text = column.default!
    const type = this.#type(column)
    const units = /^decimal_integer\(\d+, (\d+)\) -?\d+$/.exec(`${column.type.toLowerCase()} ${text}`)
    if (units !== null && type.startsWith('c.decimal(')) return quote(decimalOfUnits(text, Number(units[1])))
    const value = stringLiteral(text, this.#dialect)
    if (value !== undefined && /^c\.(?:text|varchar|date|uuid)\(/.test(type)) return quote(value)
    if (value !== undefined && type.startsWith('c.enum(') && column.values?.includes(value)) return quote(value)
    if (/^-?\d{1,15}$/.test(text) && type === 'c.integer()') return text
    if (/^(?:true|false)$/.test(text) && type === 'c.boolean()') return text
    return this.#sql(text)
  }

  #isGenerated(type: 'unique', name: string | null, of: CatalogTable): boolean {
    if (name === null) return true
    const constraint = constraintsOf(of).find((each) => each.type === type && each.name === name)
    return (
      constraint !== undefined && this.#rules.constraintName?.({ ...constraint, name: null }, of, new Set()) === name
    )
  }

  #constraints(of: CatalogTable): string[] {
    const list = (columns: readonly string[], at = 't'): string =>
      `[${columns.map((name) => access(at, name)).join(', ')}]`
    const found: string[] = []
    const key = of.primaryKey
    if (key !== null && !of.columns.some((column) => this.#isInlineKey(column, of)))
      found.push(`${this.#use('primaryKey')}(${list(key.columns)})`)
    for (const each of of.uniques)
      if (each.columns.length > 1 || !this.#isGenerated('unique', each.name, of)) {
        const name =
          each.name === null || this.#isGenerated('unique', each.name, of) ? '' : `, { name: ${quote(each.name)} }`
        found.push(`${this.#use('unique')}(${list(each.columns)}${name})`)
      }
    for (const { name, expression } of of.checks.filter((check) => !isOfType(check)))
      if (name !== null) found.push(`${this.#use('check')}(${quote(name)}, ${this.#sql(expression)})`)
    const written = new Set<string>()
    for (const each of of.foreignKeys) {
      const target = this.#names.get(keyOf(each.target))
      if (target === undefined) continue
      // The first key of a single column stands with the column.
      if (each.columns.length === 1 && !written.has(each.columns[0]!)) {
        written.add(each.columns[0]!)
        continue
      }
      found.push(
        `${this.#use('foreignKey')}(${list(each.columns)}, () => ${list(each.target.columns, target)}${actionsOf(each)})`,
      )
    }
    for (const each of of.indexes) if (isSayable(each)) found.push(this.#index(each, of, list))
    return found
  }

  #index(
    { name, parts, unique, where }: CatalogIndex,
    of: CatalogTable,
    list: (columns: readonly string[]) => string,
  ): string {
    const columns = parts.map((part) => part.column!)
    const options = [
      ...(name === [of.name, ...columns, 'index'].join('_') ? [] : [`name: ${quote(name)}`]),
      ...(unique ? ['unique: true'] : []),
      ...(where === null ? [] : [`where: ${this.#sql(where)}`]),
    ]
    return `${this.#use('index')}(${list(columns)}${options.length === 0 ? '' : `, { ${options.join(', ')} }`})`
  }
}

function actionsOf({ onDelete, onUpdate }: CatalogForeignKey): string {
  const actions = [
    ...(onDelete === 'no action' ? [] : [`onDelete: ${quote(onDelete)}`]),
    ...(onUpdate === 'no action' ? [] : [`onUpdate: ${quote(onUpdate)}`]),
  ]
  return actions.length === 0 ? '' : `, { ${actions.join(', ')} }`
}

/** Returns the decimal that a number of its smallest unit stands for. */
function decimalOfUnits(text: string, scale: number): string {
  const [, sign, digits] = /^(-?)(\d+)$/.exec(text)!
  const padded = digits!.padStart(scale + 1, '0')
  return sign + (scale === 0 ? padded : `${padded.slice(0, -scale)}.${padded.slice(-scale)}`)
}

/** Tells whether a check comes with the type of a column, as that of decimals in SQLite does. */
const isOfType = ({ expression }: CatalogCheck): boolean =>
  /^\(*typeof\(("[^"]+")\) <> 'real' and \1 between -9+ and 9+\)*$/i.test(expression)

type Candidate = readonly [code: string, make: (c: ColumnFactory) => AnyColumnBuilder]

/** Returns the columns of `table()` that may have the type of a column, the likeliest first. */
function candidates({ type, abstract, values }: CatalogColumn): Candidate[] {
  const sizes = /\(([\d, ]+)\)/.exec(type)?.[1]?.split(',').map(Number) ?? []
  const [first, second] = sizes
  const sized = (name: 'varchar' | 'decimal'): Candidate[] => {
    if (name === 'varchar') return first === undefined ? [] : [[`c.varchar(${first})`, (c) => c.varchar(first)]]
    const all = first === undefined ? 'undefined, undefined' : sizes.join(', ')
    const rest = second === undefined && first !== undefined ? ', undefined' : ''
    return [
      [`c.decimal(${sizes.join(', ')})`, (c) => c.decimal(first, second)],
      // What SQLite keeps for other programs.
      [`c.decimal(${all}${rest}, { storage: 'real' })`, (c) => c.decimal(first, second, { storage: 'real' })],
    ]
  }
  switch (abstract) {
    case 'varchar':
      return sized('varchar')
    case 'decimal':
      return sized('decimal')
    case 'enum':
      return values === null ? [] : [[`c.enum([${values.map(quote).join(', ')}])`, (c) => c.enum(values)]]
    case 'integer':
      return [['c.integer()', (c) => c.integer()]]
    case null:
    case 'custom':
    case 'unix':
    case 'unixms':
      return []
    default: {
      const name = abstract
      return [[`c.${name}()`, (c) => c[name]()]]
    }
  }
}

/** Checks if a column of `table()` has a type in the database. */
function typeNameOf(
  make: (c: ColumnFactory) => AnyColumnBuilder,
  dialect: Dialect,
  wanted: string,
  rules: Rules,
): boolean {
  const definition = definitionOf(tableOf('t', (c) => ({ a: make(c) })))!
  try {
    return normalType(catalogTable(definition, dialect).columns[0]!.type, rules) === wanted
  } catch {
    // A database may lack a type, such as decimals without a precision.
    return false
  }
}

/** Returns the string that a default is, which PostgreSQL says with its type. */
function stringLiteral(text: string, dialect: DialectName): string | undefined {
  const [token, next, ...type] = tokens(text, dialect)
  if (token?.kind !== 'string' || /^[xb]'/i.test(token.text)) return undefined
  const isCast = next?.value === '::' && type.every(({ kind }) => kind === 'word')
  return next === undefined || isCast ? stringOf(token) : undefined
}
