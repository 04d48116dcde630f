import type { Database } from '../../src/index.ts'
import { evaluate } from '../../src/rls/evaluate.ts'
import { can, type Policies } from '../../src/rls/index.ts'
import { rulesOfTable, usingCondition, withCheckCondition } from '../../src/rls/rules.ts'
import { type DB, type Dice, type Doc, type Member, type Note, randomDoc, type Who } from './world.ts'

/** What is in the tables. */
export interface State {
  readonly doc: readonly Doc[]
  readonly member: readonly Member[]
  readonly note: readonly Note[]
}

/** What came of a statement: what it gave and what is there then, or that a policy refused it. */
export type Outcome = { readonly rows: readonly unknown[]; readonly docs: readonly Doc[] } | 'refused'

/** A statement, and what comes of it where only the rows of the policies are there. */
export interface Trial {
  readonly name: string
  /** The databases that have no such statement. */
  readonly lacks?: readonly string[]
  run(db: Database<DB>): Promise<readonly unknown[]>
  expect(oracle: Oracle): Outcome
}

/** Answers in memory. */
export class Oracle {
  readonly state: State
  readonly #policies: Policies
  readonly #who: Who

  constructor(policies: Policies<DB, Who>, who: Who, state: State) {
    this.#policies = policies
    this.#who = who
    this.state = state
  }

  #holds(table: string, row: object, tree: Parameters<typeof evaluate>[0]): boolean {
    const { scope } = rulesOfTable(this.#policies.tables, table)!
    const related = { member: this.state.member } as never
    const rows = new Map([[scope, row as never]])
    return evaluate(tree, { context: this.#who as never, rows, related, policies: this.#policies }) === true
  }

  #can(table: 'doc' | 'member', operation: 'select' | 'insert' | 'delete', row: object): boolean {
    return can(this.#policies, this.#who as never, operation, table as never, row as never, {
      related: { member: this.state.member } as never,
    })
  }

  /** The rows of a table that are there for an operation. */
  rows<T extends 'doc' | 'member'>(table: T, operation: 'select' | 'update' | 'delete' = 'select'): State[T] {
    const rules = rulesOfTable(this.#policies.tables, table)
    // `can()` does not tell rows that an update does not see from those that it may not write so.
    const isThere = (row: object): boolean =>
      operation === 'update'
        ? rules === undefined || this.#holds(table, row, usingCondition(rules, operation))
        : this.#can(table, operation, row)
    return (this.state[table] as readonly object[]).filter(isThere) as never
  }

  mayWrite(row: Doc, operation: 'insert' | 'update', isRead: boolean): boolean {
    if (operation === 'insert') return this.#can('doc', 'insert', row) && (!isRead || this.#can('doc', 'select', row))
    return this.#holds('doc', row, withCheckCondition(rulesOfTable(this.#policies.tables, 'doc')!, operation, isRead))
  }

  /** Whether `can()` says the same of an update as its parts do. */
  agrees(row: Doc, changes: Partial<Doc>): boolean {
    const rules = rulesOfTable(this.#policies.tables, 'doc')!
    const parts =
      this.#holds('doc', row, usingCondition(rules, 'update')) && this.mayWrite({ ...row, ...changes }, 'update', true)
    const options = { changes, related: { member: this.state.member } as never }
    return parts === can(this.#policies, this.#who as never, 'update', 'doc' as never, row as never, options as never)
  }
}

const ids = (rows: readonly { readonly id: number }[]): readonly unknown[] => rows.map(({ id }) => ({ id }))
const same = (one: unknown, other: unknown): boolean => one !== null && one === other

export function randomTrial(dice: Dice): Trial {
  return dice.of([
    select,
    joined,
    related,
    union,
    counted,
    update,
    update,
    updateFrom,
    remove,
    removeRelated,
    insert,
    insert,
    upsert,
    copy,
  ])(dice)
}

const read = (name: string, run: Trial['run'], rows: (oracle: Oracle) => readonly unknown[]): Trial => ({
  name,
  run,
  expect: (oracle) => ({ rows: rows(oracle), docs: oracle.state.doc }),
})

function select(dice: Dice): Trial {
  const team = dice.below(4)
  if (dice.chance(0.5))
    return read(
      'select',
      (db) => db.selectFrom('doc').select('id').execute(),
      (o) => ids(o.rows('doc')),
    )
  return read(
    `select team ${team}`,
    (db) =>
      db
        .selectFrom('doc as d')
        .select('d.id')
        .where((eb) => eb.or([eb('d.team', '=', team), eb('d.team', 'is', null)]))
        .execute(),
    (o) => ids(o.rows('doc').filter((d) => d.team === team || d.team === null)),
  )
}

function joined(dice: Dice): Trial {
  const isLeft = dice.chance(0.5)
  return read(
    isLeft ? 'left join' : 'inner join',
    async (db) => {
      const from = db.selectFrom('doc as d')
      if (!isLeft) return from.innerJoin('doc as e', 'e.owner', 'd.team').select(['d.id', 'e.id as other']).execute()
      return from.leftJoin('doc as e', 'e.owner', 'd.team').select(['d.id', 'e.id as other']).execute()
    },
    (o) =>
      o.rows('doc').flatMap((d): readonly unknown[] => {
        const others = o.rows('doc').filter((e) => same(e.owner, d.team))
        if (others.length === 0) return isLeft ? [{ id: d.id, other: null }] : []
        return others.map((e) => ({ id: d.id, other: e.id }))
      }),
  )
}

function related(): Trial {
  return read(
    'exists',
    (db) =>
      db
        .selectFrom('note as n')
        .select('n.id')
        .where((eb) => eb.exists(eb.selectFrom('doc').select('doc.id').whereRef('doc.id', '=', 'n.doc')))
        .execute(),
    (o) => ids(o.state.note.filter((n) => o.rows('doc').some((d) => same(d.id, n.doc)))),
  )
}

function union(): Trial {
  return read(
    'cte and union',
    (db) =>
      db
        .with('mine', (q) => q.selectFrom('doc').select(['doc.id', 'doc.owner']))
        .selectFrom('mine')
        .select('mine.id')
        .unionAll((q) => q.selectFrom('member').innerJoin('doc', 'doc.team', 'member.team').select('doc.id'))
        .execute() as never,
    (o) => [
      ...ids(o.rows('doc')),
      ...ids(o.rows('member').flatMap((m) => o.rows('doc').filter((d) => same(d.team, m.team)))),
    ],
  )
}

function counted(): Trial {
  return read(
    'count',
    (db) =>
      db
        .selectFrom('note as n')
        .select((eb) => [
          'n.id',
          eb
            .selectFrom('doc')
            .select((e) => e.fn.min('doc.id').as('m'))
            .whereRef('doc.team', '=', 'n.doc')
            .as('least'),
        ])
        .execute() as never,
    (o) =>
      o.state.note.map((n) => {
        const found = o
          .rows('doc')
          .filter((d) => same(d.team, n.doc))
          .map((d) => d.id)
        return { id: n.id, least: found.length === 0 ? null : Math.min(...found) }
      }),
  )
}

/** The outcome of an update: of all rows, or of none. */
function changed(o: Oracle, isHit: (doc: Doc) => boolean, change: (doc: Doc) => Doc): Outcome {
  const hit = new Map(
    o
      .rows('doc', 'update')
      .filter(isHit)
      .map((d) => [d.id, change(d)]),
  )
  for (const d of o.state.doc) if (!o.agrees(d, change(d))) throw new Error('can() says otherwise')
  for (const d of hit.values()) if (!o.mayWrite(d, 'update', true)) return 'refused'
  return { rows: [{ changed: hit.size }], docs: o.state.doc.map((d) => hit.get(d.id) ?? d) }
}

function update(dice: Dice): Trial {
  const { id: _, ...all } = randomDoc(dice, 0)
  const names = dice.some(Object.keys(all))
  const set = Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name) || name === 'team'))
  const below = dice.below(7)
  const plain = dice.chance(0.5)
  return {
    name: `update ${JSON.stringify(set)} where id < ${below}`,
    run: async (db) => {
      const all = db.updateTable('doc').set(set as never)
      const [result] = await (plain ? all.where('id', '<', below) : all).execute()
      return [{ changed: Number(result!.numUpdatedRows) }]
    },
    expect: (o) =>
      changed(
        o,
        (d) => !plain || d.id < below,
        (d) => ({ ...d, ...set }),
      ),
  }
}

function updateFrom(): Trial {
  return {
    name: 'update team = owner where exists',
    run: async (db) => {
      const [result] = await db
        .updateTable('doc')
        .set((eb) => ({ team: eb.ref('doc.owner') }))
        .where((eb) =>
          eb(
            'doc.id',
            'in',
            eb.selectFrom('note').innerJoin('member', 'member.id', 'note.doc').select('note.doc').$notNull(),
          ),
        )
        .execute()
      return [{ changed: Number(result!.numUpdatedRows) }]
    },
    expect: (o) => {
      const found = o.state.note.filter((n) => o.rows('member').some((m) => same(m.id, n.doc))).map((n) => n.doc)
      return changed(
        o,
        (d) => found.includes(d.id),
        (d) => ({ ...d, team: d.owner }),
      )
    },
  }
}

function remove(dice: Dice): Trial {
  const below = dice.below(7)
  return {
    name: `delete id < ${below}`,
    run: async (db) => {
      const [result] = await db.deleteFrom('doc').where('id', '<', below).execute()
      return [{ changed: Number(result!.numDeletedRows) }]
    },
    expect: (o) => removed(o, (d) => d.id < below),
  }
}

function removeRelated(): Trial {
  return {
    name: 'delete where exists',
    run: async (db) => {
      const [result] = await db
        .deleteFrom('doc')
        .where((eb) => eb.exists(eb.selectFrom('member').select('member.id').whereRef('member.team', '=', 'doc.owner')))
        .execute()
      return [{ changed: Number(result!.numDeletedRows) }]
    },
    expect: (o) => removed(o, (d) => o.rows('member').some((m) => same(m.team, d.owner))),
  }
}

function removed(o: Oracle, isHit: (doc: Doc) => boolean): Outcome {
  const gone = new Set(
    o
      .rows('doc', 'delete')
      .filter(isHit)
      .map((d) => d.id),
  )
  return { rows: [{ changed: gone.size }], docs: o.state.doc.filter((d) => !gone.has(d.id)) }
}

function insert(dice: Dice): Trial {
  const rows = Array.from({ length: 1 + dice.below(2) }, (_, i) => randomDoc(dice, 100 + i))
  const isRead = dice.chance(0.4)
  return {
    name: `insert ${JSON.stringify(rows)}${isRead ? ' returning' : ''}`,
    run: async (db) => {
      const all = db.insertInto('doc').values(rows as never)
      if (isRead) return all.returning('id').execute()
      const [result] = await all.execute()
      return [{ changed: Number(result!.numInsertedOrUpdatedRows) }]
    },
    expect: (o) => {
      if (rows.some((row) => !o.mayWrite(row, 'insert', isRead))) return 'refused'
      return { rows: isRead ? ids(rows) : [{ changed: rows.length }], docs: [...o.state.doc, ...rows] }
    },
  }
}

/** An insert whose conflict makes an update: SQLite and PostgreSQL. */
function upsert(dice: Dice): Trial {
  const row = randomDoc(dice, 1 + dice.below(12))
  const set = { team: dice.chance(0.3) ? null : dice.below(4), label: dice.of(['a', 'A', null]) }
  return {
    name: `upsert ${JSON.stringify(row)} ${JSON.stringify(set)}`,
    lacks: ['mariadb'],
    run: async (db) => {
      const [result] = await db
        .insertInto('doc')
        .values(row as never)
        .onConflict((on) => on.column('id').doUpdateSet(set))
        .execute()
      return [{ changed: Number(result!.numInsertedOrUpdatedRows) }]
    },
    expect: (o) => {
      if (!o.mayWrite(row, 'insert', true)) return 'refused'
      const old = o.state.doc.find(({ id }) => id === row.id)
      if (old === undefined) return { rows: [{ changed: 1 }], docs: [...o.state.doc, row] }
      if (!o.rows('doc', 'update').includes(old)) return 'refused'
      return changed(
        o,
        (d) => d === old,
        (d) => ({ ...d, ...set }),
      )
    },
  }
}

function copy(dice: Dice): Trial {
  const team = dice.below(4)
  return {
    name: `insert from select team ${team}`,
    run: async (db) => {
      const [result] = await db
        .insertInto('doc')
        .columns(['id', 'owner', 'team', 'label', 'shared', 'at'])
        .expression((eb) =>
          eb
            .selectFrom('doc as d')
            .select((e) => [e('d.id', '+', 100).as('id'), 'd.owner', 'd.team', 'd.label', 'd.shared', 'd.at'])
            .where('d.team', '=', team),
        )
        .execute()
      return [{ changed: Number(result!.numInsertedOrUpdatedRows) }]
    },
    expect: (o) => {
      const rows = o
        .rows('doc')
        .filter((d) => d.team === team)
        .map((d) => ({ ...d, id: d.id + 100 }))
      if (rows.some((row) => !o.mayWrite(row, 'insert', false))) return 'refused'
      return { rows: [{ changed: rows.length }], docs: [...o.state.doc, ...rows] }
    },
  }
}
