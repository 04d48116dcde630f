import type { RawBuilder, Sql } from '../face/index.ts'
import { sql as template } from '../sql/index.ts'
import { abstractTypeOf } from './abstract-type.ts'
import type {
  CatalogCheck,
  CatalogColumn,
  CatalogDomain,
  CatalogEnum,
  CatalogForeignKey,
  CatalogIndex,
  CatalogIndexPart,
  CatalogKey,
  CatalogSequence,
  CatalogTable,
  CatalogTrigger,
} from './catalog.ts'
import { groupBy, isTrue, type Reader, type ReadRequest, type Source } from './source.ts'
import { withoutParentheses } from './token.ts'

const sql = template as unknown as Sql

// Each query returns text, 32-bit numbers, booleans, and lists as JSON text, which every driver decodes the same way.
interface RelationRow {
  readonly id: string
  readonly schema: string
  readonly name: string
  readonly kind: 'r' | 'p' | 'f' | 'v' | 'm'
  readonly comment: string | null
  readonly definition: string | null
  readonly partition_key: string | null
  readonly partition: boolean
  readonly options: string
}
interface ColumnRow {
  readonly relation: string
  readonly name: string
  readonly type: string
  readonly base: string
  readonly type_kind: string
  readonly labels: string | null
  readonly not_null: boolean
  readonly expression: string | null
  readonly identity: '' | 'a' | 'd'
  readonly generated: '' | 's' | 'v'
  readonly collation: string | null
  readonly comment: string | null
}
interface ConstraintRow {
  readonly relation: string
  readonly name: string
  readonly type: 'p' | 'u' | 'f' | 'c'
  readonly columns: string
  readonly target_schema: string | null
  readonly target: string | null
  readonly target_columns: string
  readonly on_delete: string
  readonly on_update: string
  readonly can_defer: boolean
  readonly deferred: boolean
  readonly expression: string | null
}
interface IndexRow {
  readonly relation: string
  readonly name: string
  readonly method: string
  readonly unique: boolean
  readonly keys: number
  readonly parts: string
  readonly where: string | null
  readonly definition: string
}
interface IndexPartRow {
  readonly column: string | null
  readonly text: string
  readonly options: number
  readonly collation: string | null
}
interface TypeRow {
  readonly id: string
  readonly schema: string
  readonly name: string
  readonly kind: 'e' | 'd'
  readonly labels: string
  readonly base: string
  readonly not_null: boolean
  readonly default: string | null
  readonly checks: string
}
interface SequenceRow {
  readonly schema: string
  readonly name: string
  readonly type: string
  readonly start: string
  readonly increment: string
  readonly minimum: string
  readonly maximum: string
  readonly cycle: boolean
  readonly owner: string | null
}
interface TriggerRow {
  readonly schema: string
  readonly name: string
  readonly table: string
  readonly type: number
  readonly definition: string
}

/** The reader of PostgreSQL and compatible databases. It reads `pg_catalog`. */
export const postgresReader: Reader = {
  dialect: 'postgres',
  queries: 8,
  async read(source, request) {
    const rows = await readRows(source, request)
    const columns = groupBy(rows.columns, (row) => row.relation)
    const constraints = groupBy(rows.constraints, (row) => row.relation)
    const indexes = groupBy(rows.indexes, (row) => row.relation)
    const wanted = rows.relations.filter((relation) => request.isWanted(relation.name))
    const ofRelation = (relation: RelationRow): CatalogColumn[] => (columns.get(relation.id) ?? []).map(columnOf)
    return {
      schemas: rows.schemas.map((row) => row.name),
      tables: wanted
        .filter((relation) => relation.kind !== 'v' && relation.kind !== 'm')
        .map((relation) =>
          tableOf(
            relation,
            ofRelation(relation),
            constraints.get(relation.id) ?? [],
            (indexes.get(relation.id) ?? []).map(indexOf),
          ),
        ),
      views: wanted
        .filter((relation) => relation.kind === 'v' || relation.kind === 'm')
        .map((relation) => ({
          schema: relation.schema,
          name: relation.name,
          materialized: relation.kind === 'm',
          columns: ofRelation(relation),
          definition: (relation.definition ?? '').trim().replace(/;$/, ''),
          comment: relation.comment,
        })),
      enums: rows.types.filter((type) => type.kind === 'e').map(enumOf),
      domains: rows.types.filter((type) => type.kind === 'd').map(domainOf),
      sequences: rows.sequences.map(sequenceOf),
      triggers: rows.triggers.filter((row) => request.isWanted(row.table)).map(triggerOf),
    }
  },
}

/** Returns the condition on the schemas to read: those of the request, or else all but the system schemas. */
function schemaCondition(request: ReadRequest, column: RawBuilder<unknown>): RawBuilder<unknown> {
  if (request.schemas !== undefined) return sql`${column} in (${sql.join(request.schemas)})`
  return sql`${column} not in ('pg_catalog', 'information_schema') and ${column} not like 'pg\\_toast%' and ${column} not like 'pg\\_temp%'`
}

/** Returns the condition that an extension created the object. Such objects belong to the extension. */
const isOfExtension = (catalog: string, id: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`exists (select from pg_catalog.pg_depend x where x.objid = ${id} and x.deptype = 'e'
    and x.classid = ${sql.lit(`pg_catalog.${catalog}`)}::regclass)`

const columnNames = (list: RawBuilder<unknown>, relation: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`coalesce((select json_agg(a.attname order by u.i) from unnest(${list}) with ordinality as u(attnum, i)
    join pg_catalog.pg_attribute a on a.attrelid = ${relation} and a.attnum = u.attnum), '[]')::text`

async function readRows(source: Source, request: ReadRequest) {
  const inSchemas = schemaCondition(request, sql`n.nspname`)
  return {
    schemas: await source.rows(
      'schemas',
      sql<{ name: string }>`select n.nspname::text as name from pg_catalog.pg_namespace n
        where ${inSchemas} order by n.nspname collate "C"`,
    ),
    relations: await source.rows('tables and views', relations(inSchemas)),
    columns: await source.rows('columns', columns(inSchemas)),
    constraints: await source.rows('constraints', constraints(inSchemas)),
    indexes: await source.rows('indexes', indexes(inSchemas)),
    types: await source.rows('enums and domains', types(inSchemas)),
    sequences: await source.rows('sequences', sequences(inSchemas)),
    triggers: await source.rows('triggers', triggers(inSchemas)),
  }
}

const relations = (inSchemas: RawBuilder<unknown>) => sql<RelationRow>`
  select c.oid::text as id, n.nspname::text as schema, c.relname::text as name, c.relkind::text as kind,
    obj_description(c.oid, 'pg_class') as comment,
    case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end as definition,
    case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as partition_key,
    c.relispartition as partition, coalesce(to_json(c.reloptions), '[]')::text as options
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'f', 'v', 'm') and ${inSchemas} and not ${isOfExtension('pg_class', sql`c.oid`)}
  order by n.nspname collate "C", c.relname collate "C"`

const columns = (inSchemas: RawBuilder<unknown>) => sql<ColumnRow>`
  select a.attrelid::text as relation, a.attname::text as name, format_type(a.atttypid, a.atttypmod) as type,
    format_type(coalesce(nullif(t.typbasetype, 0), t.oid), coalesce(nullif(t.typtypmod, -1), a.atttypmod)) as base,
    t.typtype::text as type_kind,
    (select json_agg(e.enumlabel order by e.enumsortorder)::text from pg_catalog.pg_enum e where e.enumtypid = t.oid) as labels,
    a.attnotnull or (t.typtype = 'd' and t.typnotnull) as not_null, pg_get_expr(d.adbin, d.adrelid) as expression,
    a.attidentity::text as identity, a.attgenerated::text as generated,
    case when a.attcollation <> t.typcollation then l.collname::text end as collation,
    col_description(a.attrelid, a.attnum) as comment
  from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace join pg_catalog.pg_type t on t.oid = a.atttypid
    left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    left join pg_catalog.pg_collation l on l.oid = a.attcollation
  where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'f', 'v', 'm') and ${inSchemas}
  order by a.attrelid, a.attnum`

const constraints = (inSchemas: RawBuilder<unknown>) => sql<ConstraintRow>`
  select k.conrelid::text as relation, k.conname::text as name, k.contype::text as type,
    ${columnNames(sql`k.conkey`, sql`k.conrelid`)} as columns, fn.nspname::text as target_schema, f.relname::text as target,
    ${columnNames(sql`k.confkey`, sql`k.confrelid`)} as target_columns,
    k.confdeltype::text as on_delete, k.confupdtype::text as on_update,
    k.condeferrable as can_defer, k.condeferred as deferred, pg_get_expr(k.conbin, k.conrelid) as expression
  from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_class f on f.oid = k.confrelid left join pg_catalog.pg_namespace fn on fn.oid = f.relnamespace
  where k.contype in ('p', 'u', 'f', 'c') and k.conparentid = 0 and ${inSchemas}
  order by k.conrelid, k.conname collate "C"`

// An index that backs a key or an exclusion constraint belongs to that constraint.
const indexes = (inSchemas: RawBuilder<unknown>) => sql<IndexRow>`
  select i.indrelid::text as relation, x.relname::text as name, m.amname::text as method, i.indisunique as unique,
    i.indnkeyatts::int4 as keys,
    (select json_agg(json_build_object('column', a.attname, 'text', pg_get_indexdef(i.indexrelid, p.i::int4, false),
        'options', case when p.i <= i.indnkeyatts then (i.indoption::int2[])[p.i - 1] else 0 end,
        'collation', case when p.i <= i.indnkeyatts and p.col <> a.attcollation then l.collname end) order by p.i)::text
      from (select s.i, (i.indkey::int2[])[s.i - 1] as num,
          case when s.i <= i.indnkeyatts then (i.indcollation::oid[])[s.i - 1] end as col
        from generate_series(1, i.indnatts::int4) as s(i)) as p
      left join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = p.num and p.num > 0
      left join pg_catalog.pg_collation l on l.oid = p.col) as parts,
    pg_get_expr(i.indpred, i.indrelid) as where, pg_get_indexdef(i.indexrelid) as definition
  from pg_catalog.pg_index i join pg_catalog.pg_class x on x.oid = i.indexrelid
    join pg_catalog.pg_class c on c.oid = i.indrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_am m on m.oid = x.relam
  where c.relkind in ('r', 'p', 'm') and not i.indisprimary and ${inSchemas}
    and not exists (select from pg_catalog.pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
    and not exists (select from pg_catalog.pg_inherits h where h.inhrelid = i.indexrelid)
  order by i.indrelid, x.relname collate "C"`

const types = (inSchemas: RawBuilder<unknown>) => sql<TypeRow>`
  select t.oid::text as id, n.nspname::text as schema, t.typname::text as name, t.typtype::text as kind,
    coalesce((select json_agg(e.enumlabel order by e.enumsortorder) from pg_catalog.pg_enum e where e.enumtypid = t.oid), '[]')::text as labels,
    format_type(t.typbasetype, t.typtypmod) as base, t.typnotnull as not_null, t.typdefault as default,
    coalesce((select json_agg(json_build_object('name', k.conname, 'text', pg_get_constraintdef(k.oid)) order by k.conname collate "C")
      from pg_catalog.pg_constraint k where k.contypid = t.oid and k.contype = 'c'), '[]')::text as checks
  from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
  where t.typtype in ('e', 'd') and ${inSchemas} and not ${isOfExtension('pg_type', sql`t.oid`)}
  order by n.nspname collate "C", t.typname collate "C"`

// The sequence of an identity column belongs to the column.
const sequences = (inSchemas: RawBuilder<unknown>) => sql<SequenceRow>`
  select n.nspname::text as schema, c.relname::text as name, format_type(s.seqtypid, null) as type,
    s.seqstart::text as start, s.seqincrement::text as increment, s.seqmin::text as minimum, s.seqmax::text as maximum,
    s.seqcycle as cycle,
    (select o.relname || '.' || a.attname from pg_catalog.pg_depend d join pg_catalog.pg_class o on o.oid = d.refobjid
      join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
      where d.objid = c.oid and d.deptype = 'a' and d.classid = 'pg_catalog.pg_class'::regclass) as owner
  from pg_catalog.pg_sequence s join pg_catalog.pg_class c on c.oid = s.seqrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where ${inSchemas} and not exists (select from pg_catalog.pg_depend d where d.objid = c.oid and d.deptype = 'i')
    and not ${isOfExtension('pg_class', sql`c.oid`)}
  order by n.nspname collate "C", c.relname collate "C"`

const triggers = (inSchemas: RawBuilder<unknown>) => sql<TriggerRow>`
  select n.nspname::text as schema, g.tgname::text as name, c.relname::text as table, g.tgtype::int4 as type,
    pg_get_triggerdef(g.oid) as definition
  from pg_catalog.pg_trigger g join pg_catalog.pg_class c on c.oid = g.tgrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where not g.tgisinternal and ${inSchemas}
  order by n.nspname collate "C", c.relname collate "C", g.tgname collate "C"`

const list = (json: string): string[] => JSON.parse(json) as string[]

function columnOf(row: ColumnRow): CatalogColumn {
  const generated = row.generated !== '' && row.expression !== null
  // `serial` columns take their numbers from a sequence in the default.
  const serial = !generated && row.expression !== null && /^nextval\('.*'::regclass\)$/.test(row.expression)
  return {
    name: row.name,
    type: row.type,
    abstract: row.type_kind === 'e' ? 'enum' : abstractTypeOf(row.base, 'postgres'),
    nullable: !isTrue(row.not_null),
    default: generated ? null : row.expression,
    generated: generated ? { expression: row.expression!, stored: row.generated === 's' } : null,
    identity: row.identity === 'a' ? 'always' : row.identity === 'd' ? 'by default' : serial ? 'auto' : null,
    collation: row.collation,
    comment: row.comment,
    values: row.labels === null ? null : list(row.labels),
  }
}

function tableOf(
  relation: RelationRow,
  columns: readonly CatalogColumn[],
  constraints: readonly ConstraintRow[],
  indexes: readonly CatalogIndex[],
): CatalogTable {
  const of = (type: ConstraintRow['type']) => constraints.filter((row) => row.type === type)
  const [primaryKey] = of('p')
  return {
    schema: relation.schema,
    name: relation.name,
    kind: kindOf(relation),
    columns,
    primaryKey: primaryKey === undefined ? null : keyOf(primaryKey),
    uniques: of('u').map(keyOf),
    foreignKeys: of('f').map(foreignKeyOf),
    checks: of('c').map(
      (row): CatalogCheck => ({ name: row.name, expression: stripParentheses(row.expression ?? '') }),
    ),
    indexes,
    comment: relation.comment,
    options: [
      ...(relation.partition_key === null ? [] : [`partition by ${relation.partition_key}`]),
      ...list(relation.options).sort(),
    ],
  }
}

function kindOf(relation: RelationRow): CatalogTable['kind'] {
  if (isTrue(relation.partition)) return 'partition'
  return relation.kind === 'p' ? 'partitioned' : relation.kind === 'f' ? 'foreign' : 'table'
}

/** Removes the outer parentheses that PostgreSQL puts around an expression. */
const stripParentheses = (text: string): string => withoutParentheses(text, 'postgres')

const keyOf = (row: ConstraintRow): CatalogKey => ({ name: row.name, columns: list(row.columns) })

const ACTIONS: Readonly<Record<string, CatalogForeignKey['onDelete']>> = {
  a: 'no action',
  r: 'restrict',
  c: 'cascade',
  n: 'set null',
  d: 'set default',
}

const foreignKeyOf = (row: ConstraintRow): CatalogForeignKey => ({
  ...keyOf(row),
  target: { schema: row.target_schema, name: row.target ?? '', columns: list(row.target_columns) },
  onDelete: ACTIONS[row.on_delete] ?? 'no action',
  onUpdate: ACTIONS[row.on_update] ?? 'no action',
  deferrable: isTrue(row.can_defer) ? (isTrue(row.deferred) ? 'initially deferred' : 'initially immediate') : 'no',
})

const DESCENDING = 1
const NULLS_FIRST = 2

function indexOf(row: IndexRow): CatalogIndex {
  const parts = JSON.parse(row.parts) as IndexPartRow[]
  return {
    name: row.name,
    parts: parts.slice(0, row.keys).map(partOf),
    unique: isTrue(row.unique),
    method: row.method,
    include: parts.slice(row.keys).map((part) => part.column ?? part.text),
    where: row.where === null ? null : stripParentheses(row.where),
    definition: row.definition,
  }
}

function partOf({ column, text, options, collation }: IndexPartRow): CatalogIndexPart {
  const descending = (options & DESCENDING) !== 0
  const first = (options & NULLS_FIRST) !== 0
  return {
    column,
    expression: column === null ? text : null,
    direction: descending ? 'desc' : 'asc',
    nulls: first === descending ? null : first ? 'first' : 'last',
    collation,
  }
}

const enumOf = (row: TypeRow): CatalogEnum => ({ schema: row.schema, name: row.name, values: list(row.labels) })

const domainOf = (row: TypeRow): CatalogDomain => ({
  schema: row.schema,
  name: row.name,
  type: row.base,
  nullable: !isTrue(row.not_null),
  default: row.default,
  checks: (JSON.parse(row.checks) as { name: string; text: string }[]).map(({ name, text }) => ({
    name,
    expression: stripParentheses(text.replace(/^CHECK /, '')),
  })),
})

const sequenceOf = ({ owner, cycle, ...row }: SequenceRow): CatalogSequence => ({
  ...row,
  cycle: isTrue(cycle),
  ownedBy: owner,
})

const BEFORE = 2
const INSTEAD = 64
const EVENTS: readonly (readonly [number, CatalogTrigger['events'][number]])[] = [
  [4, 'insert'],
  [16, 'update'],
  [8, 'delete'],
  [32, 'truncate'],
]

const triggerOf = (row: TriggerRow): CatalogTrigger => ({
  schema: row.schema,
  name: row.name,
  table: row.table,
  timing: (row.type & INSTEAD) !== 0 ? 'instead of' : (row.type & BEFORE) !== 0 ? 'before' : 'after',
  events: EVENTS.filter(([bit]) => (row.type & bit) !== 0).map(([, event]) => event),
  definition: row.definition,
})
