import { type Dialect, facetsOf } from '../dialect/index.ts'
import type { AbstractType } from '../table/index.ts'
import type { DialectName } from './catalog.ts'

type Names = Readonly<Record<string, AbstractType>>

const COMMON: Names = {
  integer: 'integer',
  int: 'integer',
  bigint: 'bigint',
  smallint: 'integer',
  real: 'real',
  double: 'real',
  'double precision': 'real',
  float: 'real',
  decimal: 'decimal',
  numeric: 'decimal',
  text: 'text',
  varchar: 'varchar',
  'character varying': 'varchar',
  boolean: 'boolean',
  date: 'date',
  json: 'json',
  uuid: 'uuid',
  enum: 'enum',
}

const types = facetsOf<Names>('Introspection of types', {
  sqlite: { ...COMMON, decimal_integer: 'decimal', blob: 'bytes', datetime: 'timestamp', timestamp: 'timestamp' },
  postgres: {
    ...COMMON,
    int2: 'integer',
    int4: 'integer',
    int8: 'bigint',
    float4: 'real',
    float8: 'real',
    bool: 'boolean',
    bytea: 'bytes',
    jsonb: 'json',
    timestamptz: 'timestamp',
    timestamp: 'timestamp',
    'timestamp with time zone': 'timestamp',
    'timestamp without time zone': 'timestamp',
  },
  mysql: mysql(),
  mariadb: mysql(),
  mssql: {
    ...COMMON,
    tinyint: 'integer',
    bit: 'boolean',
    nvarchar: 'varchar',
    'nvarchar(max)': 'text',
    'varchar(max)': 'text',
    varbinary: 'bytes',
    datetime2: 'timestamp',
    datetime: 'timestamp',
    datetimeoffset: 'timestamp',
    uniqueidentifier: 'uuid',
  },
})

function mysql(): Names {
  return {
    ...COMMON,
    tinyint: 'integer',
    mediumint: 'integer',
    'tinyint(1)': 'boolean',
    bool: 'boolean',
    tinytext: 'text',
    mediumtext: 'text',
    longtext: 'text',
    blob: 'bytes',
    tinyblob: 'bytes',
    mediumblob: 'bytes',
    longblob: 'bytes',
    binary: 'bytes',
    varbinary: 'bytes',
    datetime: 'timestamp',
    timestamp: 'timestamp',
  }
}

/** Returns the type of `table()` columns that corresponds to a database type, or null if there is none. */
export function abstractTypeOf(type: string, dialect: Dialect | DialectName): AbstractType | null {
  // The strings of an enum may hold parentheses.
  if (/^enum\s*\(/i.test(type)) return types.of(dialect).enum ?? null
  const text = type.toLowerCase().replace(/\s+/g, ' ').trim()
  const names = types.of(dialect)
  const name = text.replace(/\s*\([^)]*\)/g, '').trim()
  return names[text] ?? names[name] ?? null
}
