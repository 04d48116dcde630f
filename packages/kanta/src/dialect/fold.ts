/** A name in lower case, of the letters of ASCII only: no database folds others the same everywhere. */
export const lowerAscii = (name: string): string => name.replace(/[A-Z]/g, (letter) => letter.toLowerCase())

/** A name where case tells names apart. */
export const asWritten = (name: string): string => name
