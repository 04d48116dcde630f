import { facetsOf } from '../../dialect/index.ts'
import { checkOptions, refuse } from '../../error/index.ts'
import { DatabaseHandle, dialectOf, withoutGuards } from '../../extend/internal/index.ts'
import type { AnyInfo } from '../../face/index.ts'
import { checkName, show, sql } from '../../sql/index.ts'
import type { HasTables } from './plugin.ts'

/** Options of `createLiveUnique()`. */
export interface LiveUniqueOptions {
  /** The name of the index; derived from the table and its columns by default. */
  readonly name?: string | undefined
  /** The column for the time of the deletion; `deleted_at` by default. */
  readonly column?: string | undefined
}

/**
 * Makes columns unique among the rows that are not deleted, so that a name can be reused. Creates a partial index on
 * SQLite and PostgreSQL. On MySQL and MariaDB it creates an index with one more column, which is computed, invisible,
 * and null for deleted rows. A table definition can declare the partial index itself: `index([t.label], { unique: true,
 * where: sql`deleted_at is null` })`. Call it on the database without the plugin, such as in a migration.
 *
 * @throws KantaError `unsupported` on other databases.
 *
 * @example
 * ```ts
 * import { kanta, sql } from 'kanta'
 * import { createLiveUnique } from 'kanta/plugins'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const db = kanta<{ tag: { id: number; label: string; deleted_at: string | null } }>({ driver: sqlite(':memory:') })
 * await sql`create table tag (id integer primary key, label text, deleted_at text)`.execute(db)
 * await createLiveUnique(db, 'tag', ['label'])
 * ```
 */
export async function createLiveUnique<I extends AnyInfo, B extends I['names']>(
  db: HasTables<I>,
  table: B,
  columns: readonly (keyof I['db'][B] & string)[],
  options: LiveUniqueOptions = {},
): Promise<void> {
  const handle = db as unknown
  if (!(handle instanceof DatabaseHandle)) return refuse('createLiveUnique() takes a database.')
  checkOptions('createLiveUnique()', options, ['name', 'column'])
  if (!Array.isArray(columns) || columns.length === 0)
    refuse(`createLiveUnique(…, ${show(columns)}) takes the names of one column or more.`)
  for (const name of columns) checkName(name, 'a column of an index')
  const { column = 'deleted_at', name = `${table.replaceAll('.', '_')}_${columns.join('_')}_live` } = options
  const plain = withoutGuards(handle, 'live unique')
  for (const text of liveUniques.of(dialectOf(plain))({ table, columns, column, name })) await text.execute(plain)
}

interface LiveUnique {
  readonly table: string
  readonly columns: readonly string[]
  readonly column: string
  readonly name: string
}

type Text = ReturnType<typeof sql>

const list = (names: readonly string[]): Text => sql.join(names.map((each) => sql.id(each)))
const create = ({ name, table }: LiveUnique): Text => sql`create unique index ${sql.id(name)} on ${sql.table(table)}`

const partialIndex = (index: LiveUnique): readonly Text[] => [
  sql`${create(index)} (${list(index.columns)}) where ${sql.id(index.column)} is null`,
]

/** Creates an index with one more column, which is null for deleted rows. */
function computedColumn(index: LiveUnique): readonly Text[] {
  const live = checkName(`${index.name}_is_live`.slice(-MOST), 'a column')
  return [
    sql`alter table ${sql.table(index.table)} add column ${sql.id(live)} tinyint
        generated always as (case when ${sql.id(index.column)} is null then 1 end) virtual invisible`,
    sql`${create(index)} (${list([...index.columns, live])})`,
  ]
}

const liveUniques = facetsOf<(index: LiveUnique) => readonly Text[]>(
  'createLiveUnique()',
  {
    sqlite: partialIndex,
    postgres: partialIndex,
    mysql: computedColumn,
    mariadb: computedColumn,
    mssql: undefined,
  },
  'Create a filtered index by hand.',
)

/** The longest name of a column in MySQL and MariaDB. */
const MOST = 64
