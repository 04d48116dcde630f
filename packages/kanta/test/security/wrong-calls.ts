import {
  expressionBuilder,
  jsonArrayFrom,
  jsonBuildObject,
  jsonObjectFrom,
  list,
  prepare,
  sql,
  values,
} from '../../src/index.ts'
import { type Any, item } from './ground.ts'

const eb: Any = (expressionBuilder as Any)()

/** A call that is right, and what each of its arguments is for. */
export interface Call {
  readonly args: (db: Any) => readonly unknown[]
  readonly kinds: readonly string[]
}

const call = (kinds: readonly string[], ...args: readonly unknown[]): Call => ({ kinds, args: () => args })
const late = (kinds: readonly string[], args: (db: Any) => readonly unknown[]): Call => ({ kinds, args })
/** A call without arguments. */
const none = call([])

/** What is called on: how it is made, and how what a call gives becomes a statement that runs. */
export interface Subject {
  readonly make: (db: Any) => Any
  readonly finish: (made: Any, db: Any) => Any
  readonly calls: Readonly<Record<string, Call | readonly Call[]>>
  /** Methods that only the library itself calls. */
  readonly internal?: readonly string[]
}

const same = (made: Any): Any => made
const selected = (made: Any, db: Any): Any => db.selectFrom('item').select(made.as('x')).where('id', '=', 1)

const phantoms = { $castTo: none, $notNull: none }
/** What runs a query, or makes it a part of another; of a merge no database here can. */
const ran = {
  execute: none,
  executeTakeFirst: none,
  executeTakeFirstOrThrow: none,
  explain: [none, call(['word or nothing'], undefined)],
  as: call(['alias'], 'x'),
}
const queries = {
  ...phantoms,
  $asScalar: none,
  $asTuple: none,
  $assertType: none,
  $narrowType: none,
  $call: call(['any callback'], (q: Any) => q),
  $if: call(['flag', 'callback'], true, (q: Any) => q),
  compile: none,
  modifyFront: call(['expression'], sql`/* a */`),
  modifyEnd: call(['expression'], sql`/* a */`),
}
/** The methods of a merge that are called on one that is whole. */
const mergeMethods = [
  ...Object.keys(queries),
  ...Object.keys(ran),
  ...['stream', 'returning', 'returningAll', 'output', 'outputAll', 'top', 'modify', 'when', 'whenRef'],
  ...['', 'NotMatched', 'NotMatchedBySource'].flatMap((match) =>
    ['', 'And', 'AndRef'].map((end) => `when${match === '' ? 'Matched' : match}${end}`),
  ),
]

const conditions = (method: string): Record<string, readonly Call[]> => ({
  [method]: [
    call(['column', 'word', 'compared'], 'id', '=', 1),
    call(['column', 'word', 'list'], 'id', 'in', [1]),
    call(['column', 'word', 'is'], 'id', 'is', null),
    call(['condition'], eb('id', '=', 1)),
  ],
})
const references = (method: string): Record<string, readonly Call[]> => ({
  [method]: [call(['column', 'word', 'column'], 'id', '=', 'n')],
})

const joins = (methods: readonly string[]): Record<string, readonly Call[]> =>
  Object.fromEntries(
    methods.map((method) => [
      method,
      [
        call(['table', 'column', 'column'], 'item as b', 'b.id', 'item.id'),
        call(['table', 'join callback'], 'item as b', (j: Any) => j.onTrue()),
      ],
    ]),
  )

const filtered = {
  ...queries,
  ...ran,
  ...conditions('where'),
  ...references('whereRef'),
  orderBy: [call(['columns or none', 'word or nothing'], 'item.id', 'desc'), call(['columns or none'], ['item.id'])],
  clearOrderBy: none,
  limit: call(['count'], 1),
  clearLimit: none,
  top: call(['count', 'word or nothing'], 1, 'percent'),
  ...joins(['innerJoin', 'leftJoin', 'rightJoin', 'fullJoin']),
  crossJoin: call(['table'], 'item as b'),
}

const returning = {
  returning: [call(['column'], 'id'), call(['column'], ['id'])],
  returningAll: none,
  clearReturning: none,
  output: call(['output'], 'inserted.id'),
  outputAll: call(['table or nothing'], 'inserted'),
}

/** The methods of an insert that are called on one that has rows. */
const insertMethods = [
  ...Object.keys({ ...queries, ...ran, ...returning }),
  ...[
    'ignore',
    'orAbort',
    'orFail',
    'orIgnore',
    'orReplace',
    'orRollback',
    'top',
    'onConflict',
    'onDuplicateKeyUpdate',
  ],
  ...['values', 'columns', 'modify', 'tuples', 'wasRagged', 'stream'],
]

const set = [call(['changes'], { n: 1 }), call(['column to set', 'value or callback'], 'n', 1)]
const aggregates = ['avg', 'count', 'max', 'min', 'sum']

const expression = {
  ...phantoms,
  as: call(['alias'], 'x'),
  ...conditions('and'),
  ...conditions('or'),
}

/** clearWhere() says itself that every row is meant. */
const filterInternal = ['counted', 'joined', 'modify', 'clearWhere']

export const subjects: Readonly<Record<string, Subject>> = {
  'db.selectFrom()': {
    make: (db) => db.selectFrom('item').select('item.id'),
    finish: (made, db) => (made.constructor.name === 'Aliased' ? db.selectFrom(made).selectAll() : made),
    // A wait without a lock is refused; the cases have both.
    // What already selects cannot be counted; test/relations counts.
    internal: [...filterInternal, 'combine', 'leftPart', 'lock', 'clearSelect', 'skipLocked', 'noWait', 'count'],
    calls: {
      ...filtered,
      stream: call(['stream options'], 10),
      select: [call(['column'], 'n'), call(['column'], ['n'])],
      selectAll: [none, call(['table or nothing'], 'item')],
      distinct: none,
      distinctOn: call(['column'], 'id'),
      from: [call(['table'], 'item as b'), call(['table'], ['item as b'])],
      ...joins(['innerJoinLateral', 'leftJoinLateral']),
      crossJoinLateral: call(['table'], 'item as b'),
      crossApply: call(['table'], 'item as b'),
      outerApply: call(['table'], 'item as b'),
      ...conditions('having'),
      ...references('havingRef'),
      clearHaving: none,
      groupBy: [call(['columns or none'], 'item.id'), call(['columns or none'], ['item.id'])],
      clearGroupBy: none,
      window: call(['name', 'window or nothing'], 'w', (w: Any) => w.orderBy('item.id')),
      offset: call(['count'], 1),
      clearOffset: none,
      fetch: call(['count', 'word or nothing'], 1, 'only'),
      forUpdate: call(['name or nothing'], 'item'),
      forShare: call(['name or nothing'], 'item'),
      forKeyShare: call(['name or nothing'], 'item'),
      forNoKeyUpdate: call(['name or nothing'], 'item'),
      ...Object.fromEntries(
        ['union', 'unionAll', 'intersect', 'intersectAll', 'except', 'exceptAll'].map((method) => [
          method,
          [
            late(['query'], (db) => [db.selectFrom('item').select('id')]),
            late(['query'], (db) => [[db.selectFrom('item').select('id')]]),
          ],
        ]),
      ),
    },
  },
  'db.insertInto()': {
    make: (db) => db.insertInto('item').values({ id: 9 }),
    finish: (made, db) => (made.constructor.name === 'Aliased' ? db.selectFrom(made).selectAll() : made),
    internal: ['modify', 'tuples', 'wasRagged', 'stream', 'expression', 'defaultValues'],
    calls: {
      ...queries,
      ...ran,
      ...returning,
      values: [call(['row'], { id: 9 }), call(['row'], [{ id: 9 }])],
      columns: call(['names'], ['id']),
      ignore: none,
      orAbort: none,
      orFail: none,
      orIgnore: none,
      orReplace: none,
      orRollback: none,
      top: call(['count', 'word or nothing'], 1, 'percent'),
      onConflict: call(['conflict callback'], (oc: Any) => oc.column('id').doNothing()),
      onDuplicateKeyUpdate: set,
    },
  },
  'db.insertInto(), before its rows': {
    make: (db) => db.insertInto('item'),
    finish: same,
    internal: insertMethods,
    calls: {
      expression: late(['query'], (db) => [db.selectFrom('item').selectAll().where('id', '=', 0)]),
      defaultValues: none,
    },
  },
  'db.updateTable()': {
    make: (db) => db.updateTable('item').set({ n: 1 }).where('id', '=', 1),
    finish: (made, db) => (made.constructor.name === 'Aliased' ? db.selectFrom(made).selectAll() : made),
    internal: [...filterInternal, 'stream'],
    calls: {
      ...filtered,
      ...returning,
      returningAll: [none, call(['table or nothing'], 'item')],
      set,
      from: [call(['table'], 'item as b'), call(['table'], ['item as b'])],
    },
  },
  'db.deleteFrom()': {
    make: (db) => db.deleteFrom('item').where('id', '=', 1),
    finish: (made, db) => (made.constructor.name === 'Aliased' ? db.selectFrom(made).selectAll() : made),
    internal: [...filterInternal, 'stream'],
    calls: {
      ...filtered,
      ...returning,
      returningAll: [none, call(['table or nothing'], 'item')],
      using: call(['table'], 'item as b'),
    },
  },
  'db.mergeInto()': {
    make: (db) => db.mergeInto('item').using('item as b', 'b.id', 'item.id').whenMatched().thenDelete(),
    finish: (made) => (made.constructor.name === 'WhenBuilder' ? made.thenDelete() : made),
    internal: ['modify', 'when', 'whenRef', 'stream', ...Object.keys(ran), 'using'],
    calls: {
      ...queries,
      returning: call(['column'], 'item.id'),
      returningAll: [none, call(['table or nothing'], 'item')],
      output: call(['output'], 'inserted.id'),
      outputAll: call(['table or nothing'], 'inserted'),
      top: call(['count', 'word or nothing'], 1, 'percent'),
      whenMatched: none,
      ...conditions('whenMatchedAnd'),
      ...references('whenMatchedAndRef'),
      whenNotMatched: none,
      ...conditions('whenNotMatchedAnd'),
      ...references('whenNotMatchedAndRef'),
      whenNotMatchedBySource: none,
      ...conditions('whenNotMatchedBySourceAnd'),
      ...references('whenNotMatchedBySourceAndRef'),
    },
  },
  'db.mergeInto(), before using()': {
    make: (db) => db.mergeInto('item'),
    finish: (made) => made.whenMatched().thenDelete(),
    internal: mergeMethods,
    calls: {
      using: [
        call(['table', 'column', 'column'], 'item as c', 'c.id', 'item.id'),
        call(['table', 'join callback'], 'item as c', (j: Any) => j.onTrue()),
      ],
    },
  },
  'merge when': {
    make: (db) => db.mergeInto('item').using('item as b', 'b.id', 'item.id').whenMatched(),
    finish: same,
    calls: {
      thenDelete: none,
      thenDoNothing: none,
      thenUpdateSet: set,
      thenUpdate: call(['callback'], (u: Any) => u.set({ n: 1 })),
      thenInsertValues: call(['row'], { id: 9 }),
    },
  },
  db: {
    make: (db) => db,
    finish: (made, db) => {
      const name = made?.constructor?.name
      if (name === 'SelectBuilder') return made.shape.part === 'items' ? made : made.select(eb.lit(1).as('x'))
      if (name === 'InsertBuilder') return made.values({ id: 9 })
      if (name === 'UpdateBuilder') return made.set({ n: 1 }).where('id', '=', 1)
      if (name === 'DeleteBuilder') return made.where('id', '=', 1)
      if (name === 'MergeBuilder') return made.using('item as b', 'b.id', 'item.id').whenMatched().thenDelete()
      if (/Handle$|^QueryCreator$/.test(name)) return made.selectFrom('item').select('id')
      if (name === 'CaseBuilder') return selected(made.when(1).then(1).end(), db)
      return made
    },
    internal: [
      'over',
      'noting',
      'destroy',
      'connection',
      'transaction',
      'startTransaction',
      'afterCommit',
      'afterRollback',
      // Only plugins call it; its own test has what unscoped() refuses, which no database without policies takes.
      'exempt',
      'noting',
      'unscoped',
    ],
    calls: {
      as: call(['context'], { tenant: 1 }),
      $extendTables: none,
      $omitTables: none,
      $pickTables: none,
      selectFrom: [call(['table'], 'item'), call(['table'], ['item'])],
      selectNoFrom: call(['column'], eb.lit(1).as('x')),
      insertInto: call(['table'], 'item'),
      replaceInto: call(['table'], 'item'),
      updateTable: call(['table'], 'item'),
      deleteFrom: call(['table'], 'item'),
      mergeInto: call(['table'], 'item'),
      with: late(['name', 'query'], (db) => ['c', () => db.selectFrom('item').select('id')]),
      withRecursive: late(['name', 'query'], (db) => ['c', () => db.selectFrom('item').select('id')]),
      withSchema: call(['schema'], 'main'),
      withPlugins: call(['plugins'], []),
      case: call(['column'], 'id'),
      executeQuery: late(['query'], (db) => [db.selectFrom('item').select('id').compile()]),
    },
  },
  'a prepared query': {
    make: (db) =>
      prepare(db, (slot: Any) =>
        db
          .selectFrom('item')
          .select('id')
          .where('id', '=', slot('id'))
          .where('n', 'in', slot('n'))
          .limit(slot('limit')),
      ),
    finish: same,
    calls: {
      execute: call(['values'], { id: 1, n: [1], limit: 1 }),
      executeTakeFirst: call(['values'], { id: 1, n: [1], limit: 1 }),
      executeTakeFirstOrThrow: call(['values'], { id: 1, n: [1], limit: 1 }),
      stream: call(['values', 'stream options'], { id: 1, n: [1], limit: 1 }, 5),
      compile: call(['values'], { id: 1, n: [1], limit: 1 }),
    },
  },
  'a common table expression': {
    make: (db) => {
      let made: Any
      db.with(
        (cte: Any) => (made = cte('c')),
        () => db.selectFrom('item').select('id'),
      )
      return made
    },
    finish: (made, db) =>
      db
        .with(
          () => made,
          () => db.selectFrom('item').select('id'),
        )
        .selectFrom('c')
        .selectAll(),
    calls: { materialized: none, notMaterialized: none },
  },
  'a join': {
    make: (db) => {
      let made: Any
      db.selectFrom('item').innerJoin('item as b', (j: Any) => {
        made = j
        return j.onTrue()
      })
      return made.on('b.id', '=', 1)
    },
    finish: (made, db) =>
      db
        .selectFrom('item')
        .innerJoin('item as b', () => made)
        .select('b.id'),
    calls: {
      on: [
        call(['column', 'word', 'compared'], 'b.id', '=', 1),
        call(['column', 'word', 'list'], 'b.id', 'in', [1]),
        call(['condition'], eb('b.id', '=', 1)),
      ],
      onRef: call(['column', 'word', 'column'], 'item.id', '=', 'b.id'),
      onTrue: none,
      $call: call(['any callback'], (j: Any) => j),
    },
  },
  'a conflict': {
    make: (db) => {
      let made: Any
      db.insertInto('item')
        .values({ id: 9 })
        .onConflict((oc: Any) => {
          made = oc
          return oc.doNothing()
        })
      return made.column('id').doUpdateSet({ n: 1 })
    },
    finish: (made, db) =>
      db
        .insertInto('item')
        .values({ id: 1 })
        .onConflict(() => made),
    internal: ['decided'],
    calls: {
      column: call(['column to set'], 'id'),
      columns: call(['names'], ['id']),
      constraint: call(['name'], 'item_pkey'),
      expression: call(['expression'], eb.ref('id')),
      where: [call(['column', 'word', 'compared'], 'item.id', '=', 1), call(['condition'], eb('item.id', '=', 1))],
      whereRef: call(['column', 'word', 'column'], 'item.id', '=', 'item.id'),
      doNothing: none,
      doUpdateSet: set,
      $call: call(['any callback'], (oc: Any) => oc),
      $if: call(['flag', 'callback'], true, (oc: Any) => oc),
    },
  },
  'an expression': { make: () => eb('n', '=', 1), finish: conditionOrSelected, calls: expression },
  'sql text': {
    make: () => sql`1`,
    finish: conditionOrSelected,
    internal: ['on', 'execute', 'compile'],
    calls: { ...expression, trusted: call(['label', 'tables of text'], 'zz', { reads: ['item'] }) },
  },
  'a statement of sql text': {
    make: () => sql`select 1 as one`,
    finish: same,
    internal: ['on', 'trusted', ...Object.keys(expression)],
    calls: {
      execute: late(['database'], (db) => [db]),
      compile: late(['database'], (db) => [db]),
    },
  },
  'a table that is known at run time': {
    make: (db) => db.dynamic.table('item'),
    finish: (made, db) =>
      db.selectFrom(made.constructor.name === 'DynamicTable' ? made : made).select(sql`1`.as('one')),
    internal: ['and', 'or'],
    calls: { ...phantoms, as: call(['alias'], 'x') },
  },
  'an aggregate': {
    make: () => eb.fn.agg('group_concat', ['s']),
    finish: aggregateSelected,
    internal: ['and', 'or'],
    calls: {
      ...phantoms,
      as: call(['alias'], 'x'),
      $call: call(['any callback'], (a: Any) => a),
      distinct: none,
      orderBy: call(['columns or none', 'word or nothing'], 's', 'desc'),
      clearOrderBy: none,
      withinGroupOrderBy: call(['columns or none', 'word or nothing'], 's', 'desc'),
      ...conditions('filterWhere'),
      ...references('filterWhereRef'),
      over: [none, call(['window or nothing'], (w: Any) => w.orderBy('id'))],
    },
  },
  'a case': {
    make: () => eb.case().when('id', '=', 1).then(1),
    finish: caseSelected,
    internal: ['hasOperand', 'and', 'or'],
    calls: {
      ...phantoms,
      as: call(['alias'], 'x'),
      $call: call(['any callback'], (c: Any) => c),
      ...conditions('when'),
      ...references('whenRef'),
      else: call(['value'], 1),
      elseRef: call(['column'], 'n'),
      end: none,
      endCase: none,
    },
  },
  'a condition of a case': {
    make: () => eb.case().when('id', '=', 1),
    finish: caseSelected,
    calls: { then: call(['value'], 1), thenRef: call(['column'], 'n') },
  },
  'a case of values': {
    make: () => eb.case('id'),
    finish: (made, db) => caseSelected(made, db),
    internal: [
      'hasOperand',
      'and',
      'or',
      'as',
      '$call',
      '$castTo',
      '$notNull',
      'whenRef',
      'else',
      'elseRef',
      'end',
      'endCase',
    ],
    calls: { when: call(['compared'], 1) },
  },
  'a walk into JSON': {
    make: () => eb.ref('j', '->'),
    finish: (made, db) =>
      made.constructor.name === 'JsonPathBuilder' ? selected(made.key('b'), db) : selected(made, db),
    internal: ['and', 'or', '$call', '$castTo', '$notNull', 'as'],
    calls: { key: call(['JSON key'], 'a'), at: call(['JSON position'], 0) },
  },
  'a window': {
    make: () => windowOf().orderBy('id').rows('unbounded preceding'),
    finish: (made, db) =>
      selected(
        eb.fn.count('id').over(() => made),
        db,
      ),
    internal: ['frame'],
    calls: {
      partitionBy: [call(['columns or none'], 'n'), call(['columns or none'], ['n'])],
      orderBy: call(['columns or none', 'word or nothing'], 'n', 'desc'),
      rows: [
        call(['edge', 'edge or nothing'], 'unbounded preceding', 'current row'),
        call(['edge', 'edge or nothing'], { preceding: 1 }, { following: 1 }),
      ],
      range: call(['edge', 'edge or nothing'], 'unbounded preceding', 'current row'),
      groups: call(['edge', 'edge or nothing'], { preceding: 1 }, 'current row'),
      exclude: call(['word'], 'ties'),
      $call: call(['any callback'], (w: Any) => w),
    },
  },
  'an order': {
    make: (db) => {
      let made: Any
      db.selectFrom('item').orderBy('id', (ob: Any) => (made = ob))
      return made
    },
    finish: (made, db) =>
      db
        .selectFrom('item')
        .select('id')
        .orderBy('s', () => made),
    calls: { asc: none, desc: none, nullsFirst: none, nullsLast: none, collate: call(['collation'], 'nocase') },
  },
  'rows of values()': {
    make: () => values([{ a: 1 }]),
    finish: (made, db) => db.selectFrom(made).selectAll(),
    calls: { as: call(['alias'], 'v') },
  },
  'a table function': {
    make: () => eb.fn.table('json_each', ['[1]']),
    finish: (made, db) => db.selectFrom(made).selectAll(),
    calls: { as: [call(['alias'], 'f'), call(['alias', 'names or nothing'], 'f', ['a'])] },
  },
  'db.schema': {
    make: (db) => db.schema,
    finish: same,
    calls: { createTable: call(['table object'], item), dropTable: call(['table to drop'], 'item') },
  },
  'a statement of db.schema': {
    make: (db) => db.schema.dropTable('item'),
    finish: same,
    internal: ['$call', 'following', 'execute', 'compile'],
    calls: { ifExists: none },
  },
  'db.transaction()': {
    make: (db) => db.transaction(),
    finish: (made) => (made instanceof Promise ? made : made.execute(async () => 1)),
    calls: {
      execute: call(['any callback'], async () => 1),
      setIsolationLevel: call(['word'], 'serializable'),
      setAccessMode: call(['word'], 'read write'),
    },
    // Its own test has what retry() refuses.
    internal: ['with', 'retry'],
  },
  'db.dynamic': {
    make: (db) => db.dynamic,
    finish: (made, db) =>
      made.constructor.name === 'DynamicTable'
        ? db.selectFrom(made).select(eb.lit(1).as('x'))
        : db.selectFrom('item').select(made),
    calls: { ref: call(['column'], 'id'), table: call(['table'], 'item') },
  },
  sql: {
    make: () => sql,
    finish: (made, db) =>
      made.node.kind === 'table' ? db.selectFrom(made).select(eb.lit(1).as('x')) : selected(made, db),
    calls: {
      val: call(['value'], 1),
      ref: call(['column'], 'id'),
      table: call(['table'], 'item'),
      id: call(['column'], 'id'),
      lit: call(['literal'], 1),
      raw: call(['text'], '1'),
      join: [call(['items'], [1, 2]), call(['items', 'separator'], [1, 2], sql` + `)],
    },
  },
  eb: {
    make: () => eb,
    finish: (made, db) => {
      const name = made?.constructor?.name
      if (name === 'SelectBuilder')
        return selected(eb.ref(made.shape.part === 'items' ? made : made.select(eb.lit(1).as('x')).limit(1)), db)
      if (name === 'CaseBuilder') return caseSelected(made, db)
      if (name === 'JsonPathBuilder') return selected(made.key('a'), db)
      if (made.node.kind === 'table') return db.selectFrom(made).select(eb.lit(1).as('x'))
      if (made.node.kind === 'tuple') return db.selectFrom('item').select('id').where(made, '=', eb.refTuple('id', 'n'))
      if (made.node.kind === 'grouping') return db.selectFrom('item').select('id').groupBy(made)
      return selected(made, db)
    },
    // This schema has no relations; test/relations has wrong calls of its own.
    internal: ['related'],
    calls: {
      eb: [call(['column', 'word', 'compared'], 'id', '=', 1), call(['column', 'word', 'list'], 'id', 'not in', [1])],
      fn: call(['word', 'arguments'], 'abs', ['id']),
      case: call(['column'], 'id'),
      selectFrom: call(['table'], 'item'),
      selectNoFrom: call(['column'], eb.lit(1).as('x')),
      ref: [call(['column'], 'id'), call(['column', 'word or nothing'], 'j', '->')],
      jsonPath: none,
      table: call(['table'], 'item'),
      val: call(['value'], 1),
      lit: call(['literal'], 1),
      tuple: call(['value', 'value'], 1, 2),
      refTuple: call(['column', 'column'], 'id', 'n'),
      unary: call(['word', 'column'], '-', 'id'),
      not: call(['column'], 'b'),
      exists: late(['query'], (db) => [db.selectFrom('item').select('id')]),
      neg: call(['column'], 'id'),
      between: call(['column', 'compared', 'compared'], 'id', 1, 2),
      betweenSymmetric: call(['column', 'compared', 'compared'], 'id', 1, 2),
      and: [call(['conditions'], [eb('id', '=', 1)]), call(['conditions'], { id: 1 })],
      or: [call(['conditions of or'], [eb('id', '=', 1)]), call(['conditions of or'], { id: 1 })],
      parens: [call(['column', 'word', 'compared'], 'id', '=', 1), call(['condition'], eb('id', '=', 1))],
      cast: call(['column', 'type'], 'id', 'text'),
      rollup: call(['column'], ['id']),
      cube: call(['column'], ['id']),
      groupingSets: call(['sets'], [['id'], []]),
    },
  },
  'eb.fn': {
    make: () => eb.fn,
    // They need over(), and are tried by the cases.
    internal: [
      ...['rowNumber', 'rank', 'denseRank', 'percentRank', 'cumeDist', 'ntile'],
      ...['lag', 'lead', 'firstValue', 'lastValue', 'nthValue'],
    ],
    finish: (made, db) =>
      made.constructor.name === 'TableFunction'
        ? db.selectFrom(made.as('f')).select(eb.lit(1).as('x'))
        : selected(made, db),
    calls: {
      agg: call(['word', 'arguments'], 'max', ['id']),
      ...Object.fromEntries(aggregates.map((name) => [name, call(['argument'], 'id')])),
      countAll: [none, call(['table or nothing'], 'item')],
      dateTrunc: call(['word', 'argument'], 'month', 't'),
      coalesce: call(['argument', 'argument'], 'n', 'id'),
      any: call(['argument'], 'id'),
      jsonAgg: call(['argument'], 'id'),
      toJson: call(['argument'], 'id'),
      table: call(['word', 'arguments'], 'json_each', ['[1]']),
    },
  },
  functions: {
    make: () => ({ jsonArrayFrom, jsonObjectFrom, jsonBuildObject, values, list }),
    finish: (made, db) =>
      made.constructor.name === 'TableValues' ? db.selectFrom(made.as('v')).selectAll() : selected(made, db),
    calls: {
      jsonArrayFrom: late(['query'], (db) => [db.selectFrom('item as i').select('i.id')]),
      jsonObjectFrom: late(['query'], (db) => [db.selectFrom('item as i').select('i.id').limit(1)]),
      jsonBuildObject: call(['object of columns'], { a: eb.ref('id') }),
      values: call(['rows of values'], [{ a: 1 }]),
      list: call(['items of a list'], [1]),
    },
  },
}

function windowOf(): Any {
  let made: Any
  eb.fn.count('id').over((w: Any) => (made = w))
  return made
}

function conditionOrSelected(made: Any, db: Any): Any {
  if (typeof made?.as === 'function') return selected(made, db)
  return made?.node === undefined ? made : db.selectFrom('item').select(made)
}

function aggregateSelected(made: Any, db: Any): Any {
  return made.constructor.name === 'Aliased'
    ? db.selectFrom('item').select(made)
    : db.selectFrom('item').select(made.as('x'))
}

function caseSelected(made: Any, db: Any): Any {
  const name = made.constructor.name
  if (name === 'Aliased') return db.selectFrom('item').select(made)
  if (name === 'CaseThen') return selected(made.then(1).end(), db)
  if (name === 'CaseBuilder')
    return selected(made.shape.part === 'operand' ? made.when(1).then(1).end() : made.end(), db)
  return selected(made, db)
}
