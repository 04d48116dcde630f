import { type TablesOf, table } from '../../src/index.ts'
import { and, not, open, or, type Policies, policies, type RowCondition } from '../../src/rls/index.ts'

export const doc = table('doc', (c) => ({
  id: c.integer().primaryKey(),
  owner: c.integer().nullable(),
  team: c.integer().nullable(),
  label: c.text().nullable(),
  shared: c.boolean().nullable(),
  at: c.timestamp().nullable(),
}))
export const member = table('member', (c) => ({
  id: c.integer().primaryKey(),
  person: c.integer().nullable(),
  team: c.integer().nullable(),
}))
export const note = table('note', (c) => ({ id: c.integer().primaryKey(), doc: c.integer().nullable() }))
export const schema = { doc, member, note }
export type DB = TablesOf<typeof schema>

export interface Doc {
  readonly id: number
  readonly owner: number | null
  readonly team: number | null
  readonly label: string | null
  readonly shared: boolean | null
  readonly at: Date | null
}
export interface Member {
  readonly id: number
  readonly person: number | null
  readonly team: number | null
}
export interface Note {
  readonly id: number
  readonly doc: number | null
}

export interface Who {
  readonly user: number
  readonly name: string
  readonly since: Date
  readonly flag: boolean
  readonly teams: readonly number[]
  readonly names: readonly string[]
  readonly roles: readonly string[]
}

/** Numbers of a seed: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c (mulberry32). */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }

  below(n: number): number {
    return Math.floor(this.next() * n)
  }

  chance(share: number): boolean {
    return this.next() < share
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }

  some<T>(items: readonly T[]): T[] {
    return items.filter(() => this.chance(0.5))
  }
}

const NUMBERS = [0, 1, 2, 3]
const TEXTS = ['a', 'A', 'b', "it's \\ 1", 'a ']
const MOMENTS = [new Date('2024-01-01T00:00:00.000Z'), new Date('2024-06-01T12:30:00.500Z')]
const ROLES = ['admin', 'user,admin', "o'hr"]
const orNull = <T>(dice: Dice, value: T): T | null => (dice.chance(0.35) ? null : value)

export const randomDoc = (dice: Dice, id: number): Doc => ({
  id,
  owner: orNull(dice, dice.of(NUMBERS)),
  team: orNull(dice, dice.of(NUMBERS)),
  label: orNull(dice, dice.of(TEXTS)),
  shared: orNull(dice, dice.chance(0.5)),
  at: orNull(dice, dice.of(MOMENTS)),
})
export const randomMember = (dice: Dice, id: number): Member => ({
  id,
  person: orNull(dice, dice.of(NUMBERS)),
  team: orNull(dice, dice.of(NUMBERS)),
})
export const randomNote = (dice: Dice, id: number): Note => ({ id, doc: orNull(dice, 1 + dice.below(6)) })
export const randomWho = (dice: Dice): Who => ({
  user: dice.of(NUMBERS),
  name: dice.of(TEXTS),
  since: dice.of(MOMENTS),
  flag: dice.chance(0.5),
  teams: dice.some(NUMBERS),
  names: dice.some(TEXTS),
  roles: dice.some(ROLES),
})

type Builder = Exclude<Parameters<typeof policies<DB, Who>>[0]['doc'], (object & { call?: never }) | undefined>
type DocPolicies = Parameters<Extract<Builder, (...args: never[]) => unknown>>[0]
type Given = Parameters<Extract<Parameters<DocPolicies['allow']>[1], (...args: never[]) => unknown>>[0]

/** A condition on a row of `doc`. */
function condition(dice: Dice, given: Given, depth: number): RowCondition {
  const { row, context, role, exists } = given
  if (depth > 0 && dice.chance(0.6)) {
    const parts = Array.from({ length: dice.below(3) + (dice.chance(0.1) ? 0 : 1) }, () =>
      condition(dice, given, depth - 1),
    )
    if (dice.chance(0.35)) return not(condition(dice, given, depth - 1))
    return dice.chance(0.5) ? and(...parts) : or(...parts)
  }
  const number = dice.of([row.owner, row.team])
  switch (dice.below(16)) {
    case 0:
      return number.eq(context.user)
    case 1:
      return number.ne(context.user)
    case 2:
      return number.lt(dice.of(NUMBERS))
    case 3:
      return number.ge(context.user)
    case 4:
      return number.in(context.teams)
    case 5:
      return number.in(dice.some(NUMBERS))
    case 6:
      return row.owner.eq(row.team)
    case 7:
      return row.label.eq(dice.chance(0.5) ? context.name : dice.of(TEXTS))
    case 8:
      return row.label.in(dice.chance(0.5) ? context.names : dice.some(TEXTS))
    case 9:
      return row.label.ne(dice.of(TEXTS))
    case 10:
      return row.shared.eq(dice.chance(0.5) ? context.flag : dice.chance(0.5))
    case 11:
      return dice.chance(0.5) ? row.at.le(context.since) : row.at.gt(dice.of(MOMENTS))
    case 12:
      return dice.of([row.label.isNull(), row.team.isNotNull(), row.shared.isNull()])
    case 13:
      return dice.chance(0.6)
        ? role(dice.of(ROLES))
        : dice.of([context.user.gt(1), context.flag.eq(true), context.user.eq(row.owner)])
    case 14:
      return exists('member', (m) => and(m.row.team.eq(row.team), m.row.person.eq(context.user)))
    default:
      return exists('member', (m) =>
        dice.of([m.row.person.eq(row.owner), m.row.team.in(context.teams), m.row.person.isNull()]),
      )
  }
}

export function randomPolicies(dice: Dice): Policies<DB, Who> {
  const roles = () => (dice.chance(0.2) ? { roles: [dice.of(ROLES)] } : {})
  return policies<DB, Who>({
    doc: ({ allow, deny }) => {
      const one = (given: Given) => condition(dice, given, 2)
      const both = () => (dice.chance(0.5) ? one : { using: one, withCheck: one })
      const made = []
      if (dice.chance(0.95)) made.push(allow('select', dice.chance(0.2) ? undefined : one, roles()))
      if (dice.chance(0.3)) made.push(allow(['select', 'update'], both(), roles()))
      if (dice.chance(0.25)) made.push(deny(['select'], one, roles()))
      if (dice.chance(0.9)) made.push(allow('insert', one, roles()))
      if (dice.chance(0.9)) made.push(allow('update', both(), roles()))
      if (dice.chance(0.3)) made.push(deny('update', both(), roles()))
      if (dice.chance(0.9)) made.push(allow('delete', one, roles()))
      if (dice.chance(0.3)) made.push(deny(['insert', 'delete'], one, roles()))
      if (dice.chance(0.2)) made.push(allow('all', both(), { roles: ['admin'] }))
      return made
    },
    member: dice.chance(0.3)
      ? open
      : ({ allow }) => [
          allow('select', ({ row, context }) =>
            dice.of([
              row.person.eq(context.user),
              row.team.in(context.teams),
              not(row.person.eq(0)),
              row.person.isNotNull(),
            ]),
          ),
        ],
    note: open,
  })
}
