/** The settings on which the form and the meaning of values depend, as every connection has them. */
const FORMS: Readonly<Record<string, string>> = {
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  // Any number above 0 asks for the shortest text that is the same float.
  extra_float_digits: '1',
  bytea_output: 'hex',
  standard_conforming_strings: 'on',
  client_encoding: 'UTF8',
  array_nulls: 'on',
  transform_null_equals: 'off',
  quote_all_identifiers: 'off',
}

const settingOf = ([name, value]: readonly [string, string]): string => `set_config('${name}', '${value}', false)`

/** Sets the forms of values; the time zone stays that of the user, whose library may read times by it. */
export const formsText = `select ${Object.entries(FORMS).map(settingOf).join(', ')}`

/**
 * Sets all that a server, database or role may have set otherwise. The time zone is UTC, so that a moment is one thing
 * in columns with and without a zone.
 */
export const sessionText = `${formsText}, ${settingOf(['TimeZone', 'UTC'])}`
