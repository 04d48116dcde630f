import { sql } from '../../src/index.ts'
import type { Any } from './definitions.ts'

/** What a database says of itself, in any form that changes when a definition has an effect. */
const QUERIES: Readonly<Record<string, readonly string[]>> = {
  sqlite: [
    'select type, name, tbl_name, sql from sqlite_schema order by name',
    'select type, name, tbl_name, sql from sqlite_temp_schema order by name',
  ],
  postgres: [
    'select nspname from pg_namespace order by 1',
    `select c.relnamespace::regnamespace::text as schema, c.relname, c.relkind, c.relpersistence, c.relispopulated, c.relispartition, c.relfilenode,
       pg_get_expr(c.relpartbound, c.oid) as bounds, obj_description(c.oid) as said, pg_get_partkeydef(c.oid) as parts,
       case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end as view
     from pg_class c where c.relnamespace::regnamespace::text !~ '^pg_|^information_schema' or c.relpersistence = 't' order by 1, 2`,
    `select a.attrelid::regclass::text as relation, a.attname, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull,
       a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid) as given, col_description(a.attrelid, a.attnum) as said
     from pg_attribute a join pg_class c on c.oid = a.attrelid
     left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     where a.attnum > 0 and not a.attisdropped and c.relnamespace::regnamespace::text !~ '^pg_|^information_schema' order by 1, a.attnum`,
    `select conname, contype, pg_get_constraintdef(oid) as text from pg_constraint
     where connamespace::regnamespace::text !~ '^pg_|^information_schema' order by 1, 3`,
    `select indexname, indexdef from pg_indexes where schemaname !~ '^pg_|^information_schema' order by 1`,
    `select t.typnamespace::regnamespace::text as schema, t.typname, t.typnotnull, t.typdefault, e.enumlabel
     from pg_type t left join pg_enum e on e.enumtypid = t.oid
     where t.typtype in ('e', 'd') and t.typnamespace::regnamespace::text !~ '^pg_|^information_schema' order by 1, 2, e.enumsortorder`,
    'select pg_sequences::text as text from pg_sequences order by 1',
  ],
  mariadb: [
    `select table_name as t, table_type as type, table_comment as said, create_options as options from information_schema.tables
     where table_schema = database() and temporary = 'N' order by 1`,
    `select table_name as t, column_name as c, column_type as type, is_nullable as nulls, column_default as given, extra,
       generation_expression as computed, column_comment as said, column_key as k
     from information_schema.columns where table_schema = database() order by 1, ordinal_position`,
    'select table_name as t, constraint_name as c, constraint_type as type from information_schema.table_constraints where table_schema = database() order by 1, 2',
    'select table_name as t, constraint_name as c, check_clause as text from information_schema.check_constraints where constraint_schema = database() order by 1, 2',
    'select table_name as t, index_name as i, seq_in_index as n, column_name as c, non_unique as u, collation as o from information_schema.statistics where table_schema = database() order by 1, 2, 3',
    'select table_name as t, view_definition as text from information_schema.views where table_schema = database() order by 1',
    'select table_name as t, partition_name as p, partition_method as how, partition_description as what from information_schema.partitions where table_schema = database() order by 1, 2',
    'select table_name as t, constraint_name as c, delete_rule as d, update_rule as u from information_schema.referential_constraints where constraint_schema = database() order by 1, 2',
  ],
}

export async function catalogOf(db: Any, dialect: string): Promise<string> {
  const found: unknown[] = []
  for (const query of QUERIES[dialect]!) {
    const { rows } = (await sql.raw(query).execute(db)) as { rows: unknown[] }
    found.push(rows)
  }
  return JSON.stringify(found, (_, value) => (typeof value === 'bigint' ? String(value) : value), 1)
}
