import { fromJSON, prepare, toJSON } from '../../src/index.ts'
import { forget, internStats, setCapacity } from '../../src/ir/index.ts'
import { Build, type BuildOptions } from './build.ts'
import { Choice } from './choice.ts'
import { difference, type Expected, expectedRows, givenText } from './compare.ts'
import { Describe } from './describe.ts'
import { undecoded } from './oracle.ts'
import type { Output, Select } from './query.ts'
import type { Any, World, WorldKind } from './world.ts'

/** How many statements have run. */
export const counts = { queries: 0, statements: 0, rows: 0 }

/** One query, built and run in every way there is; each has to give the rows of the oracle. */
export class Differential {
  readonly #world: World
  readonly #query: Select
  readonly #style: readonly number[]
  readonly #expected: Expected
  readonly #other: Expected
  /** How often the intern table had started afresh: equal calls give one shape as long as it does not. */
  readonly #flushes = internStats().flushes

  constructor(world: World, numbers: readonly number[], style: readonly number[]) {
    this.#world = world
    this.#query = new Describe(numbers).query()
    this.#style = style
    this.#expected = expectedRows(this.#query, world.content, 'value')
    this.#other = expectedRows(this.#query, world.content, 'other')
  }

  async run(): Promise<void> {
    counts.queries++
    const { node } = this.#world.db
    const first = this.#build('node')
    await this.#check('node:sqlite', first)
    await this.#check('better-sqlite3', this.#build('better'))
    await this.#check('without the plan cache', this.#build('uncached'))
    await this.#check('calls of another form', this.#build('node', {}, 1))
    await this.#otherArguments(first)
    await this.#prepared(node)
    await this.#check(
      'from JSON',
      (fromJSON as Any)(node, JSON.parse(JSON.stringify(toJSON(first))), { trustText: true }),
    )
    await this.#shared()
    await this.#read(first)
    await this.#forgotten(first)
  }

  /** A query; the same `form` of the same kind of database is the same calls. */
  #build(kind: WorldKind, options: Partial<BuildOptions> = {}, form = 0): Any {
    return this.#builder(kind, options, form).select(this.#query)
  }

  #builder(kind: WorldKind, options: Partial<BuildOptions> = {}, form = 0): Build {
    const style = form === 0 ? this.#style : [...this.#style].reverse()
    return new Build(this.#world.db[kind], { style: new Choice(style), ...options })
  }

  /** The same shape with other arguments, there and back. */
  async #otherArguments(first: Any): Promise<void> {
    const builder = this.#builder('node', { which: 'other' })
    const other = builder.select(this.#query)
    if (!builder.structural) this.#checkShape('other arguments', first, other)
    await this.#check('other arguments', other, this.#other)
    await this.#check('the first arguments again', first)
  }

  async #prepared(db: Any): Promise<void> {
    const value: Record<string, unknown> = {}
    const other: Record<string, unknown> = {}
    const prepared = (which: 'value' | 'other', values: Record<string, unknown>): Any =>
      prepare(db, (slot: Any) => {
        let next = 0
        const keep = (given: unknown): unknown => {
          const name = `p${next++}`
          values[name] = given
          return slot(name)
        }
        return this.#build('node', { which, slot: keep })
      })
    const query = prepared('value', value)
    const second = prepared('other', other)
    await this.#rows('prepared', query, () => query.execute(value), this.#expected.decoded)
    // Rows that come with the query are no parameters.
    const taker = /"k":"(values|list)"/.test(this.#text()) ? second : query
    await this.#rows('prepared, other values', taker, () => taker.execute(other), this.#other.decoded)
  }

  /** Databases that share shapes but not tables, one after the other and back: none may take the plan of another. */
  async #shared(): Promise<void> {
    const names = this.#build('node', { names: true })
    const raw = this.#build('raw', { names: true, raw: true })
    // `is true` is structure, and without a schema it is a number.
    if (!this.#text().includes('"k":"is"')) this.#checkShape('no schema', names, raw)
    const camel = this.#build('camel', { names: true })
    const inSchema = this.#build('inSchema', { names: true })
    for (const round of [1, 2]) {
      await this.#check(`names only, round ${round}`, names)
      await this.#check(`no schema, round ${round}`, raw, this.#expected, true)
      await this.#check(`camel case, round ${round}`, camel)
      await this.#check(`in a schema, round ${round}`, inSchema)
    }
    await this.#check(
      'no schema, other arguments',
      this.#build('raw', { names: true, raw: true, which: 'other' }),
      this.#other,
      true,
    )
    await this.#check('camel case, other arguments', this.#build('camel', { names: true, which: 'other' }), this.#other)
  }

  /** The other ways to read rows. */
  async #read(query: Any): Promise<void> {
    const rows = this.#expected.decoded
    await this.#rows('stream', query, async () => Array.fromAsync(query.stream(2)), rows)
    const compiled = query.compile()
    const plain = async (): Promise<unknown[]> => (await this.#world.db.better.executeQuery(compiled)).rows
    await this.#rows('compiled', query, plain, this.#expected.decoded)
    const first = await query.executeTakeFirst()
    if ((first === undefined) !== (rows.length === 0)) this.#fail('executeTakeFirst', `gave ${first}`, query)
    if (this.#query.ordered && first !== undefined && givenText(first, this.#query.outputs) !== rows[0])
      this.#fail('executeTakeFirst', givenText(first, this.#query.outputs), query)
  }

  /** After the intern table started afresh, and with so small a table that it does so in the midst of a query. */
  async #forgotten(first: Any): Promise<void> {
    const choice = new Choice(this.#style)
    if (!choice.flip(25)) return
    if (choice.flip(50)) forget()
    else setCapacity(3 + choice.int(40))
    try {
      await this.#check('what was built before the table was forgotten', first)
      await this.#check('after the table was forgotten', this.#build('node'))
      await this.#otherArguments(this.#build('node'))
    } finally {
      setCapacity(10_000)
    }
  }

  async #check(label: string, query: Any, expected = this.#expected, raw = false): Promise<void> {
    const { outputs } = this.#query
    if (raw) await this.#rows(label, query, () => query.execute(), expected.undecoded, undecoded(outputs))
    else await this.#rows(label, query, () => query.execute(), expected.decoded)
  }

  async #rows(
    label: string,
    query: Any,
    run: () => Promise<unknown>,
    expected: readonly string[],
    outputs: readonly Output[] = this.#query.outputs,
  ): Promise<void> {
    counts.statements++
    let rows: unknown[]
    try {
      rows = (await run()) as unknown[]
    } catch (cause) {
      return this.#fail(label, String(cause), query)
    }
    counts.rows += rows.length
    const found = difference(
      this.#query,
      expected,
      rows.map((row) => givenText(row, outputs)),
    )
    if (found !== undefined) this.#fail(label, found, query)
  }

  #fail(label: string, what: string, query: Any): never {
    let text = ''
    try {
      const { sql, parameters } = query.compile()
      text = `${sql}\n${JSON.stringify(parameters, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))}`
    } catch (error) {
      text = String(error)
    }
    throw new Error(`${label}: ${what}\n\n${text}\n\n${this.#text()}`)
  }

  #checkShape(label: string, first: Any, other: Any): void {
    if (other.shape === first.shape || internStats().flushes !== this.#flushes) return
    this.#fail(label, 'equal calls with other values have another shape', other)
  }

  #text(): string {
    return JSON.stringify(this.#query, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))
  }
}
