import { refuse, show } from '../error/index.ts'
import { type Node, node, start } from '../ir/index.ts'
import { detached, extend } from './chain.ts'
import { Expr, ExprChain } from './expression.ts'
import { given, type Operand, reference } from './operand.ts'

const OPERATORS = ['->', '->>', '->$', '->>$']

/** A walk into a JSON document: `eb.ref('meta', '->').key('tags').at(0)`. */
export class JsonPathBuilder extends ExprChain<'jsonPath'> {
  key(name: string): JsonPathBuilder {
    if (typeof name !== 'string') refuse(`key(${show(name)}): a key is a string; at() takes a position.`)
    return extend(this, 'legs', node({ kind: 'jsonLeg', leg: 'key', value: name }))
  }

  at(position: number | string): JsonPathBuilder {
    const fits =
      Number.isSafeInteger(position) ||
      position === 'last' ||
      (typeof position === 'string' && /^#-\d+$/.test(position))
    if (!fits) refuse(`at(${show(position)}): a position is a whole number, 'last' or '#-n'.`)
    return extend(this, 'legs', node({ kind: 'jsonLeg', leg: 'at', value: position }))
  }
}

/** Starts a walk at a column, or a bare path for JSON functions. */
export function jsonPath(column: unknown, operator: unknown): JsonPathBuilder {
  if (!OPERATORS.includes(operator as string)) {
    refuse(`${show(operator)} is not a JSON operator. Use one of ${OPERATORS.join(', ')}.`)
  }
  const args: unknown[] = []
  let shape = start('jsonPath').step('operator', operator)
  if (column !== undefined)
    shape = start('jsonPath').step('operand', reference(column, args)).step('operator', operator)
  return new JsonPathBuilder(shape, args, detached)
}

/** The rows of a query, or its one row, as a value. */
export function jsonRows(query: Operand, single: boolean): Expr {
  const args: unknown[] = []
  const rows = given(query, args) ?? refuse('A JSON helper takes a query.')
  return new Expr(node({ kind: 'jsonRows', query: rows, single, required: undefined }), args)
}

/**
 * The rows of a subquery as one JSON array; decoded, column by column, when the row is read.
 *
 * @example
 * ```ts
 * db.selectFrom('country').select((eb) => [
 *   'country.name',
 *   jsonArrayFrom(eb.selectFrom('city').select(['city.name']).whereRef('city.country', '=', 'country.cca2')).as('cities'),
 * ])
 * ```
 */
export function jsonArrayFrom(query: Operand): Expr {
  return jsonRows(query, false)
}

/** The one row of a subquery as a JSON object, or null where it has none. */
export function jsonObjectFrom(query: Operand): Expr {
  return jsonRows(query, true)
}

/** A JSON object of named expressions. */
export function jsonBuildObject(parts: Readonly<Record<string, unknown>>): Expr {
  const args: unknown[] = []
  const keys = typeof parts === 'object' && parts !== null && !Array.isArray(parts) ? Object.keys(parts) : []
  if (keys.length === 0) refuse(`jsonBuildObject(${show(parts)}) takes an object of keys and expressions.`)
  const values: Node[] = keys.map((key) => reference(parts[key], args))
  return new Expr(node({ kind: 'jsonObject', keys, values, tag: undefined, required: undefined }), args)
}
