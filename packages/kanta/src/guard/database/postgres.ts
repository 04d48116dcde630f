import { asWritten } from '../../dialect/index.ts'
import { bytesOf, castTo, collated } from './byte-comparison.ts'
import { call, failedCast } from './failure.ts'
import type { Semantics } from './index.ts'
import { FUNCTIONS } from './postgres-functions.ts'
import { storedByCast, unchanged } from './stored.ts'

/** Functions of PostgreSQL that take a row for their one argument. */
const ROW_FUNCTIONS =
  /^(?:any\w*|concat\w*|format|hash_record\w*|(?:array|jsonb?|string|xml)\w*_agg\w*|jsonb?_build_\w+|num_(?:non)?nulls|pg_\w+|quote_\w+|record_\w+|row_to_json|to_jsonb?|hstore)$/i

export const postgres: Semantics = {
  functions: FUNCTIONS,
  stored: storedByCast((value) => unchanged(value, '!~', 'text')),
  names: {
    writtenRows: ['old', 'new'],
    columnsOf: () => [],
    // `post.to_jsonb` is `to_jsonb(post)`. https://www.postgresql.org/docs/current/sql-expressions.html#SQL-EXPRESSIONS-FUNCTION-CALLS
    readsRow: (name, table) => (table === undefined ? ROW_FUNCTIONS.test(name) : !table.columns.has(name)),
  },
  // The cast takes the comparison of citext away.
  bytes: bytesOf({ of: (text) => collated(castTo(text, 'text'), '"C"'), texts: new Set(['text', 'varchar', 'enum']) }),
  foldCteName: asWritten,
  cteVisibility: (recursive) => (recursive ? 'all' : 'before'),
  cteColumnsRenameOrder: false,
  readsWrittenTable: true,
  untypedValues: true,
  readsTimeZones: true,
  // Error 22P02: https://www.postgresql.org/docs/current/errcodes-appendix.html.
  failure: (sign) => failedCast(sign, call('concat', call('random')), 'integer'),
}
