// The treatment of decimals by each function that takes them.

/** Functions that give one of their arguments, which all have one type. */
export const CHOOSING: ReadonlySet<string> = new Set([
  'coalesce',
  'ifnull',
  'isnull',
  'nvl',
  'nullif',
  'max',
  'min',
  'greatest',
  'least',
])

/** Functions of a window that look at another row: their third argument is of the type of their first. */
export const LOOKING: ReadonlySet<string> = new Set(['first_value', 'last_value', 'nth_value', 'lag', 'lead', 'values'])

/** Functions that write their arguments as text. */
export const WRITING: ReadonlySet<string> = new Set([
  'concat',
  'concat_ws',
  'format',
  'printf',
  'group_concat',
  'string_agg',
  'json',
  'json_array',
  'json_object',
  'json_group_array',
  'json_group_object',
  'json_quote',
  'length',
  'char_length',
  'instr',
  'substr',
  'substring',
  'replace',
  'like',
  'glob',
])

/** Functions that only ask whether a value is there, or where a row stands. */
export const COUNTING: ReadonlySet<string> = new Set(['count', 'typeof', 'exists'])

/** Functions that give whole numbers. */
export const WHOLE: ReadonlySet<string> = new Set([
  'count',
  'length',
  'char_length',
  'instr',
  'row_number',
  'rank',
  'dense_rank',
  'ntile',
  'changes',
  'last_insert_rowid',
  'unixepoch',
])

/** Functions that give floating-point numbers. */
export const MEANS: ReadonlySet<string> = new Set(['avg', 'total'])

/** Functions that take digits off. */
export const ROUNDING: ReadonlySet<string> = new Set(['round', 'floor', 'ceil', 'ceiling', 'trunc', 'truncate'])

export const COMPARISONS: ReadonlySet<string> = new Set([
  ...['=', '==', '!=', '<>', '<', '<=', '>', '>=', '!<', '!>', 'in', 'not in'],
  ...['is', 'is not', 'is distinct from', 'is not distinct from', '<=>'],
])

export const ARITHMETIC: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%'])
