import { KantaError } from '../../src/index.ts'
import { Build } from '../props/build.ts'
import { BuildWrite } from '../props/build-write.ts'
import { Choice } from '../props/choice.ts'
import { givenText, textOf } from '../props/compare.ts'
import { plainRow, portable, type Tally } from '../props/engine-query.ts'
import { decoded } from '../props/oracle.ts'
import type { Expr, Select, TableName } from '../props/query.ts'
import { type Any, type Cell, type Content, encode, outputsOf, type Row, tableNames } from '../props/world.ts'
import { type Conflict, type Write as Described, DescribeWrite, isExpr } from '../props/write.ts'
import { type Outcome, WriteOracle } from '../props/write-oracle.ts'
import { type Declared, declared, everything } from './policies.ts'
import { type Hiding, visibleOf } from './worlds.ts'

/** What a write should come to: the rows of its table, or a refusal. */
type Expected = { readonly outcome: Outcome; readonly rows: readonly Row[] } | 'refused'

type Insert = Extract<Described, { k: 'insert' }>

/** A write of a database with policies: hidden rows stay as they are, visible ones become what the oracle says. */
export class Write {
  readonly #world: Hiding
  readonly #policies: readonly Declared[]
  readonly #name: string
  readonly #write: Described
  readonly #style: readonly number[]
  readonly #tally: Tally
  readonly #known: readonly RegExp[]

  constructor(
    world: Hiding,
    policies: string,
    known: readonly RegExp[],
    tally: Tally,
    numbers: readonly number[],
    style: readonly number[],
  ) {
    this.#world = world
    this.#name = policies
    this.#policies = declared[policies]!
    this.#write = forDialect(new DescribeWrite(numbers).write(), world.place.dialect)
    this.#style = style
    this.#tally = tally
    this.#known = known
  }

  async run(): Promise<void> {
    const expected = this.#expected()
    const trx: Any = await this.#world.guarded(this.#name).startTransaction().execute()
    let query: Any
    try {
      query = this.#build(trx)
      await this.#check(expected, query, trx)
    } catch (cause) {
      if (await this.#isFaultOfDatabase()) return this.#tally.count('a fault of the database')
      const text = JSON.stringify(this.#write, (_, v) => (typeof v === 'bigint' ? `${v}n` : v))
      throw new Error(`${this.#name}: ${String(cause)}\n${textOfQuery(query)}\n${text}`, { cause })
    } finally {
      if (!trx.isRolledBack) await trx.rollback().execute()
    }
  }

  /** Whether MariaDB does otherwise than the oracle where no policy is in force and the hidden rows do not exist. */
  async #isFaultOfDatabase(): Promise<boolean> {
    if (this.#world.place.dialect !== 'mariadb' || this.#write.k === 'insert') return false
    const { changes } = new WriteOracle(visibleOf(this.#world.content, this.#policies), 'value', true).outcome(
      this.#write,
    )
    const trx: Any = await (await this.#world.twin(this.#name)).startTransaction().execute()
    const [result] = await this.#build(trx).execute()
    await trx.rollback().execute()
    return changes !== Number(result.numInsertedOrUpdatedRows ?? result.numUpdatedRows ?? result.numDeletedRows)
  }

  async #check(expected: Expected, query: Any, trx: Any): Promise<void> {
    let rows: Any[]
    try {
      rows = await query.execute()
    } catch (error) {
      return this.#checkRefusal(error, expected, trx)
    }
    if (expected === 'refused') throw new Error('it should have been refused')
    this.#tally.compared++
    this.#tally.rows += expected.outcome.changes
    this.#returned(expected.outcome, rows)
    const seen = trx.unscoped(everything, 'to see what is there')
    for (const name of tableNames) {
      const after = name === this.#write.table ? expected.rows : this.#world.content[name]
      const outputs = outputsOf(name)
      const texts = decoded(
        outputs,
        after.map((row) => outputs.map((output) => row[output.name]!)),
      ).map(textOf)
      same(`the table ${name}`, texts.sort(), await this.#content(seen, name))
    }
  }

  async #checkRefusal(error: unknown, expected: Expected, trx: Any): Promise<void> {
    const known = this.#known.find((pattern) => pattern.test(String(error)))
    const code = error instanceof KantaError ? error.code : undefined
    if (known !== undefined) this.#tally.count(known.source)
    else if (code === 'unsupported') this.#tally.count('unsupported')
    else if (expected === 'refused' && (code === 'policy' || code === 'unique_violation')) this.#tally.count(code)
    else if (code === 'policy' && this.#mayRefuse()) this.#tally.count('secret or star')
    else if (await this.#failsAnyway(error, trx)) this.#tally.count(String(error).replace(/"[^"]*"/g, '…'))
    else throw error
  }

  /** Whether it fails without policies, too. */
  async #failsAnyway(error: unknown, trx: Any): Promise<boolean> {
    await trx.rollback().execute()
    const again = await this.#world.guarded(this.#name).unscoped(everything, 'to compare').startTransaction().execute()
    const other = await this.#build(again)
      .execute()
      .catch((cause: unknown) => cause)
    await again.rollback().execute()
    return error instanceof KantaError && other instanceof KantaError && other.code === error.code
  }

  /** What policies refuse although the oracle has rows for it: text of a secret column, and rows without names. */
  #mayRefuse(): boolean {
    const text = JSON.stringify(this.#write, (_, v) => (typeof v === 'bigint' ? `${v}n` : v))
    const { secret } = this.#policies.find((one) => one.secret !== undefined) ?? {}
    if (secret !== undefined)
      return text.includes(`"name":"${secret.column}"`) || text.includes('"k":"star"') || text.includes('"k":"all"')
    if (this.#write.k === 'insert query') return true
    // The policy cannot know what an expression or a default gives.
    return this.#write.k === 'insert'
  }

  #returned({ outputs, returned, changes }: Outcome, rows: Any[]): void {
    if (this.#write.returning === undefined) {
      const [result] = rows
      const given = result.numInsertedOrUpdatedRows ?? result.numUpdatedRows ?? result.numDeletedRows
      // MySQL counts a row twice that it updates in place of an insert.
      if (this.#world.place.dialect !== 'mariadb' || this.#write.k !== 'insert')
        same('changes', [String(changes)], [String(given)])
      return
    }
    const given = rows.map((row) =>
      this.#world.place.dialect === 'sqlite' ? givenText(row, outputs) : textOf(plainRow(row, outputs)),
    )
    same('returned', decoded(outputs, returned).map(textOf).sort(), given.sort())
  }

  async #content(db: Any, name: TableName): Promise<string[]> {
    const rows: Any[] = await db.selectFrom(name).selectAll().execute()
    return rows.map(textOf).sort()
  }

  #build(db: Any): Any {
    const options = { style: new Choice(this.#style), noText: true }
    const write = this.#write
    if (this.#world.place.dialect !== 'mariadb' || write.k !== 'insert' || typeof write.or !== 'object')
      return new BuildWrite(db, options).write(write)
    const build = new Build(db, options)
    const sets = Object.fromEntries(write.or.sets.map(({ column, value }) => [column, build.plain(value)]))
    return new BuildWrite(db, options).write({ ...write, or: undefined }).onDuplicateKeyUpdate(sets)
  }

  #expected(): Expected {
    const content = visibleOf(this.#world.content, this.#policies)
    const write = this.#stamped()
    if (write === undefined) return 'refused'
    const hidden = this.#world.content[write.table].filter((row) => !content[write.table].includes(row))
    const done = write.k === 'insert' ? this.#withoutHidden(write, hidden, content) : write
    if (done === undefined) return 'refused'
    const outcome = new WriteOracle(content, 'value', this.#world.place.dialect !== 'sqlite').outcome(done)
    if (outcome.rows === undefined) return 'refused'
    const changed = outcome.rows.filter((row) => !content[write.table].includes(row))
    // A delete that marks is none of the updates that policies check.
    if (this.#write.k !== 'delete' && !changed.every((row) => this.#allows(row))) return 'refused'
    return { outcome, rows: [...hidden, ...outcome.rows] }
  }

  #allows(row: Row): boolean {
    return this.#policies.every((one) => one.allows?.(this.#write.table, row) ?? true)
  }

  /** The write as the policies make it; undefined where they refuse it. */
  #stamped(): Described | undefined {
    const write = this.#write
    const marks = this.#policies.find((one) => one.marks !== undefined)?.marks?.[write.table]
    const stamp = this.#policies.find((one) => one.stamps !== undefined)?.stamps?.[write.table]
    if (write.k === 'delete' && marks !== undefined) {
      const { value } = marks
      const set = { column: marks.column, value: { k: 'value', type: 'time', pair: { value, other: value } } } as const
      return { ...write, k: 'update', sets: [set], from: undefined }
    }
    if (write.k === 'insert' && stamp !== undefined) {
      const wrong = write.rows.some((row) => {
        const given = row[stamp.column]
        const value = isExpr(given) && given.k === 'value' ? given.pair.value : given
        return value !== undefined && (isExpr(value) || value === null || encode(value) !== stamp.value)
      })
      if (wrong) return undefined
      return { ...write, rows: write.rows.map((row) => ({ ...row, [stamp.column]: stamp.value as number })) }
    }
    if (write.k === 'insert query' && stamp !== undefined) {
      const at = write.columns.indexOf(stamp.column)
      // Rows of a query that compares them are looked at one by one.
      if (!isPlain(write.query))
        return at < 0
          ? { ...write, columns: [...write.columns, stamp.column], query: withStamp(write.query, write.columns.length) }
          : write
      if (at >= 0 && !givesItself(write.query, at, stamp.column)) return undefined
      const columns = at < 0 ? [...write.columns, stamp.column] : write.columns
      return { ...write, columns, query: withStamp(write.query, at < 0 ? write.columns.length : at) }
    }
    return write
  }

  /** The insert without rows that hidden ones are in the way of; undefined where those make it fail. */
  #withoutHidden(write: Insert, hidden: readonly Row[], content: Content): Insert | undefined {
    const oracle = new WriteOracle(content, 'value', this.#world.place.dialect !== 'sqlite')
    const made = write.rows.map((row): Row => {
      const { rows } = oracle.outcome({ ...write, rows: [row], or: 'replace', returning: undefined })
      return rows!.find((one) => !content[write.table].includes(one))!
    })
    if (!made.every((row) => this.#allows(row))) return undefined
    const inTheWay = (at: number): boolean =>
      made[at]!.id !== undefined && hidden.some((row) => (row.id as Cell) === made[at]!.id)
    if (!write.rows.some((_, i) => inTheWay(i))) return write
    if (write.or !== 'ignore' && write.or !== 'nothing') return undefined
    const rows = write.rows.filter((_, i) => !inTheWay(i))
    return { ...write, rows }
  }
}

function isPlain(query: Select): boolean {
  const compares = query.setOperations.length > 0 || query.distinct
  return !compares && !query.items.some((item) => item.k === 'star')
}

/** Whether each part of a query gives the tenant of the context, or the column itself, which the policy has seen to. */
function givesItself(query: Select, at: number, column: string): boolean {
  const item = query.items[at]
  const of = item?.k === 'expr' ? item.of : undefined
  const own = (of?.k === 'column' && of.name === column) || (of?.k === 'value' && of.pair.value === 1)
  return own && query.setOperations.every((operation) => givesItself(operation.query, at, column))
}

/** The same query with the tenant of the context in one place. */
function withStamp(query: Select, at: number): Select {
  const of: Expr = { k: 'value', type: 'int', pair: { value: 1, other: 1 } }
  const name = query.outputs[at]?.name ?? 'stamp'
  const put = <T>(items: readonly T[], item: T): readonly T[] =>
    at < items.length ? items.with(at, item) : [...items, item]
  return {
    ...query,
    items: put(query.items, { k: 'expr', of, name, aliased: true }),
    outputs: put(query.outputs, { name, type: 'int', read: undefined }),
    setOperations: query.setOperations.map((operation) => ({ ...operation, query: withStamp(operation.query, at) })),
  }
}

/** The same write in the forms that a database has. */
function forDialect(write: Described, dialect: Hiding['place']['dialect']): Described {
  const known = write.k === 'insert' && write.or === 'replace' ? { ...write, or: undefined } : write
  // Whether a mean is whole depends on the rows that are there; a column of integers takes no other.
  if (dialect === 'sqlite') return portable(known, 'sqlite' as never)
  const made = portable(known, dialect)
  if (made.k === 'insert') {
    const { or } = made
    const other = dialect === 'postgres' ? (or === 'ignore' ? 'nothing' : or) : or === 'nothing' ? 'ignore' : or
    const conflict: Insert['or'] =
      dialect === 'mariadb' && typeof other === 'object' ? ({ ...other, where: [] } as Conflict) : other
    return { ...made, or: conflict, ...(dialect === 'mariadb' ? { returning: undefined } : {}) }
  }
  // PostgreSQL gives the columns of both tables.
  const both = made.k === 'update' && made.from !== undefined && made.returning?.k === 'all'
  return dialect === 'mariadb' || both ? { ...made, returning: undefined } : made
}

function same(what: string, expected: readonly string[], actual: readonly string[]): void {
  if (expected.length === actual.length && expected.every((row, i) => row === actual[i])) return
  throw new Error(`${what}: expected\n${expected.join('\n')}\nbut got\n${actual.join('\n')}`)
}

function textOfQuery(query: Any): string {
  try {
    return query.compile().sql
  } catch (error) {
    return String(error)
  }
}
