/** The version of Kanta, for the records of migrations. A test compares it with the package. */
export const VERSION = '0.1.0'
