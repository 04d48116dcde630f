import { fromJSON, KantaError, toJSON } from '../../src/index.ts'
import { Build } from '../props/build.ts'
import { Choice } from '../props/choice.ts'
import { difference, expectedRows, givenText, textOf } from '../props/compare.ts'
import { Describe } from '../props/describe.ts'
import { plainRow, portable, type Tally } from '../props/engine-query.ts'
import type { Select } from '../props/query.ts'
import type { Any, Content } from '../props/world.ts'
import { declared, everything } from './policies.ts'
import { type Hiding, visibleOf } from './worlds.ts'

/** A query of a database with policies, which has to give what it gives where the hidden rows do not exist. */
export class Read {
  readonly #world: Hiding
  readonly #policies: string
  readonly #query: Select
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
    this.#policies = policies
    const { dialect } = world.place
    const query = new Describe(numbers).query()
    this.#query = dialect === 'sqlite' ? query : portable(query, dialect)
    this.#style = style
    this.#tally = tally
    this.#known = known
  }

  async run(): Promise<void> {
    // MariaDB 11 loses rows where a window is ordered by a column of the query around it.
    if (this.#world.place.dialect === 'mariadb' && hasOuterWindow(this.#query, [])) return
    const content = visibleOf(this.#world.content, declared[this.#policies]!)
    const expected = this.#expected(content)
    const db = this.#world.guarded(this.#policies)
    const built = new Build(db, { style: new Choice(this.#style), noText: true }).select(this.#query)
    if (!(await this.#check('executed', built, expected))) return
    const again = new Choice(this.#style).int(3)
    if (again === 1) {
      const stored = (fromJSON as Any)(db, JSON.parse(JSON.stringify(toJSON(built))), { trustText: true })
      await this.#check('from JSON', stored, expected)
    } else if (again === 2) {
      await db.transaction().execute(async (trx: Any) => {
        const within = new Build(trx, { style: new Choice(this.#style), noText: true }).select(this.#query)
        await this.#check('in a transaction', within, expected)
      })
    }
  }

  #expected(content: Content): readonly string[] {
    return expectedRows(this.#query, content, 'value', this.#world.place.dialect !== 'sqlite').decoded
  }

  async #check(label: string, query: Any, expected: readonly string[]): Promise<boolean> {
    let rows: readonly Any[]
    try {
      rows = await query.execute()
    } catch (error) {
      if (this.#mayRefuse(error)) return false
      if (error instanceof KantaError && error.code === 'unsupported') {
        this.#tally.count('unsupported')
        return false
      }
      const known = this.#known.find((pattern) => pattern.test(String(error)))
      if (known === undefined && (await this.#failsAnyway(error))) {
        this.#tally.count(String(error).replace(/"[^"]*"/g, '…'))
        return false
      }
      if (known === undefined) return this.#fail(label, String(error), query)
      this.#tally.count(known.source)
      return false
    }
    if (this.#readsSecret()) this.#fail(label, 'the rows depend on a column that is secret', query)
    this.#tally.rows += rows.length
    this.#tally.compared++
    const { outputs } = this.#query
    const given = rows.map((row) =>
      this.#world.place.dialect === 'sqlite' ? givenText(row, outputs) : textOf(plainRow(row, outputs)),
    )
    const found = difference(this.#query, expected, given)
    if (found === undefined) return true
    if (await this.#isFaultOfDatabase(expected)) {
      this.#tally.count('a fault of the database')
      return false
    }
    return this.#fail(label, found, query)
  }

  /** Whether it fails without policies, too. */
  async #failsAnyway(error: unknown): Promise<boolean> {
    const open = this.#world.guarded(this.#policies).unscoped(everything, 'to compare')
    const other = await new Build(open, { style: new Choice(this.#style), noText: true })
      .select(this.#query)
      .execute()
      .catch((cause: unknown) => cause)
    return error instanceof KantaError && other instanceof KantaError && other.code === error.code
  }

  /** Whether it gives other rows than the oracle where no policy is in force and the hidden rows do not exist. */
  async #isFaultOfDatabase(expected: readonly string[]): Promise<boolean> {
    const { dialect } = this.#world.place
    if (dialect === 'sqlite') return false
    const twin = await this.#world.twin(this.#policies)
    const rows: readonly Any[] = await new Build(twin, { style: new Choice(this.#style), noText: true })
      .select(this.#query)
      .execute()
    const given = rows.map((row) => textOf(plainRow(row, this.#query.outputs)))
    return difference(this.#query, expected, given) !== undefined
  }

  /** Whether a policy may refuse it: only where it has the name of a secret column, or whole rows. */
  #mayRefuse(error: unknown): boolean {
    const { secret } = declared[this.#policies]!.find((one) => one.secret !== undefined) ?? {}
    if (secret === undefined || !(error instanceof KantaError) || error.code !== 'policy') return false
    const text = this.#text()
    const may = text.includes(`"name":"${secret.column}"`) || text.includes('"k":"star"')
    if (may) this.#tally.count('secret')
    return may
  }

  /** Whether the rows are others where only the secret column is another. */
  #readsSecret(): boolean {
    const { secret } = declared[this.#policies]!.find((one) => one.secret !== undefined) ?? {}
    if (secret === undefined) return false
    const { content } = this.#world
    const changed = (value: number): Content => ({
      ...content,
      [secret.table]: content[secret.table].map((row, i) => ({ ...row, [secret.column]: value + i })),
    })
    return JSON.stringify(this.#expected(changed(777_000))) !== JSON.stringify(this.#expected(changed(999_000)))
  }

  #text(): string {
    return JSON.stringify(this.#query, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))
  }

  #fail(label: string, what: string, query: Any): never {
    let text = ''
    try {
      text = query.compile().sql
    } catch (error) {
      text = String(error)
    }
    throw new Error(`${this.#policies}, ${label}: ${what}\n\n${text}\n\n${this.#text()}`)
  }
}

/** Whether a window is ordered or parted by what is no column of its own query. */
function hasOuterWindow(part: unknown, own: readonly string[]): boolean {
  if (Array.isArray(part)) return part.some((item) => hasOuterWindow(item, own))
  if (typeof part !== 'object' || part === null) return false
  const sources =
    'from' in part && 'joins' in part
      ? [...(part as Select).from, ...(part as Select).joins.map((join) => join.source)].map(({ alias }) => alias)
      : own
  if ('k' in part && part.k === 'window') {
    const named = JSON.stringify(part, (_, value) => (typeof value === 'bigint' ? String(value) : value))
    if ([...named.matchAll(/"source":"(\w+)"/g)].some(([, source]) => !sources.includes(source!))) return true
  }
  return Object.values(part).some((value) => hasOuterWindow(value, sources))
}
