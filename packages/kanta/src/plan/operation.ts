/** What operators and functions are to the codecs of what they are given. */

/** Operators that compare two values of one column. */
export const COMPARES: ReadonlySet<string> = new Set([
  '=',
  '==',
  '!=',
  '<>',
  '<',
  '<=',
  '>',
  '>=',
  'in',
  'not in',
  'is',
  'is not',
  'is distinct from',
  'is not distinct from',
  '<=>',
])

/** Operators that give a value, not true or false. */
export const COMPUTES: ReadonlySet<string> = new Set([
  '+',
  '-',
  '*',
  '/',
  '%',
  '^',
  '&',
  '|',
  '#',
  '<<',
  '>>',
  '||',
  '->',
  '->>',
])

/** Operators whose results are as exact as their operands on every database. */
export const EXACT: ReadonlySet<string> = new Set(['+', '-', '*', '%'])

/** Operators before an operand that give true or false. */
export const CONDITIONS: ReadonlySet<string> = new Set(['not', 'exists', 'not exists'])

/** Functions that make a document of the row of a table. */
export const ROWS: ReadonlySet<string> = new Set(['json_agg', 'to_json', 'jsonb_agg', 'to_jsonb', 'row_to_json'])

/** Functions whose result is one of their arguments. */
export const PASSING: ReadonlySet<string> = new Set([
  'coalesce',
  'ifnull',
  'nullif',
  'max',
  'min',
  'first_value',
  'last_value',
  'nth_value',
  'lag',
  'lead',
])

/** Functions that make a document. */
export const DOCUMENTS: ReadonlySet<string> = new Set([
  'json_agg',
  'jsonb_agg',
  'json_object_agg',
  'jsonb_object_agg',
  'to_json',
  'to_jsonb',
  'row_to_json',
  'json_build_object',
  'jsonb_build_object',
  'json_build_array',
  'jsonb_build_array',
])

/** Functions whose second argument is a number of rows. */
export const COUNTING: ReadonlySet<string> = new Set(['lag', 'lead', 'nth_value'])
