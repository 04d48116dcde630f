import type { Mark } from '../changes/index.ts'

/** Returns the mark of the results that have a tag. */
export const markOfTag = (tag: string): Mark => `#${tag}`
