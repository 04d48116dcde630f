import type { CatalogForeignKey, CatalogTable } from '../introspect/index.ts'

/** The tables from which relations are written, and the names in their code. */
export interface RelationSource {
  readonly tables: readonly CatalogTable[]
  /** The table at the other end of a foreign key, if it is among them. */
  targetOf(key: CatalogForeignKey): CatalogTable | undefined
  /** The constant of a table. */
  variableOf(table: CatalogTable): string
  /** The name of a table in the schema. */
  nameOf(table: CatalogTable): string
  /** Tells whether columns are unique, by what `table()` says. */
  isUnique(table: CatalogTable, columns: readonly string[]): boolean
  /** Tells whether columns have types that compare. */
  compare(key: CatalogForeignKey, of: CatalogTable, target: CatalogTable): boolean
  property(name: string): string
  access(of: string, name: string): string
}

interface End {
  readonly table: CatalogTable
  readonly key: CatalogForeignKey
  readonly target: CatalogTable
}

/**
 * Returns the TypeScript of the relations that foreign keys make: the row to which a key points, the rows that point
 * back, and the rows at the other end of a table that holds two keys alone. The lines are empty where there are none.
 */
export function relationLines(source: RelationSource): { readonly lines: string[]; readonly imports: string[] } {
  const ends = source.tables.flatMap((table) => endsOf(table, source))
  const found = new Map<CatalogTable, Map<string, string>>(source.tables.map((table) => [table, new Map()]))
  const imports = new Set(['relations'])
  const add = (table: CatalogTable, names: readonly string[], kind: 'one' | 'many', code: string): void => {
    const own = found.get(table)!
    const isTaken = (name: string): boolean => own.has(name) || table.columns.some((column) => column.name === name)
    let name = names.find((each) => !isTaken(each)) ?? names.at(-1)!
    for (let n = 2; isTaken(name); n++) name = `${names.at(-1)!}_${n}`
    imports.add(kind)
    own.set(name, `${kind}(${code})`)
  }
  for (const { table, key, target } of ends) {
    const code = `${source.variableOf(target)}, ${columnsOf(source, table, key.columns)}`
    add(table, [pointerName(key, target), target.name], 'one', code)
  }
  for (const end of ends) {
    const { table, key, target } = end
    const isOnly = source.isUnique(table, key.columns)
    const inverse = isOnly && table === target ? ', { inverse: true }' : ''
    const twins = ends.filter((each) => each.table === table && each.target === target)
    const names = twins.length > 1 || table === target ? [] : [table.name]
    const code = `${source.variableOf(table)}, ${columnsOf(source, table, key.columns)}${inverse}`
    add(target, [...names, `${table.name}_by_${key.columns.join('_')}`], isOnly ? 'one' : 'many', code)
  }
  for (const table of source.tables) {
    const [left, right, ...more] = endsOf(table, source)
    if (left === undefined || right === undefined || more.length > 0 || left.target === right.target) continue
    if (table.columns.length !== left.key.columns.length + right.key.columns.length) continue
    const through = `{ through: ${source.variableOf(table)} }`
    add(left.target, names(right), 'many', `${source.variableOf(right.target)}, ${through}`)
    add(right.target, names(left), 'many', `${source.variableOf(left.target)}, ${through}`)
  }
  const blocks = [...found].filter(([, own]) => own.size > 0)
  if (blocks.length === 0) return { lines: [], imports: [] }
  const lines = blocks.flatMap(([table, own]) => [
    `  ${source.property(source.nameOf(table))}: {`,
    ...[...own].map(([name, code]) => `    ${source.property(name)}: ${code},`),
    '  },',
  ])
  return { lines: ['export const related = relations({', ...lines, '})'], imports: [...imports].sort() }
}

const names = ({ table, target }: End): string[] => [target.name, `${target.name}_by_${table.name}`]

/** The foreign keys of a table that make a relation. */
function endsOf(table: CatalogTable, source: RelationSource): End[] {
  return table.foreignKeys.flatMap((key) => {
    const target = source.targetOf(key)
    if (target === undefined || !source.isUnique(target, key.target.columns) || !source.compare(key, table, target))
      return []
    return [{ table, key, target }]
  })
}

function columnsOf(source: RelationSource, table: CatalogTable, columns: readonly string[]): string {
  const each = columns.map((column) => source.access(source.variableOf(table), column))
  return each.length === 1 ? each[0]! : `[${each.join(', ')}]`
}

/** `author` for `author_id` and `authorId`, else the name of the table. */
function pointerName({ columns }: CatalogForeignKey, target: CatalogTable): string {
  const [, base] = (columns.length === 1 && /^(.+?)(?:_id|Id|_uuid|_key|_code)$/.exec(columns[0]!)) || []
  return base ?? target.name
}
