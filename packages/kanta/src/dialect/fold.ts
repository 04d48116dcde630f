/** A name in lower case, of the letters of ASCII only: no database folds others the same everywhere. */
export const lowerAscii = (name: string): string => {
  // Most names are in lower case, which is found out sooner than it is made.
  return name === name.toLowerCase() ? name : name.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** A name where case tells names apart. */
export const asWritten = (name: string): string => name
