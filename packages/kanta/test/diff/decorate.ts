import { type Database, sql } from '../../src/index.ts'
import type { DialectName } from '../../src/introspect/index.ts'
import { type Names, type Plan, TEXTS, tableNames } from './random.ts'

/**
 * Gives tables what `table()` cannot say: comments, invisible columns, and indexes by expressions or in another order.
 * Only tables of `both` get it.
 */
export async function decorate(
  db: Database<{}>,
  plan: Plan,
  both: Plan,
  renames: Names,
  dialect: DialectName,
): Promise<void> {
  for (const name of tableNames) {
    const it = plan[name]
    if (it === undefined || both[name] === undefined) continue
    const [own, extra] = [renames[name] ?? name, renames[`${name}.extra`] ?? 'extra']
    const [table, column] = [sql.id(own), sql.id(extra)]
    const text = TEXTS[it.note]!
    await decorations[dialect]?.(db, { table, column, name: sql.id(`${name}_by_extra`), text, width: it.extra })
  }
}

interface Place {
  readonly table: ReturnType<typeof sql.id>
  readonly column: ReturnType<typeof sql.id>
  readonly name: ReturnType<typeof sql.id>
  readonly text: string
  readonly width: number
}

const decorations: Partial<Record<DialectName, (db: Database<{}>, place: Place) => Promise<unknown>>> = {
  sqlite: (db, { table, column, name, text }) =>
    sql`create index ${name} on ${table} (lower(${column}) desc) where ${column} <> ${sql.lit(text)}`.execute(db),
  postgres: async (db, { table, column, name, text }) => {
    await sql`comment on column ${table}.${column} is ${sql.lit(text || null)}`.execute(db)
    await sql`comment on table ${table} is ${sql.lit(text || null)}`.execute(db)
    await sql`create index ${name} on ${table} (lower(${column}) desc nulls last, id) where ${column} <> ${sql.lit(text)}`.execute(
      db,
    )
  },
  mariadb: async (db, { table, column, text, width }) => {
    const comment = sql.raw(`'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`)
    await sql`alter table ${table} comment = ${comment}`.execute(db)
    const type = sql.raw(`varchar(${width})`)
    await sql`alter table ${table} modify column ${column} ${type} collate utf8mb4_unicode_ci invisible comment ${comment}`.execute(
      db,
    )
  },
}
