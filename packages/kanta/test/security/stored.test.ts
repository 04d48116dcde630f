import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expressionBuilder, fromJSON, KantaError, sql, toJSON } from '../../src/index.ts'
import { type Any, everything, ground, undone } from './ground.ts'

const eb: Any = (expressionBuilder as Any)()
const read = fromJSON as Any

/** A stored query, with changes. */
const stored = (calls: unknown, args: unknown = [], more: object = {}): Any => ({
  kanta: 1,
  kind: 'select',
  calls,
  args,
  tables: {},
  ...more,
})

const FROM = ['from', { kind: 'table', name: 'item' }]
const ID = { kind: 'ref', column: 'id' }
const ITEMS = ['items', ID]
const select = (...calls: unknown[]): Any => stored([FROM, ITEMS, ...calls])
const where = (node: unknown, args: unknown[] = []): Any => stored([FROM, ITEMS, ['where', node]], args)
const item = (node: unknown, args: unknown[] = []): Any =>
  stored([FROM, ['items', { kind: 'alias', operand: node, name: 'x' }]], args)
const shape = (kind: string, ...calls: unknown[]): Any => ({ kind: 'built', shape: { $: 'shape', kind, calls } })

const EVIL = '1) or 1=1; drop table sentinel; --'
const SECRET = '(select secret from sentinel)'

function nested(depth: number): Any {
  let node: Any = ID
  for (let i = 0; i < depth; i++) node = { kind: 'unary', op: '-', operand: node }
  return node
}

function nestedShapes(depth: number): Any {
  let node: Any = shape('select', FROM, ITEMS)
  for (let i = 0; i < depth; i++) node = shape('select', ['from', { kind: 'alias', operand: node, name: 't' }], ITEMS)
  return node
}

/** Documents that nobody has stored: each has to be refused. */
const refused: Readonly<Record<string, unknown>> = {
  nothing: undefined,
  null: null,
  'a number': 1,
  'text that is not JSON': '{',
  'empty text': '',
  'a list': [],
  'another form': stored([FROM, ITEMS], [], { kanta: 2 }),
  'no form': { kind: 'select', calls: [], args: [] },
  'no calls': { kanta: 1, kind: 'select', args: [] },
  'calls that are text': stored('abc'),
  'calls that are an object': stored({ length: 1 }),
  'a call that is a number': stored([1]),
  'a call that is null': stored([null]),
  'a call of three': stored([FROM, ITEMS, ['where']]),
  'no values': { kanta: 1, kind: 'select', calls: [FROM, ITEMS] },
  'values that are text': stored([FROM, ITEMS], 'abc'),
  'too many values': stored([FROM, ITEMS], [1]),
  'too few values': where({ kind: 'binary', left: ID, op: '=', right: { kind: 'arg', role: 'compared' } }),
  'a value of an unknown sort': where({ kind: 'binary', left: ID, op: '=', right: { kind: 'arg', role: 'compared' } }, [
    { $: 'function', value: 'x' },
  ]),
  'a value that is an object without a sort': where(
    { kind: 'binary', left: ID, op: '=', right: { kind: 'arg', role: 'compared' } },
    [{ a: 1 }],
  ),
  'a bigint that is none': where({ kind: 'binary', left: ID, op: '=', right: { kind: 'arg', role: 'compared' } }, [
    { $: 'bigint', value: '1x' },
  ]),
  'a bigint that is an object': where({ kind: 'binary', left: ID, op: '=', right: { kind: 'arg', role: 'compared' } }, [
    { $: 'bigint', value: {} },
  ]),
  'a date that is none': where({ kind: 'binary', left: ID, op: '=', right: { kind: 'arg', role: 'compared' } }, [
    { $: 'date', value: 'x' },
  ]),
  'null that is compared': where({ kind: 'binary', left: ID, op: '=', right: { kind: 'arg', role: 'compared' } }, [
    null,
  ]),
  'text for a list': where({ kind: 'binary', left: ID, op: 'in', right: { kind: 'arg', role: 'list' } }, ['abc']),
  'a number for a list': where({ kind: 'binary', left: ID, op: 'in', right: { kind: 'arg', role: 'list' } }, [5]),
  'null in a list': where({ kind: 'binary', left: ID, op: 'in', right: { kind: 'arg', role: 'list' } }, [[1, null]]),
  'a limit below nothing': select(['limit', { kind: 'arg', role: 'count' }]),
  'a limit of -1': stored([FROM, ITEMS, ['limit', { kind: 'arg', role: 'count' }]], [-1]),
  'a limit of -1 that is a plain value': stored([FROM, ITEMS, ['limit', { kind: 'arg', role: 'value' }]], [-1]),
  'a limit that is text': stored([FROM, ITEMS, ['limit', { kind: 'arg', role: 'count' }]], ['1']),
  'a limit of -1 as a literal': select(['limit', { kind: 'literal', value: -1 }]),
  'an unknown kind': stored([FROM, ITEMS], [], { kind: 'drop' }),
  'the kind of a part': stored([['op', '=']], [], { kind: 'binary' }),
  'a kind of all objects': stored([], [], { kind: 'constructor' }),
  'a kind that is __proto__': JSON.parse('{"kanta":1,"kind":"__proto__","calls":[],"args":[]}'),
  'a kind that is toString': stored([], [], { kind: 'toString' }),
  'a kind that is an object': stored([], [], { kind: {} }),
  'a part of all objects': stored([['constructor', 1]]),
  'a part that is __proto__': stored([['__proto__', 1]]),
  'an unknown node': where({ kind: 'evil' }),
  'a node of all objects': where({ kind: 'hasOwnProperty' }),
  'a node without a kind': where({ text: EVIL }),
  'text for a node': where(EVIL),
  'a number for a node': where(5),
  'null for a node': where(null),
  'a list for a node': where([ID]),
  'a node for a name': item({ kind: 'ref', column: { kind: 'ref', column: 'id' } }),
  'a number for a name': item({ kind: 'ref', column: 5 }),
  'no name': item({ kind: 'ref' }),
  'an empty name': item({ kind: 'ref', column: '' }),
  'a name with NUL': item({ kind: 'ref', column: 'id\0"; drop table sentinel' }),
  'a list for a name': item({ kind: 'ref', column: ['id'] }),
  'an object for a name': item({ kind: 'ref', column: { $: 'undefined' } }),
  'a part that is missing': where({ kind: 'binary', left: ID, op: '=' }),
  'a list that is missing': where({ kind: 'and' }),
  'an empty and': where({ kind: 'and', items: [] }),
  'an empty or': where({ kind: 'or', items: [] }),
  'raw text': where({ kind: 'raw', strings: [EVIL], parts: [] }),
  'raw text in a part': where({ kind: 'and', items: [ID, { kind: 'raw', strings: ['1'], parts: [] }] }),
  'raw text in a shape': item(shape('select', FROM, ['items', { kind: 'raw', strings: [SECRET], parts: [] }])),
  'a word': where({ kind: 'word', text: SECRET }),
  'a word as an item': item({ kind: 'word', text: SECRET }),
  'a word as a source': stored([
    ['from', { kind: 'word', text: 'sentinel' }],
    ['items', { kind: 'star' }],
  ]),
  'a word with a sign': item({ kind: 'word', text: EVIL }),
  'a word as an operator': where({
    kind: 'operation',
    left: ID,
    operator: { kind: 'word', text: 'in sentinel or' },
    right: ID,
  }),
  'a word as a type': item({
    kind: 'cast',
    operand: ID,
    type: { kind: 'word', text: 'text) as y, (select secret from sentinel' },
  }),
  'an operator of its own': where({ kind: 'binary', left: ID, op: `= 1 or ${SECRET} =`, right: ID }),
  'an operator that is a list': where({ kind: 'binary', left: ID, op: ['='], right: ID }),
  'a unary operator of its own': where({ kind: 'unary', op: `exists ${SECRET} or`, operand: ID }),
  'a function of its own': item({ kind: 'call', name: `abs(1), ${SECRET}, abs`, args: [ID] }),
  'a function that is a list': item({ kind: 'call', name: ['abs', 'x'], args: [ID] }),
  'an aggregate of its own': item(shape('aggregate', ['name', 'count(*), abs'], ['args', ID])),
  'an aggregate without a name': item(shape('aggregate', ['args', ID])),
  'a join of its own': select([
    'joins',
    { kind: 'joined', style: ', sentinel join', lateral: false, source: { kind: 'table', name: 'item' }, on: [] },
  ]),
  'a set operation of its own': select([
    'setOperations',
    { kind: 'setOperation', operator: 'union select secret from sentinel union', query: shape('select', FROM, ITEMS) },
  ]),
  'a direction of its own': select(['orderBy', { kind: 'order', operand: ID, direction: 'desc; drop table sentinel' }]),
  'nulls of its own': select(['orderBy', { kind: 'order', operand: ID, nulls: 'first; drop table sentinel' }]),
  'a frame of its own': item(
    shape(
      'aggregate',
      ['name', 'count'],
      ['args', ID],
      [
        'over',
        shape('window', [
          'frame',
          { kind: 'frame', unit: 'rows) from sentinel --', start: { kind: 'bound', edge: 'current row' } },
        ]),
      ],
    ),
  ),
  'an edge of its own': item(
    shape(
      'aggregate',
      ['name', 'count'],
      ['args', ID],
      [
        'over',
        shape('window', [
          'frame',
          { kind: 'frame', unit: 'rows', start: { kind: 'bound', edge: 'current row) from sentinel --' } },
        ]),
      ],
    ),
  ),
  'an exclusion of its own': item(
    shape(
      'aggregate',
      ['name', 'count'],
      ['args', ID],
      [
        'over',
        shape(
          'window',
          ['frame', { kind: 'frame', unit: 'rows', start: { kind: 'bound', edge: 'current row' } }],
          ['exclude', 'ties) from sentinel --'],
        ),
      ],
    ),
  ),
  'a lock of its own': select(['locks', { kind: 'lock', strength: 'update; drop table sentinel', of: [] }]),
  'a wait of its own': select(['wait', '; drop table sentinel']),
  'a JSON operator of its own': item(
    shape(
      'jsonPath',
      ['operand', ID],
      ['operator', `->'a', ${SECRET} ->`],
      ['legs', { kind: 'jsonLeg', leg: 'key', value: 'a' }],
    ),
  ),
  'a JSON position of its own': item(
    shape('jsonPath', ['operand', ID], ['operator', '->'], ['legs', { kind: 'jsonLeg', leg: 'at', value: {} }]),
  ),
  'a literal that is an object': item({ kind: 'literal', value: { kind: 'raw', strings: [SECRET], parts: [] } }),
  'a literal that is a list': item({ kind: 'literal', value: [1] }),
  'a value of the context': where({ kind: 'binary', left: ID, op: '=', right: { kind: 'context', name: 'tenant' } }),
  'a slot': where({ kind: 'binary', left: ID, op: '=', right: { kind: 'slot', index: 0, role: 'compared' } }, [1]),
  'a slot with a codec': where(
    { kind: 'binary', left: ID, op: '=', right: { kind: 'slot', index: 0, role: 'value', codec: { encode: 1 } } },
    [1],
  ),
  'a role of its own': where({ kind: 'binary', left: ID, op: '=', right: { kind: 'arg', role: 'evil' } }, [1]),
  'no role': where({ kind: 'binary', left: ID, op: '=', right: { kind: 'arg' } }, [1]),
  'a shape that is text': item({ kind: 'built', shape: 'select' }),
  'a shape that is a node': item({ kind: 'built', shape: ID }),
  'a shape that is missing': item({ kind: 'built' }),
  'a shape of an unknown kind': item(shape('drop')),
  'a shape of a part of all objects': item(shape('select', ['toString', 1])),
  'a column as a source': stored([
    ['from', { kind: 'ref', column: 'sentinel' }],
    ['items', { kind: 'star' }],
  ]),
  'a column with another name as a source': stored([
    ['from', { kind: 'alias', operand: { kind: 'ref', column: 'sentinel' }, name: 's' }],
    ['items', { kind: 'star' }],
  ]),
  'a name as a source': stored([
    ['from', { kind: 'identifier', names: ['sentinel'] }],
    ['items', { kind: 'star' }],
  ]),
  'a name in a join': select([
    'joins',
    {
      kind: 'joined',
      style: 'cross join',
      lateral: false,
      source: { kind: 'identifier', names: ['sentinel'] },
      on: [],
    },
  ]),
  'a column as a list': where({ kind: 'binary', left: ID, op: 'in', right: { kind: 'ref', column: 'sentinel' } }),
  'a name as a list': where({
    kind: 'binary',
    left: ID,
    op: 'not in',
    right: { kind: 'identifier', names: ['sentinel'] },
  }),
  'a table as a list': where({ kind: 'binary', left: ID, op: 'in', right: { kind: 'table', name: 'sentinel' } }),
  'a function as a list': where({
    kind: 'binary',
    left: ID,
    op: 'in',
    right: { kind: 'call', name: 'pragma_table_list', args: [] },
  }),
  'a list of names that is text': stored(
    [
      ['into', { kind: 'table', name: 'item' }],
      ['columns', 'id'],
      ['rows', { kind: 'arg', role: 'rows' }],
    ],
    [[{ $: 'object', value: { id: 9 } }]],
    { kind: 'insert' },
  ),
  'a list of names that are numbers': stored(
    [
      ['into', { kind: 'table', name: 'item' }],
      ['columns', [1]],
      ['rows', { kind: 'arg', role: 'rows' }],
    ],
    [[{ $: 'object', value: { 1: 9 } }]],
    { kind: 'insert' },
  ),
  'rows that are text': stored(
    [
      ['into', { kind: 'table', name: 'item' }],
      ['columns', ['id']],
      ['rows', { kind: 'arg', role: 'rows' }],
    ],
    ['abc'],
    { kind: 'insert' },
  ),
  'rows that are none': stored(
    [
      ['into', { kind: 'table', name: 'item' }],
      ['columns', ['id']],
      ['rows', { kind: 'arg', role: 'rows' }],
    ],
    [[]],
    { kind: 'insert' },
  ),
  'an insert into nothing': stored(
    [
      ['columns', ['id']],
      ['rows', { kind: 'arg', role: 'rows' }],
    ],
    [[{ $: 'object', value: { id: 9 } }]],
    { kind: 'insert' },
  ),
  'an update of nothing': stored(
    [['sets', { kind: 'assignment', column: ID, value: { kind: 'literal', value: 1 } }]],
    [],
    { kind: 'update' },
  ),
  'a delete from nothing': stored([], [], { kind: 'delete' }),
  'an insert with a verb of its own': stored(
    [
      ['into', { kind: 'table', name: 'item' }],
      ['verb', 'drop'],
      ['defaults', true],
    ],
    [],
    { kind: 'insert' },
  ),
  'an insert or of its own': stored(
    [
      ['into', { kind: 'table', name: 'item' }],
      ['or', 'or 1=1; drop'],
      ['defaults', true],
    ],
    [],
    { kind: 'insert' },
  ),
  'a statement of text': stored([['raw', { kind: 'raw', strings: ['drop table sentinel'], parts: [] }]], [], {
    kind: 'rawStatement',
  }),
  'a statement that is a drop': stored(
    [['raw', { kind: 'dropTable', table: { kind: 'table', name: 'sentinel' }, ifExists: true }]],
    [],
    { kind: 'rawStatement' },
  ),
  'a statement that is a shape of a drop': stored(
    [['raw', shape('dropTable', ['table', { kind: 'table', name: 'sentinel' }])]],
    [],
    { kind: 'rawStatement' },
  ),
  'a statement that is nothing': stored([], [], { kind: 'rawStatement' }),
  'a drop': stored([['table', { kind: 'table', name: 'sentinel' }]], [], { kind: 'dropTable' }),
  'an index': stored(
    [
      ['name', 'i'],
      ['table', { kind: 'table', name: 'item' }],
      ['columns', ['id']],
    ],
    [],
    { kind: 'createIndex' },
  ),
  'an explain': stored([['statement', shape('select', FROM, ITEMS)]], [], { kind: 'explain' }),
  'an explain with a format of its own': stored(
    [
      ['statement', shape('select', FROM, ITEMS)],
      ['format', 'json) select'],
    ],
    [],
    { kind: 'explain' },
  ),
  'a condition that is a statement': where({ kind: 'dropTable', table: { kind: 'table', name: 'sentinel' } }),
  'a modifier that is a statement': select([
    'modifiers',
    { kind: 'modifier', position: 'end', operand: { kind: 'dropTable', table: { kind: 'table', name: 'sentinel' } } },
  ]),
  'a statement that writes, as a condition': where({
    kind: 'unary',
    op: 'exists',
    operand: shape('delete', ['targets', { kind: 'table', name: 'sentinel' }], ['returning', { kind: 'star' }]),
  }),
  'a nesting without end': where(nested(100_000)),
  'a nesting of shapes without end': item(nestedShapes(20_000)),
  'a nesting of lists': stored([FROM, ['items', JSON.parse('['.repeat(50_000) + ']'.repeat(50_000))]]),
  'a value nested without end': where({ kind: 'binary', left: ID, op: '=', right: { kind: 'arg', role: 'compared' } }, [
    JSON.parse('['.repeat(50_000) + ']'.repeat(50_000)),
  ]),
  'tables of another form': stored([FROM, ITEMS], [], { tables: { item: 'id:text' } }),
  'tables that are __proto__': JSON.parse(
    '{"kanta":1,"kind":"select","calls":[["from",{"kind":"table","name":"item"}],["items",{"kind":"ref","column":"id"}]],"args":[],"tables":{"__proto__":"x"}}',
  ),
  'tables that are text': stored([FROM, ITEMS], [], { tables: 'abc' }),
}

describe.each(['node:sqlite', 'better-sqlite3'] as const)('a stored query (%s)', (library) => {
  let db: Any
  let bare: Any
  let before = ''

  beforeAll(async () => {
    db = await ground(library, true)
    bare = await ground(library, false)
    before = await everything(db)
  })
  afterAll(async () => {
    await db.destroy()
    await bare.destroy()
  })

  it.each(Object.entries(refused))('is refused when it holds %s', async (_, json) => {
    for (const on of [db, bare]) {
      const text = typeof json === 'object' && depthOf(json) < 5_000 ? JSON.stringify(json) : json
      const outcome = await undone(on, async (trx) => {
        try {
          return await read(trx, text).execute()
        } catch (error) {
          return error
        }
      })
      expect(outcome).toBeInstanceOf(KantaError)
      expect(await everything(on)).toBe(before)
    }
    expect(({} as Any).secret).toBeUndefined()
  })

  it('runs when it is right', async () => {
    const query = db
      .selectFrom('item as i')
      .select(['i.id', eb.fn.coalesce('i.s', eb.val('none')).as('s')])
      .where('i.id', 'in', [1, 2, 3])
      .where(eb.or([eb('i.n', '>', 0), eb('i.n', 'is', null)]))
      .orderBy('i.id', (ob: Any) => ob.desc().nullsLast())
      .limit(5)
    const text = JSON.stringify(toJSON(query))
    expect(JSON.stringify(query)).toBe(text)
    expect(await read(db, text).execute()).toEqual([
      { id: 2, s: 'two' },
      { id: 1, s: 'one' },
    ])
    expect(await read(db, JSON.parse(text)).execute()).toEqual([
      { id: 2, s: 'two' },
      { id: 1, s: 'one' },
    ])
    expect(() => read(bare, text)).toThrow(/The table 'item' has changed since/)
  })

  it('keeps odd names and values', async () => {
    for (const value of [
      '__proto__',
      'constructor',
      '\0',
      "'",
      '$',
      '{"$":"date"}',
      '\u2028',
      '😀',
      -0,
      2 ** 53,
      Number.POSITIVE_INFINITY,
    ]) {
      const query = db.selectFrom('item').select(eb.val(value).as('__proto__x')).limit(1)
      expect(await read(db, JSON.stringify(toJSON(query))).execute()).toEqual(await query.execute())
    }
    const inserted = JSON.parse('{"id":50,"s":"__proto__"}')
    const insert = db.insertInto('item').values(inserted).returning(['id', 's'])
    await undone(db, async (trx) =>
      expect(await read(trx, JSON.stringify(toJSON(insert))).execute()).toEqual([{ id: 50, s: '__proto__' }]),
    )
  })

  it('refuses to store what cannot be stored', () => {
    const cyclic: Any = { a: 1 }
    cyclic.self = cyclic
    const list: Any[] = []
    list.push(list)
    for (const value of [cyclic, list, () => 1, Symbol('x'), new Date(Number.NaN)]) {
      expect(() => toJSON(db.selectFrom('item').select(eb.val(value).as('x')))).toThrow(KantaError)
    }
  })

  it('holds text only when that is trusted', async () => {
    const query = db.selectFrom('item').select(sql`1 + ${1}`.as('x')).limit(1)
    const text = JSON.stringify(toJSON(query))
    expect(() => read(db, text)).toThrow(/trustText/)
    expect(await read(db, text, { trustText: true }).execute()).toEqual([{ x: 2 }])
  })
})

/** How deep a document goes, as far as it matters here. */
function depthOf(json: unknown): number {
  let depth = 0
  let level: unknown[] = [json]
  while (level.length > 0 && depth < 10_000) {
    depth++
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []))
  }
  return depth
}
