import { checkOptions, refuse } from '../error/index.ts'
import { node, type Shape, start } from '../ir/index.ts'
import { changed, checkName, detached, extend, jsonRows, provideRelated, SelectBuilder, show } from '../sql/index.ts'

/** Gives queries `include()` and expression builders `related()`. */
export function provideRelations(): void {
  Object.defineProperty(SelectBuilder.prototype, 'include', { value: include, writable: true, configurable: true })
  provideRelated((relation) => rowsOf(relation, false, {}))
}

type Change = (rows: SelectBuilder) => SelectBuilder

interface Options {
  readonly optional?: boolean
  readonly load?: 'split'
}

/** `include('books')`, `include('books as all', change)`, `include('author', change, { optional: true })` */
function include(this: SelectBuilder, relation: unknown, change?: Change | object, options?: object): SelectBuilder {
  const isChanged = typeof change === 'function'
  const given = isChanged ? options : (options ?? change)
  if (given !== undefined) checkOptions('include()', given, ['optional', 'load'])
  const [name, alias = name, ...more] = checkName(relation, 'a relation').split(AS) as [string, string?]
  if (more.length > 0) refuse(`include(${show(relation)}) gives the relation two other names. Give one.`)
  const all = rowsOf(name, true, (given ?? {}) as Options)
  const query = isChanged ? changed(all, change as Change, 'include') : all
  if (!comesOf(query.shape, all.shape))
    refuse(`The callback of include('${name}') gave another query. Change the one that it gets, and return that.`)
  const rows = jsonRows(query, false)
  return extend(this, 'items', rows.as(alias).node, rows.args)
}

/** Tells whether calls made one shape from the other. */
function comesOf(shape: Shape, from: Shape): boolean {
  for (let at: Shape | undefined = shape; at !== undefined; at = at.before) if (at === from) return true
  return false
}

const AS = / as /i

/** The rows of a relation, for each row of the query around. */
function rowsOf(relation: unknown, included: boolean, { optional = false, load }: Options): SelectBuilder {
  const name = checkName(relation, 'a relation')
  if (load !== undefined && load !== 'split')
    refuse(`include('${name}', …, { load: ${show(load)} }): the only other way to load is 'split'.`)
  const from = node({ kind: 'relation', name, included, optional: optional === true, split: load === 'split' })
  return new SelectBuilder(start('select').step('from', from), [], detached)
}
