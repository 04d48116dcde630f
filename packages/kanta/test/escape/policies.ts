import { any, equal, isNull, literal, type TablePolicy, tablePolicy } from '../../src/guard/index.ts'
import { KantaError } from '../../src/index.ts'
import { nodeWith } from '../../src/run/index.ts'
import type { TableName } from '../props/query.ts'
import type { Cell, Content, Row } from '../props/world.ts'

/** A policy twice over: as the guard enforces it, and as plain functions of rows, by which the oracle goes. */
export interface Declared {
  readonly policy: TablePolicy
  visible(table: TableName, row: Row, content: Content): boolean
  /** What it demands of rows that are written. */
  allows?(table: TableName, row: Row): boolean
  /** The column that it writes into new rows, and with what. */
  readonly stamps?: Readonly<Record<TableName, { readonly column: string; readonly value: Cell }>>
  /** What a delete sets. */
  readonly marks?: Readonly<Record<TableName, { readonly column: string; readonly value: boolean | Date }>>
  /** The column that nobody reads. */
  readonly secret?: { readonly table: TableName; readonly column: string }
}

/** Turns the policies off, for who looks at what is really there. */
export const everything = Object.freeze({ name: 'everything' })

const tables: readonly TableName[] = ['item', 'owner', 'tag']
const opens = (held: object): boolean => held === everything
const all = <T>(item: T, owner: T, tag: T): Readonly<Record<TableName, T>> => ({ item, owner, tag })
const nameOf = (name: string): TableName => tables.find((table) => table === name) ?? unknown(name)

function unknown(name: string): never {
  throw new KantaError('policy', `The table '${name}' is unknown.`)
}

const MARKED = new Date('2030-01-01T00:00:00.000Z')
const marks = all<{ column: string; value: boolean | Date }>(
  { column: 't', value: MARKED },
  { column: 'flag', value: true },
  { column: 'at', value: MARKED },
)

/** As soft delete: rows with a mark are not there, and a delete marks. */
const gone: Declared = {
  policy: tablePolicy({
    name: 'gone',
    tables,
    opens,
    rule: (table) => {
      const { column, value } = marks[nameOf(table.name)]
      return {
        sees: (row) => isNull(row(column)),
        deletes: { [column]: { value: (_, runValues) => runValues.value(() => value), userValue: 'refuse' } },
      }
    },
  }),
  visible: (table, row) => row[marks[table].column] === null,
  marks,
}

const tenantColumns = all('n', 'n', 'itemId')

/** As tenants: rows of the context's tenant, which new rows get. */
const tenant: Declared = {
  policy: tablePolicy({
    name: 'tenant',
    tables,
    opens,
    rule: (table) => {
      const column = tenantColumns[nameOf(table.name)]
      return {
        sees: (row, _, runValues) => equal(row(column), runValues.context('tenant')),
        checks: (row, _, runValues) => equal(row(column), runValues.context('tenant')),
        inserts: { [column]: { value: (_, runValues) => runValues.context('tenant'), userValue: 'same' } },
      }
    },
  }),
  visible: (table, row) => row[tenantColumns[table]] === 1,
  allows: (table, row) => row[tenantColumns[table]] === 1,
  stamps: all({ column: 'n', value: 1 }, { column: 'n', value: 1 }, { column: 'itemId', value: 1 }),
}

/** As row-level security: conditions over several columns, and over another table, of which the rows count that are there. */
const rows: Declared = {
  policy: tablePolicy({
    name: 'rows',
    tables,
    opens,
    rule: (table) => {
      const name = nameOf(table.name)
      if (name === 'item') {
        return {
          sees: (row, _, runValues) =>
            any([
              equal(
                row('b'),
                runValues.value(() => true),
              ),
              {
                kind: 'unary',
                op: 'exists',
                operand: runValues.applyPolicies(
                  nodeWith('select', {
                    items: [literal(1)],
                    from: [
                      {
                        kind: 'alias',
                        operand: { kind: 'table', schema: undefined, name: 'owner', definition: undefined },
                        name: 'kanta_owner',
                        columns: undefined,
                      },
                    ],
                    where: [
                      equal({ kind: 'ref', schema: undefined, table: 'kanta_owner', column: 'id' }, row('ownerId')),
                    ],
                  }),
                ),
              },
            ]),
          checks: (row) => ({ kind: 'binary', left: row('n'), op: '>=', right: literal(0) }),
        }
      }
      if (name === 'owner') {
        return {
          sees: (row, _, runValues) =>
            any([
              isNull(row('s')),
              {
                kind: 'binary',
                left: row('s'),
                op: 'in',
                right: runValues.list((context) => context.words as string[]),
              },
            ]),
          checks: (row) => ({ kind: 'binary', left: row('s'), op: '<>', right: literal('B') }),
        }
      }
      return {
        sees: (row, _, runValues) =>
          any([isNull(row('n')), { kind: 'binary', left: row('n'), op: '<>', right: runValues.value(() => 'a') }]),
      }
    },
  }),
  visible: (table, row, content) => {
    if (table === 'item') return row.b === 1 || content.owner.some((owner) => owner.id === row.ownerId)
    if (table === 'owner') return row.s === null || WORDS.includes(row.s as string)
    return row.n === null || row.n !== 'a'
  },
  allows: (table, row) => {
    if (table === 'item') return row.n !== null && (row.n as number) >= 0
    return table === 'tag' || (row.s !== null && row.s !== 'B')
  },
}

export const WORDS: readonly string[] = ['a', '', 'ab', 'é']

/** A column that nobody reads, and so no row as a whole. */
const column: Declared = {
  policy: tablePolicy({
    name: 'column',
    tables,
    opens,
    rule: (table) =>
      nameOf(table.name) === 'owner'
        ? {
            column: (name, use) => {
              if (use === 'read' && (name === '*' || name.toLowerCase() === 'g'))
                throw new KantaError('policy', `'owner.${name}' is secret.`)
            },
          }
        : undefined,
  }),
  visible: () => true,
  secret: { table: 'owner', column: 'g' },
}

export const declared: Readonly<Record<string, readonly Declared[]>> = {
  gone: [gone],
  tenant: [tenant],
  rows: [rows],
  column: [column],
  all: [gone, tenant, rows],
}
