/** The version of Kanta, which each record of a migration tells. A test holds it to that of the package. */
export const VERSION = '0.1.0'
