import type { Case } from '../case.ts'
import { camelCase } from './camel-case.ts'
import { deleteFrom } from './delete.ts'
import { expression } from './expression.ts'
import { from } from './from.ts'
import { fn } from './function.ts'
import { groupBy } from './group-by.ts'
import { insert } from './insert.ts'
import { join } from './join.ts'
import { json } from './json.ts'
import { method } from './method.ts'
import { missing } from './missing.ts'
import { limit, orderBy } from './order-by.ts'
import { prepare } from './prepare.ts'
import { raw } from './raw.ts'
import { select } from './select.ts'
import { setOperation } from './set-operation.ts'
import { subquery } from './subquery.ts'
import { update } from './update.ts'
import { where } from './where.ts'
import { withCases } from './with.ts'

/** All cases by their clause. */
export const clauses: Readonly<Record<string, readonly Case[]>> = {
  select,
  from,
  where,
  'group by': groupBy,
  'order by': orderBy,
  limit,
  join,
  'set operation': setOperation,
  with: withCases,
  subquery,
  expression,
  function: fn,
  json,
  raw,
  insert,
  update,
  delete: deleteFrom,
  missing,
  prepare,
  method,
  'camel case': camelCase,
}
