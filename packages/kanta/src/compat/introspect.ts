import { type Dialect, type DialectName, facetsOf } from '../dialect/index.ts'
import type { Runnable } from '../sql/index.ts'
import { sql } from '../sql/index.ts'
import type {
  ColumnMetadata,
  DatabaseIntrospector,
  DatabaseMetadataOptions,
  SchemaMetadata,
  TableMetadata,
} from './contract.ts'

/** The tables of migrations. */
const INTERNAL: ReadonlySet<unknown> = new Set(['kysely_migration', 'kysely_migration_lock'])

/** A column as the queries below return it. */
interface ColumnRow {
  readonly schema: string | null
  readonly table: string
  readonly view: unknown
  readonly foreign: unknown
  /** Null for a table without columns. */
  readonly name: string | null
  readonly type: string
  /** The name is one word, so that no plugin for names changes it. */
  readonly typeschema: string | null
  readonly nullable: unknown
  readonly default: unknown
  readonly auto: unknown
  readonly comment: string | null
}

const isTrue = (value: unknown): boolean => value === true || value === 1 || value === 1n || value === '1'

function columnOf(found: ColumnRow): ColumnMetadata {
  return {
    name: found.name!,
    dataType: found.type,
    ...(found.typeschema === null ? {} : { dataTypeSchema: found.typeschema }),
    isAutoIncrementing: isTrue(found.auto),
    isNullable: isTrue(found.nullable),
    hasDefaultValue: isTrue(found.default),
    ...(found.comment === null || found.comment === '' ? {} : { comment: found.comment }),
  }
}

/** The queries of one database. */
interface Queries {
  readonly schemas: string | undefined
  readonly columns: string
}

const sqlite: Queries = {
  schemas: undefined,
  columns: `select null as "schema", t.name as "table", t.type = 'view' as "view", 0 as "foreign", c.name, c.type,
  null as typeschema, not c."notnull" as nullable, c.dflt_value is not null as "default",
  case when t.sql like '%autoincrement%' then c.pk = 1 else lower(c.type) = 'integer' and c.pk = 1
    and (select count(*) from pragma_table_info(t.name) k where k.pk > 0) = 1 end as auto, null as comment
from sqlite_master t left join pragma_table_info(t.name) c
where t.type in ('table', 'view') and t.name not like 'sqlite!_%' escape '!'
order by t.name, c.cid`,
}

const postgres: Queries = {
  schemas: `select nspname as name from pg_catalog.pg_namespace order by nspname`,
  columns: `select n.nspname as "schema", c.relname as "table", c.relkind = 'v' as "view", c.relkind = 'f' as "foreign",
  a.attname as name, t.typname as type, s.nspname as typeschema, not a.attnotnull as nullable, a.atthasdef as "default",
  a.attidentity <> '' or coalesce(pg_get_expr(d.adbin, d.adrelid), '') like 'nextval(%' as auto,
  col_description(c.oid, a.attnum) as comment
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_catalog.pg_type t on t.oid = a.atttypid
left join pg_catalog.pg_namespace s on s.oid = t.typnamespace
left join pg_catalog.pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relkind in ('r', 'v', 'p', 'f') and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'crdb_internal')
  and has_schema_privilege(n.nspname, 'usage')
order by n.nspname, c.relname, a.attnum`,
}

const mysql: Queries = {
  schemas: 'select schema_name as name from information_schema.schemata order by schema_name',
  columns: `select t.table_schema as \`schema\`, t.table_name as \`table\`, t.table_type = 'VIEW' as \`view\`, 0 as \`foreign\`,
  c.column_name as name, c.data_type as type, null as typeschema, c.is_nullable = 'YES' as nullable,
  c.column_default is not null as \`default\`, c.extra like '%auto_increment%' as auto, c.column_comment as comment
from information_schema.tables t
join information_schema.columns c on c.table_schema = t.table_schema and c.table_name = t.table_name
where t.table_schema = database() order by t.table_name, c.ordinal_position`,
}

const mssql: Queries = {
  schemas: 'select name from sys.schemas order by name',
  columns: `select s.name as "schema", t.name as "table", case t.type when 'V' then 1 else 0 end as "view", 0 as "foreign",
  c.name, y.name as type, ys.name as typeschema, c.is_nullable as nullable,
  case when c.default_object_id <> 0 then 1 else 0 end as "default", c.is_identity as auto,
  cast(p.value as nvarchar(max)) as comment
from sys.objects t join sys.schemas s on s.schema_id = t.schema_id
join sys.columns c on c.object_id = t.object_id
join sys.types y on y.user_type_id = c.user_type_id join sys.schemas ys on ys.schema_id = y.schema_id
left join sys.extended_properties p on p.major_id = t.object_id and p.minor_id = c.column_id and p.name = 'MS_Description'
where t.type in ('U', 'V') order by s.name, t.name, c.column_id`,
}

const introspections = facetsOf<Queries>('db.introspection', { sqlite, postgres, mysql, mariadb: mysql, mssql })

/** Reads the schema of a database in the form of Kysely. */
export class Introspector implements DatabaseIntrospector {
  readonly #db: Runnable
  readonly #queries: Queries

  constructor(db: Runnable & { withoutPlugins?(): unknown }, dialect: Dialect | DialectName) {
    this.#db = (db.withoutPlugins?.() ?? db) as Runnable
    this.#queries = introspections.of(dialect)
  }

  async getSchemas(): Promise<SchemaMetadata[]> {
    const { schemas } = this.#queries
    return schemas === undefined ? [] : this.#rows(schemas)
  }

  async getTables(options: DatabaseMetadataOptions = { withInternalKyselyTables: false }): Promise<TableMetadata[]> {
    const tables = new Map<string, TableMetadata>()
    for (const found of await this.#rows<ColumnRow>(this.#queries.columns)) {
      if (!options.withInternalKyselyTables && INTERNAL.has(found.table)) continue
      const key = JSON.stringify([found.schema, found.table])
      const table = tables.get(key) ?? {
        name: found.table,
        ...(found.schema === null ? {} : { schema: found.schema }),
        isView: isTrue(found.view),
        isForeign: isTrue(found.foreign),
        columns: [],
      }
      if (found.name !== null) table.columns.push(columnOf(found))
      tables.set(key, table)
    }
    return [...tables.values()]
  }

  async #rows<R>(text: string): Promise<R[]> {
    return ((await sql.raw(text).execute(this.#db)) as { rows: R[] }).rows
  }
}
