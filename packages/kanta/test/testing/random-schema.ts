/** Makes the text of random schemas, for the databases that tests run on. */

export type Sql = 'sqlite' | 'postgres' | 'mariadb'

/** A schema with the tables in the order in which they are created, and how many rows of each are asked for. */
export interface RandomSchema {
  readonly statements: readonly string[]
  readonly rows: Readonly<Record<string, number>>
}

/** A generator of numbers from 0 up to 1 (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Column {
  readonly name: string
  readonly type: 'integer' | 'varchar' | 'boolean' | 'decimal' | 'date' | 'timestamp'
  readonly nullable: boolean
}

interface Made {
  readonly name: string
  readonly key: readonly Column[]
  readonly rows: number
}

const TYPES: Readonly<Record<Column['type'], Readonly<Record<Sql, string>>>> = {
  integer: { sqlite: 'integer', postgres: 'integer', mariadb: 'int' },
  varchar: { sqlite: 'varchar(20)', postgres: 'varchar(20)', mariadb: 'varchar(20)' },
  boolean: { sqlite: 'boolean', postgres: 'boolean', mariadb: 'tinyint(1)' },
  decimal: { sqlite: 'decimal(8, 2)', postgres: 'numeric(8, 2)', mariadb: 'decimal(8, 2)' },
  date: { sqlite: 'date', postgres: 'date', mariadb: 'date' },
  timestamp: { sqlite: 'timestamp', postgres: 'timestamptz', mariadb: 'datetime' },
}

class Maker {
  readonly sql: Sql
  readonly random: () => number
  readonly made: Made[] = []
  readonly statements: string[] = []
  readonly late: string[] = []

  constructor(seed: number, sql: Sql) {
    this.random = randomOf(seed)
    this.sql = sql
  }

  below = (count: number): number => Math.floor(this.random() * count)
  chance = (share: number): boolean => this.random() < share
  pick = <T>(items: readonly T[]): T => items[this.below(items.length)]!

  schema(): RandomSchema {
    const count = 2 + this.below(4)
    for (let n = 0; n < count; n++) this.table(`t${n}`, n === count - 1)
    return {
      statements: [...this.statements, ...this.late],
      rows: Object.fromEntries(this.made.map(({ name, rows }) => [name, rows])),
    }
  }

  column(name: string): Column {
    const type = this.pick([
      'integer',
      'integer',
      'varchar',
      'varchar',
      'boolean',
      'decimal',
      'date',
      'timestamp',
    ] as const)
    return { name, type, nullable: this.chance(0.3) }
  }

  typeOf = ({ type, nullable, name }: Column): string =>
    `${name} ${TYPES[type][this.sql]}${nullable ? '' : ' not null'}`

  table(name: string, isLast: boolean): void {
    const parts: string[] = []
    const constraints: string[] = []
    const columns: Column[] = []
    const own = (column: Column): Column => {
      columns.push(column)
      parts.push(this.typeOf(column))
      return column
    }
    let rows = 3 + this.below(40)
    const key = this.key(own, constraints, (most) => {
      rows = Math.min(rows, most)
    })
    for (let n = this.below(5) + 1; n > 0; n--) own(this.column(`c${columns.length}`))
    const free = columns.filter((column) => column.name.startsWith('c'))
    for (let n = this.below(3); n > 0 && this.made.length > 0; n--) this.reference(name, own, constraints)
    if (this.chance(0.3) && key.length === 1) {
      const nullable = this.chance(0.6)
      const self = own({ ...key[0]!, name: `self${columns.length}`, nullable })
      constraints.push(`foreign key (${self.name}) references ${name} (${key[0]!.name})`)
    }
    for (let n = this.below(4); n > 0; n--) constraints.push(`check (${this.check(free)})`)
    const refs = columns.filter((column) => column.name.startsWith('r'))
    const wide = free.filter(({ type }) => type === 'integer' || type === 'varchar' || type === 'decimal')
    for (let n = this.below(3); n > 0; n--) {
      const of = [
        ...new Set([
          this.pick([...wide, ...wide, ...wide, ...columns]),
          this.pick([...refs, ...free]),
          this.pick(free),
        ]),
      ].map((column) => column.name)
      const listed = of.slice(0, 1 + this.below(3)).join(', ')
      if (this.chance(0.3) && this.sql !== 'mariadb')
        this.late.push(`create unique index ${name}_u${n} on ${name} (${listed}) where ${this.condition(free)}`)
      else constraints.push(`unique (${listed})`)
    }
    this.statements.push(`create table ${name} (${[...parts, ...constraints].join(', ')})`)
    this.made.push({ name, key, rows })
    if (isLast && this.chance(0.5)) this.cycle(key, name)
  }

  key(own: (column: Column) => Column, constraints: string[], limit: (most: number) => void): Column[] {
    const single = this.made.filter((table) => table.key.length === 1)
    const how = this.below(6)
    if (how === 0 && single.length > 0) {
      const parent = this.pick(single)
      const column = own({ ...parent.key[0]!, name: 'id' })
      limit(parent.rows)
      constraints.push('primary key (id)', `foreign key (id) references ${parent.name} (${parent.key[0]!.name})`)
      return [column]
    }
    if (how === 1 && single.length > 0) {
      const [left, right] = [this.pick(single), this.pick(single)]
      const both = [own({ ...left.key[0]!, name: 'left_id' }), own({ ...right.key[0]!, name: 'right_id' })]
      limit(left.rows * right.rows)
      constraints.push(
        'primary key (left_id, right_id)',
        `foreign key (left_id) references ${left.name} (${left.key[0]!.name})`,
        `foreign key (right_id) references ${right.name} (${right.key[0]!.name})`,
      )
      return both
    }
    if (how === 2) {
      const both = [
        own({ name: 'k1', type: this.pick(['integer', 'varchar'] as const), nullable: false }),
        own({ name: 'k2', type: this.pick(['integer', 'varchar', 'date'] as const), nullable: false }),
      ]
      constraints.push('primary key (k1, k2)')
      return both
    }
    const column = own({ name: 'id', type: this.pick(['integer', 'integer', 'varchar'] as const), nullable: false })
    constraints.push('primary key (id)')
    return [column]
  }

  reference(name: string, own: (column: Column) => Column, constraints: string[]): void {
    const target = this.pick(this.made)
    const nullable = this.chance(0.4)
    const prefix = `r${constraints.length}${name}`
    const columns = target.key.map((column, n) => own({ ...column, name: `${prefix}_${n}`, nullable }))
    constraints.push(
      `foreign key (${columns.map((column) => column.name).join(', ')}) references ${target.name} (${target.key.map((column) => column.name).join(', ')})`,
    )
  }

  /** A key of the first table that refers to the last one. */
  cycle(key: readonly Column[], name: string): void {
    const first = this.made[0]!
    if (first.name === name || key.length > 1) return
    const isDeferred = this.sql !== 'mariadb' && this.chance(0.3)
    const column: Column = { ...key[0]!, name: 'cycle_id', nullable: !isDeferred }
    const deferred = isDeferred ? ' deferrable initially deferred' : ''
    const references = `references ${name} (${key[0]!.name})${deferred}`
    if (this.sql === 'sqlite') {
      const at = this.statements.findIndex((text) => text.startsWith(`create table ${first.name} (`))
      this.statements[at] = this.statements[at]!.replace('(', `(${this.typeOf(column)} ${references}, `)
    } else {
      this.late.push(`alter table ${first.name} add column ${this.typeOf(column)}`)
      this.late.push(`alter table ${first.name} add foreign key (cycle_id) ${references}`)
    }
  }

  check(columns: readonly Column[]): string {
    const first = this.condition(columns)
    const how = this.below(5)
    if (how === 0) return `${first} or ${this.condition(columns)}`
    if (how === 1) return `not (${this.condition(columns)} and ${this.condition(columns)})`
    return first
  }

  condition(columns: readonly Column[]): string {
    const { name, type, nullable } = this.pick(columns)
    const alike = columns.filter((column) => column.type === type && column.name !== name)
    if (alike.length > 0 && type !== 'boolean' && this.chance(0.4))
      return `${name} ${this.pick(['<=', '<>', '>='])} ${alike[0]!.name}`
    if (nullable && this.chance(0.3)) return `${name} is ${this.pick(['', 'not '])}null`
    const low = this.below(50)
    switch (type) {
      case 'integer':
        return this.pick([
          `${name} > ${low}`,
          `${name} between ${low} and ${low + 60}`,
          `${name} in (${low}, ${low + 1}, ${low + 7})`,
          `${name} % 3 <> 1`,
          `${name} <> ${low}`,
          `abs(${name}) < ${low + 2000}`,
        ])
      case 'decimal':
        return this.pick([`${name} >= ${low}.5`, `${name} < ${low + 100}`, `${name} * 2 <= ${low + 500}`])
      case 'varchar':
        return this.pick([
          `length(${name}) >= ${1 + this.below(5)}`,
          `length(${name}) between 2 and ${5 + this.below(12)}`,
          `${name} in ('new', 'open', 'done')`,
          `${name} like 'a%'`,
          `${name} <> ''`,
          `lower(${name}) = ${name}`,
        ])
      case 'boolean':
        return this.sql === 'postgres' ? this.pick([name, `not ${name}`]) : `${name} = ${this.below(2)}`
      case 'date':
        return this.pick([`${name} > '2021-03-01'`, `${name} <= '2023-07-01'`])
      case 'timestamp':
        return `${name} >= '2020-02-01 00:00:00'`
    }
  }
}

/** Makes a random schema; the same number gives the same one. */
export const randomSchema = (seed: number, sql: Sql): RandomSchema => new Maker(seed, sql).schema()
