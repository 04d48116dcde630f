import { refuse, show } from '../error/index.ts'
import { type Kinds, type Node, node, start } from '../ir/index.ts'
import { detached, extend } from './chain.ts'
import { literal } from './expression.ts'
import { listOf, valueOf } from './operand.ts'
import { built, identifier, indexed, madeBy, PartBuilder } from './schema-part.ts'

/** `p => p.range(['2024-01-01'], ['2025-01-01'])`: the rows of a partition. */
export class PartitionBoundsBuilder extends PartBuilder<'bounds'> {
  in(values: unknown): PartitionBoundsBuilder {
    return this.#bounds('in', values, undefined)
  }

  range(from: unknown, to: unknown): PartitionBoundsBuilder {
    return this.#bounds('range', from, to)
  }

  lessThan(values: unknown): PartitionBoundsBuilder {
    return this.#bounds('less than', values, undefined)
  }

  hash(modulus: unknown, remainder: unknown): PartitionBoundsBuilder {
    const fits = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0
    if (!fits(modulus) || !fits(remainder) || (remainder as number) >= (modulus as number))
      refuse(
        `hash(${show(modulus)}, ${show(remainder)}) takes a number of partitions, and which of them it is, from 0.`,
      )
    return extend(extend(this, 'style', 'hash'), 'from', listOf([literal(modulus), literal(remainder)]))
  }

  default(): PartitionBoundsBuilder {
    return extend(this, 'style', 'default')
  }

  #bounds(style: Kinds['bounds']['style'], from: unknown, to: unknown): PartitionBoundsBuilder {
    const args: unknown[] = []
    const first = valuesOf(from, args, style)
    const bounds = extend(extend(this, 'style', style), 'from', first, args)
    if (to === undefined) return bounds
    const more: unknown[] = []
    return extend(bounds, 'to', valuesOf(to, more, style), more)
  }
}

function valuesOf(values: unknown, args: unknown[], method: string): Node {
  if (!Array.isArray(values) || values.length === 0)
    return refuse(`The bounds of a partition (${method}) are an array of values, not ${show(values)}.`)
  return listOf(Array.from(values, (value) => valueOf(value, args, 'A bound of a partition')))
}

/** The rows of a partition; their values go to `args`. */
export function partitionBounds(build: unknown, args: unknown[], method: string): Node {
  const made = madeBy(new PartitionBoundsBuilder(start('bounds'), [], detached), build, method)
  if (made.shape.before === undefined)
    refuse(`${method}() says not which rows. Use in(…), range(…), hash(…) or default().`)
  for (const arg of made.args) args.push(arg)
  return built(made.shape)
}

/** `p => p.partition('old', (rows) => rows.lessThan([2020]))`: the parts of a table that defines them itself. */
export class PartitioningBuilder extends PartBuilder<'partitioning'> {
  partition(name: string, rows: unknown): PartitioningBuilder {
    const args: unknown[] = []
    const bounds = partitionBounds(rows, args, 'partition')
    const part = node({ kind: 'partition', name: identifier(name, 'a partition'), bounds })
    return extend(this, 'partitions', part, args)
  }

  partitions(count: unknown): PartitioningBuilder {
    if (!Number.isInteger(count) || (count as number) < 1)
      refuse(`partitions(${show(count)}) takes how many there are.`)
    return extend(this, 'count', count)
  }
}

const STYLES: readonly unknown[] = ['range', 'list', 'hash']

/** How the rows of a table are parted; values go to `args`. */
export function partitioning(style: unknown, columns: unknown, build: unknown, args: unknown[]): Node {
  if (!STYLES.includes(style)) refuse(`partitionBy(${show(style)}): rows are parted by range, list or hash.`)
  if (!Array.isArray(columns) || columns.length === 0)
    return refuse(`partitionBy(…, ${show(columns)}) takes an array with the name of one column or more.`)
  const parts = listOf(Array.from(columns, (column) => indexed(column, args)))
  const shape = start('partitioning').step('style', style).step('columns', parts)
  const made = madeBy(new PartitioningBuilder(shape, [], detached), build, 'partitionBy')
  for (const arg of made.args) args.push(arg)
  return built(made.shape)
}
