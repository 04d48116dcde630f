import type { NodeOf } from '../ir/index.ts'

const QUERIES = /\b(?:select|table|insert|update|delete|merge|exec|execute|call)\b/i
const WRITES = /\b(?:insert|update|delete|merge|exec|execute|call)\b/i

/** Whether text of the user's has a word without which it holds no query. */
export const mayQuery = ({ strings }: NodeOf<'raw'>): boolean => QUERIES.test(strings.join(' '))

/** Whether text of the user's has a word without which it changes nothing. */
export const mayWrite = ({ strings }: NodeOf<'raw'>): boolean => WRITES.test(strings.join(' '))
