import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pg } from '../../src/driver/pg/index.ts'
import {
  expressionBuilder,
  fromJSON,
  jsonArrayFrom,
  jsonBuildObject,
  kanta,
  list,
  sql,
  table,
  toJSON,
  values,
} from '../../src/index.ts'
import { fieldsOf, type Kind, kindFills, wordsOf } from '../../src/ir/index.ts'
import { fields } from '../../src/ir/kinds.ts'
import { createExecutor, softDelete, tenant } from '../../src/plugins/index.ts'
import { many, relations } from '../../src/relations/index.ts'
import { type Any, engines, type Place } from './ground.ts'

/**
 * A stored query is a document: somebody may put any node into any part of it. Each kind and each part that the
 * declaration of kinds has is tried with nodes of every kind that could name the table.
 */
const note = table('note', (c) => ({
  id: c.integer().primaryKey(),
  tenant_id: c.integer().$optional(),
  text: c.varchar(40),
  // All rows have the same, so that its relation leads from each row to all of them.
  mark: c.integer().default(1),
  deleted_at: c.timestamp().nullable(),
}))
const related = relations({ note: { peers: many(note, note.mark, { references: note.mark }) } })
/** Builds the merges; nothing runs on it. */
const merging = kanta({ driver: pg('postgres://nowhere/kanta'), schema: { note, related } })
const SECRET = 'of tenant 2'
const GONE = 'long gone'

const NOTE = { kind: 'table', name: 'note' }
const ROW = { kind: 'alias', operand: NOTE, name: 'x' }
const STAR = { kind: 'star' }
const select = (calls: readonly unknown[]): Any => ({ kind: 'built', shape: { $: 'shape', kind: 'select', calls } })
const ALL = select([
  ['from', NOTE],
  ['items', STAR],
])
const PEERS = { kind: 'relation', name: 'peers', included: false, optional: false }
const INCLUDED = { ...PEERS, included: true }
const peersOf = (from: Any): Any =>
  select([
    ['from', from],
    ['items', STAR],
  ])
const TEXT = { kind: 'ref', table: 'note', column: 'text' }
const wrap = (kind: string, parts: object): Any => ({ kind, ...parts })
/** What would read or write the table, or call what does, if it stood where no policy looks. */
const INTRUDERS: readonly Any[] = [
  NOTE,
  { kind: 'table', schema: 'main', name: 'note' },
  ROW,
  { kind: 'alias', operand: ROW, name: 'y' },
  ALL,
  { kind: 'alias', operand: ALL, name: 'x' },
  PEERS,
  INCLUDED,
  { kind: 'alias', operand: PEERS, name: 'x' },
  peersOf(PEERS),
  peersOf(INCLUDED),
  wrap('alias', { operand: peersOf(PEERS), name: 'x' }),
  wrap('jsonRows', { query: peersOf(INCLUDED), single: false }),
  wrap('jsonRows', { query: peersOf(PEERS), single: true }),
  wrap('setOperation', { operator: 'union all', query: peersOf(PEERS) }),
  wrap('cte', { name: 'note', query: peersOf(PEERS) }),
  wrap('list', { items: [NOTE] }),
  wrap('list', { items: [ALL] }),
  wrap('tuple', { items: [NOTE] }),
  wrap('alias', { operand: wrap('tuple', { items: [NOTE] }), name: 'x' }),
  wrap('alias', { operand: wrap('list', { items: [NOTE] }), name: 'x' }),
  wrap('parens', { operand: NOTE }),
  wrap('parens', { operand: ALL }),
  wrap('order', { operand: NOTE }),
  wrap('count', { amount: NOTE }),
  wrap('count', { amount: ALL }),
  wrap('jsonPath', { operand: NOTE, operator: '->', legs: [] }),
  wrap('cast', { operand: NOTE, type: { kind: 'word', text: 'integer' } }),
  wrap('unary', { op: 'exists', operand: NOTE }),
  wrap('binary', { left: TEXT, op: 'in', right: NOTE }),
  wrap('binary', { left: TEXT, op: 'in', right: { kind: 'literal', value: 'note' } }),
  wrap('identifier', { names: ['note'] }),
  wrap('alias', { operand: wrap('identifier', { names: ['note'] }), name: 'x' }),
  wrap('literal', { value: 'note' }),
  wrap('alias', { operand: wrap('literal', { value: 'note' }), name: 'x' }),
  wrap('ref', { column: 'note' }),
  wrap('alias', { operand: wrap('ref', { column: 'note' }), name: 'x' }),
  // Without a table, PostgreSQL reads the schema as a row that a function takes.
  wrap('ref', { schema: 'note', column: 'row_to_json' }),
  wrap('alias', { operand: wrap('ref', { schema: 'note', column: 'row_to_json' }), name: 'x' }),
  wrap('word', { text: 'note' }),
  wrap('word', { text: '(select text from note)' }),
  wrap('versioned', { table: NOTE }),
  wrap('slot', { index: 0, role: 'value' }),
  wrap('context', { name: 'tenant' }),
  wrap('joined', { style: 'cross join', lateral: false, source: NOTE, on: [] }),
  wrap('cte', { name: 'note', query: ALL }),
  wrap('cte', { name: 'c', query: NOTE }),
  wrap('setOperation', { operator: 'union all', query: NOTE }),
  wrap('setOperation', { operator: 'union all', query: ALL }),
  wrap('lock', { strength: 'update', of: ['note'] }),
  wrap('window', { base: 'note', partitionBy: [NOTE], orderBy: [] }),
  wrap('jsonRows', { query: NOTE, single: false }),
  wrap('jsonRows', { query: ALL, single: false }),
  wrap('call', { name: 'query_to_xml', args: [{ kind: 'literal', value: 'select * from note' }] }),
  wrap('alias', {
    operand: wrap('call', { name: 'pragma_table_info', args: [{ kind: 'literal', value: 'note' }] }),
    name: 'x',
  }),
  wrap('call', { name: 'load_file', args: [{ kind: 'literal', value: '/etc/passwd' }] }),
  wrap('raw', { strings: ['note'], parts: [] }),
  wrap('raw', { strings: ['(', ')'], parts: [NOTE] }),
  wrap('raw', { strings: ['', ' '], parts: [ALL] }),
  wrap('raw', { strings: ['1 in ', ''], parts: [NOTE] }),
  wrap('alias', { operand: wrap('raw', { strings: ['note'], parts: [] }), name: 'x' }),
  wrap('assignment', { column: { kind: 'ref', column: 'tenant_id' }, value: { kind: 'literal', value: 1 } }),
  wrap('modifier', { position: 'front', operand: NOTE }),
  wrap('built', { shape: { $: 'shape', kind: 'delete', calls: [['targets', NOTE]] } }),
  wrap('built', {
    shape: {
      $: 'shape',
      kind: 'update',
      calls: [
        ['targets', NOTE],
        [
          'sets',
          wrap('assignment', { column: { kind: 'ref', column: 'text' }, value: { kind: 'literal', value: 'hacked' } }),
        ],
      ],
    },
  }),
]

/** Honest queries which, together, have every kind that a stored query may hold. */
function honest(db: Any): readonly Any[] {
  const eb: Any = expressionBuilder()
  const n = db.selectFrom('note as n')
  return [
    n
      .innerJoin('note as m', (join: Any) => join.onRef('m.id', '=', 'n.id').on('m.id', '>', 0))
      .distinct()
      .select(['n.id', 'n.text as t'])
      .groupBy(['n.id', 'n.text'])
      .having('n.id', '>', 0)
      .orderBy('n.id', (o: Any) => o.desc())
      .limit(5)
      .offset(0),
    ...[
      (e: Any) =>
        e.fn
          .count('n.id')
          .distinct()
          .filterWhere('n.id', '>', 0)
          .over((o: Any) => o.partitionBy('n.id')),
      (e: Any) => e.fn.sum('n.id').over((o: Any) => o.orderBy('n.id').rows({ preceding: 1 }, 'current row')),
      (e: Any) => e.fn('coalesce', ['n.text', sql.lit('x')]),
      (e: Any) => e.fn.dateTrunc('month', 'n.deleted_at'),
      (e: Any) => e.case().when('n.id', '=', 1).then('one').else('more').end(),
      (e: Any) => e.cast('n.id', 'integer'),
      (e: Any) => e.selectFrom('note as o').select('o.text').limit(1),
      () => sql`upper(${sql.ref('n.text')})`,
      () => sql`coalesce(${sql.join([sql.ref('n.text'), sql.lit('y')])})`,
      (e: Any) => e.parens('n.id', '>', 0),
    ].map((make) => n.select((e: Any) => make(e).as('x'))),
    ...[
      (e: Any) => e.and([e('n.id', '>', 0), e.or([e('n.id', '<', 9), e.not(e('n.id', '=', 3))])]),
      (e: Any) => e.between('n.id', 0, 9),
      (e: Any) => e(e.refTuple('n.id', 'n.text'), 'in', [e.tuple(1, 'mine')]),
    ].map((make) => n.select('n.id').where(make)),
    n.select('n.id').include('peers', (peers: Any) => peers.select(['note.id', 'note.text'])),
    n.select((e: Any) => e.related('peers').count().as('c')).where((e: Any) => e.exists(e.related('peers'))),
    n.select('n.id').unionAll(n.select('n.id')).limit(9),
    n.selectAll().where('n.text', sql`=`, 'mine'),
    n.select('n.id').orderBy('n.id', sql`desc`),
    n.select('n.id').forUpdate(),
    n.select('n.id').fetch(2),
    n.select('n.id').top(2),
    n.select((e: Any) => e.fn.sum('n.id').over('w').as('s')).window('w', (w: Any) => w.orderBy('n.id')),
    n.select((e: Any) =>
      e.fn
        .agg('count', ['n.id'])
        .over((o: Any) => o.orderBy('n.id').groups('unbounded preceding', 'current row').exclude('ties'))
        .as('s'),
    ),
    n.select('n.id').groupBy((e: Any) => e.rollup(['n.id'])),
    n.select((e: Any) => e.ref('n.text', '->').key('a').at(0).as('a')),
    n.select((jsonArrayFrom as Any)(db.selectFrom('note as o').select('o.text')).as('d')),
    n.select((e: Any) => (jsonBuildObject as Any)({ t: e.ref('n.text') }).as('d')),
    n.selectAll().modifyEnd(sql`for share`),
    n.select(sql`1`.trusted('one', { reads: [] }).as('one')),
    db
      .with('c', (d: Any) => d.selectFrom('note').selectAll())
      .selectFrom('c')
      .selectAll(),
    db.selectFrom((values as Any)([{ a: 1 }]).as('v')).selectAll(),
    db.selectFrom(list([1, 2]).as('l')).selectAll(),
    db.selectFrom((e: Any) => e.fn.table('json_each', [sql.lit('[1]')]).as('j')).selectAll(),
    db.insertInto('note').values({ id: 7, text: 'new' }),
    db.insertInto('note').values(
      [
        { id: 8, text: eb.val('new') },
        { id: 9, text: 'newer' },
      ].map((row) => ({ ...row, deleted_at: sql.lit(null) })),
    ),
    db
      .insertInto('note')
      .columns(['id', 'text'])
      .expression((e: Any) => e.selectFrom('note as o').select([sql.lit(17).as('i'), 'o.text'])),
    db
      .insertInto('note')
      .values({ id: 1, text: 'new' })
      .onConflict((oc: Any) =>
        oc.column('id').where('id', '>', 0).doUpdateSet({ text: 'again' }).where('note.id', '=', 1),
      ),
    db.insertInto('note').values({ id: 1, text: 'new' }).onDuplicateKeyUpdate({ text: 'again' }),
    db.updateTable('note').set({ text: 'changed' }).where('id', '=', 1),
    db
      .updateTable('note as n')
      .from('note as m')
      .set({ text: 'changed' })
      .whereRef('n.id', '=', 'm.id')
      .returning(['n.id']),
    db.deleteFrom('note').where('id', '=', 1).returningAll(),
    db.deleteFrom('note as n').using('note as m').whereRef('n.id', '=', 'm.id'),
    // A database without merges begins none, and may be given a stored one.
    (merging as Any)
      .mergeInto('note as n')
      .using('note as m', (on: Any) => on.onRef('n.id', '=', 'm.id'))
      .whenMatchedAnd('n.id', '=', 1)
      .thenUpdateSet({ text: 'merged' })
      .whenNotMatched()
      .thenInsertValues({ id: 11, text: 'merged' }),
  ]
}

interface Spot {
  readonly kind: Kind
  readonly part: string
  readonly isList: boolean
  /** The document with something else in the spot. */
  put(intruder: Any): Any
}

const isNode = (value: Any): boolean => typeof value?.kind === 'string' && !Array.isArray(value)
const argsIn = (value: Any): number =>
  typeof value !== 'object' || value === null
    ? 0
    : (value.kind === 'arg' ? 1 : 0) + Object.values(value).reduce((sum: number, item) => sum + argsIn(item), 0)

/** All parts of a document that hold nodes. */
function spots(stored: Any): Spot[] {
  const found: Spot[] = []
  let before = 0
  const holds = (kind: Kind, name: string): boolean =>
    fieldsOf(kind).some(([part, sort]) => part === name && (sort === 'node' || sort === 'nodes'))
  const add = (kind: Kind, part: string, isList: boolean, value: Any, replace: (other: Any) => Any): void => {
    const at = before
    const count = argsIn(value)
    found.push({
      kind,
      part,
      isList,
      put: (intruder) => ({
        ...replace(intruder),
        args: [...stored.args.slice(0, at), ...stored.args.slice(at + count)],
      }),
    })
  }
  const visit = (value: Any, rebuild: (other: Any) => Any): void => {
    if (typeof value !== 'object' || value === null) return
    if (value.kind === 'arg') before++
    if (Array.isArray(value.calls)) {
      for (const [i, [part, held]] of value.calls.entries()) {
        const put = (other: Any): Any => rebuild({ ...value, calls: value.calls.with(i, [part, other]) })
        if (holds(value.kind, part)) add(value.kind, part, true, held, put)
        visit(held, put)
      }
      for (const [part, sort] of fieldsOf(value.kind))
        if ((sort === 'node' || sort === 'nodes') && !value.calls.some(([name]: Any) => name === part))
          add(value.kind, part, true, undefined, (other) =>
            rebuild({ ...value, calls: [...value.calls, [part, other]] }),
          )
    } else if (isNode(value)) {
      for (const [part, held] of Object.entries<Any>(value)) {
        const put = (other: Any): Any => rebuild({ ...value, [part]: other })
        if (holds(value.kind, part) && !Array.isArray(held)) add(value.kind, part, false, held, put)
        if (Array.isArray(held) && held.every(isNode)) {
          for (const [i, item] of held.entries()) {
            const putItem = (other: Any): Any => put(held.with(i, other))
            add(value.kind, part, true, item, putItem)
            visit(item, putItem)
          }
          if (held.length === 0 && holds(value.kind, part))
            add(value.kind, part, true, undefined, (other) => put([other]))
        } else visit(held, put)
      }
    }
  }
  visit(stored, (other) => other)
  return found
}

describe.each(engines)('any node in any part of a stored query, on $name', (engine: Place) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Awaited<ReturnType<Place['create']>>
  let base: Any
  let ada: Any
  beforeAll(async () => {
    place = await engine.create()
    base = kanta({ driver: place.driver(), schema: { note, related } })
    await base.schema.createTable(note).execute()
    ada = ((await createExecutor(base, [tenant({ column: 'tenant_id' }), softDelete()])) as Any).as({ tenant: 1 })
    await fill()
  })
  afterAll(async () => {
    await base?.destroy()
    await place?.drop()
  })

  const others = (): Promise<Any> =>
    base.selectFrom('note').selectAll().where('id', 'in', [2, 3]).orderBy('id').execute()
  const fill = async (): Promise<void> => {
    await base.deleteFrom('note').execute()
    await base
      .insertInto('note')
      .values([
        { id: 1, tenant_id: 1, text: 'mine', deleted_at: null },
        { id: 2, tenant_id: 2, text: SECRET, deleted_at: null },
        { id: 3, tenant_id: 1, text: GONE, deleted_at: new Date(0) },
      ])
      .execute()
  }

  test('a reference with a schema and no table would be a function of a row, and is refused', () => {
    const stored = JSON.parse(JSON.stringify(toJSON(ada.selectFrom('note').select('note.id') as never)))
    const [, [, item]] = stored.calls
    const forged = { ...item, schema: 'note', table: undefined, column: 'row_to_json' }
    expect(() => fromJSON(ada, { ...stored, calls: [stored.calls[0], ['items', forged]] })).toThrow(
      "The reference to 'row_to_json' has a schema, 'note', and no table.",
    )
  })

  test('is refused, or reads and writes its own rows alone', async () => {
    const stored = honest(ada).map((query) => JSON.parse(JSON.stringify(toJSON(query as never))))
    const tried = new Set<string>()
    const escapes: string[] = []
    await fill()
    const before = JSON.stringify(await others())
    for (const document of stored) {
      for (const spot of spots(document)) {
        const name = `${spot.kind}.${spot.part}`
        // One place of each part in each kind of statement will do; what is trusted says itself what it reads.
        if (tried.has(`${document.kind} ${name}`) || spot.kind === 'trusted') continue
        tried.add(name).add(`${document.kind} ${name}`)
        for (const intruder of INTRUDERS) {
          const told = await Promise.resolve()
            .then(() => fromJSON(ada, { ...spot.put(intruder), tables: {} }, { trustText: true }).execute())
            .then(
              (rows: Any) => JSON.stringify(rows, (_, item) => (typeof item === 'bigint' ? `${item}` : item)),
              () => undefined,
            )
          if (told === undefined) continue
          const isRead = document.kind === 'select'
          const isHeld =
            !told.includes(SECRET) && !told.includes(GONE) && (isRead || JSON.stringify(await others()) === before)
          if (!isHeld) escapes.push(`${spot.kind}.${spot.part}: ${JSON.stringify(intruder)} → ${told}`)
          if (!isRead) await fill()
        }
      }
    }
    expect(escapes).toEqual([])
    const declared = Object.keys(fields).flatMap((kind) => (isTried(kind as Kind) ? partsOf(kind as Kind) : []))
    expect(declared.filter((part) => !tried.has(part))).toEqual([])
  })
})

/** Kinds that a stored query may hold. */
const isTried = (kind: Kind): boolean =>
  kind !== 'trusted' && !kindFills(kind, 'planned') && !kindFills(kind, 'command')
const partsOf = (kind: Kind): readonly string[] =>
  fieldsOf(kind).flatMap(([name, sort]) => (sort === 'node' || sort === 'nodes' ? `${kind}.${name}` : []))

test('each part that holds a word has the words that a stored query may bring', () => {
  const without = (Object.keys(fields) as Kind[]).flatMap((kind) =>
    fieldsOf(kind).flatMap(([name, , { atom }]) =>
      (atom === 'word') === wordsOf(kind, name).length > 0 ? [] : [`${kind}.${name}`],
    ),
  )
  expect(without).toEqual([])
})
