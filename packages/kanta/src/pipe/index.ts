export { having, where, whereRef } from './conditions.ts'
export { type PipeStep, pipe } from './pipe.ts'
export { distinct, groupBy, limit, offset, orderBy, select, selectAll } from './select.ts'
export { from, innerJoin, leftJoin } from './tables.ts'
