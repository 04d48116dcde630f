import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  check,
  expressionBuilder,
  index,
  jsonArrayFrom,
  jsonBuildObject,
  jsonObjectFrom,
  KantaError,
  list,
  sql,
  table,
  unique,
  values,
} from '../../src/index.ts'
import { type Any, everything, ground, item, printer, undone } from './ground.ts'
import { impossible, payloads } from './payloads.ts'
import { type Token, tokens } from './tokens.ts'

const eb: Any = (expressionBuilder as Any)()

/** Places where a caller gives a name, each with a statement that holds it. */
const names: Readonly<Record<string, (db: Any, name: string) => Any>> = {
  'a table': (db, name) => db.selectFrom(name).select('id'),
  'the alias of a table': (db, name) => db.selectFrom(`item as ${name}`).select('id'),
  'the alias of a table object': (db, name) => db.selectFrom(item.as(name)).select('id'),
  'a column': (db, name) => db.selectFrom('item').select(name),
  'a column with its table': (db, name) => db.selectFrom('item').select(`item.${name}`),
  'the table of a column': (db, name) => db.selectFrom('item').select(`${name}.id`),
  'the alias of a column': (db, name) => db.selectFrom('item').select(`id as ${name}`),
  'the alias of a column object': (db, name) => db.selectFrom('item').select(item.id.as(name)),
  'the alias of an expression': (db, name) => db.selectFrom('item').select(eb.val(1).as(name)),
  'the alias of a subquery': (db, name) => db.selectFrom(db.selectFrom('item').select('id').as(name)).select('id'),
  'a reference': (db, name) => db.selectFrom('item').select(eb.ref(name).as('x')),
  'a schema': (db, name) => db.withSchema(name).selectFrom('item').select('id'),
  'a schema in text': (db, name) => db.selectFrom(`${name}.item`).select('id'),
  'a common table expression': (db, name) =>
    db
      .with(name, (d: Any) => d.selectFrom('item').select('id'))
      .selectFrom('item')
      .select('id'),
  'a common table expression by callback': (db, name) =>
    db
      .with(
        (cte: Any) => cte(name).materialized(),
        (d: Any) => d.selectFrom('item').select('id'),
      )
      .selectFrom('item')
      .select('id'),
  'a column of a common table expression': (db, name) =>
    db
      .with(`c(${name})`, (d: Any) => d.selectFrom('item').select('id'))
      .selectFrom('c')
      .selectAll(),
  'the table of a star': (db, name) => db.selectFrom('item').selectAll(name),
  'a table to count': (db, name) => db.selectFrom('item').select(eb.fn.countAll(name).as('x')),
  where: (db, name) => db.selectFrom('item').select('id').where(name, '=', 1),
  whereRef: (db, name) => db.selectFrom('item').select('id').whereRef('id', '=', name),
  'a boolean column': (db, name) => db.selectFrom('item').select('id').where(name),
  'a key of and()': (db, name) =>
    db
      .selectFrom('item')
      .select('id')
      .where(eb.and({ [name]: 1 })),
  having: (db, name) => db.selectFrom('item').select('id').groupBy('id').having(name, '=', 1),
  'group by': (db, name) => db.selectFrom('item').select('id').groupBy(name),
  'order by': (db, name) => db.selectFrom('item').select('id').orderBy(name),
  'order by with a direction': (db, name) => db.selectFrom('item').select('id').orderBy(`${name} desc`),
  'a collation': (db, name) =>
    db
      .selectFrom('item')
      .select('id')
      .orderBy('s', (ob: Any) => ob.collate(name)),
  'distinct on': (db, name) => db.selectFrom('item').select('id').distinctOn(name),
  'a join': (db, name) => db.selectFrom('item').innerJoin(name, 'item.id', 'item.n').select('id'),
  'the columns of a join': (db, name) => db.selectFrom('item').innerJoin('item as b', name, 'b.id').select('item.id'),
  'a condition of a join': (db, name) =>
    db
      .selectFrom('item')
      .leftJoin('item as b', (j: Any) => j.onRef(name, '=', 'b.id'))
      .select('item.id'),
  'a named window': (db, name) =>
    db
      .selectFrom('item')
      .window(name, (w: Any) => w.orderBy('id'))
      .select('id'),
  'the name of a window in over': (db, name) => db.selectFrom('item').select(eb.fn.count('id').over(name).as('x')),
  'a partition': (db, name) =>
    db.selectFrom('item').select(
      eb.fn
        .count('id')
        .over((w: Any) => w.partitionBy(name))
        .as('x'),
    ),
  'the order of a window': (db, name) =>
    db.selectFrom('item').select(
      eb.fn
        .count('id')
        .over((w: Any) => w.orderBy(name))
        .as('x'),
    ),
  'an argument of a function': (db, name) => db.selectFrom('item').select(eb.fn('abs', [name]).as('x')),
  'an argument of an aggregate': (db, name) => db.selectFrom('item').select(eb.fn.max(name).as('x')),
  'the order of an aggregate': (db, name) =>
    db.selectFrom('item').select(eb.fn.agg('group_concat', ['s']).orderBy(name).as('x')),
  'the operand of a case': (db, name) => db.selectFrom('item').select(eb.case(name).when(1).then(2).end().as('x')),
  'the result of a case': (db, name) =>
    db.selectFrom('item').select(eb.case().when('id', '=', 1).thenRef(name).end().as('x')),
  'the operand of a cast': (db, name) => db.selectFrom('item').select(eb.cast(name, 'text').as('x')),
  'a tuple': (db, name) => db.selectFrom('item').select('id').where(eb.refTuple(name, 'n'), '=', eb.tuple(1, 1)),
  between: (db, name) =>
    db
      .selectFrom('item')
      .select('id')
      .where(eb.between(name, 1, 2)),
  'a JSON column': (db, name) => db.selectFrom('item').select(eb.ref(name, '->').key('a').as('x')),
  'a table to lock': (db, name) => db.selectFrom('item').select('id').forUpdate(name),
  'a dynamic reference': (db, name) => db.selectFrom('item').select(db.dynamic.ref(name)),
  'a dynamic table': (db, name) => db.selectFrom(db.dynamic.table(name).as('x')).select('id'),
  'the alias of a dynamic table': (db, name) => db.selectFrom(db.dynamic.table('item').as(name)).select('id'),
  'sql.id': (db, name) => db.selectFrom('item').select(sql`${sql.id(name)}`.as('x')),
  'sql.id of two': (db, name) => db.selectFrom('item').select(sql`${sql.id('item', name)}`.as('x')),
  'sql.ref': (db, name) => db.selectFrom('item').select(sql`${sql.ref(name)}`.as('x')),
  'sql.table': (db, name) => db.selectFrom(sql`${sql.table(name)}`.as('x')).select('id'),
  'eb.table': (db, name) => db.selectFrom(eb.table(name)).select('id'),
  'the alias of a table function': (db, name) =>
    db.selectFrom(eb.fn.table('json_each', ['[1]']).as(name)).select(sql`1`.as('one')),
  'a column of a table function': (db, name) =>
    db.selectFrom(eb.fn.table('json_each', ['[1]']).as('f', [name])).selectAll(),
  'a column of values()': (db, name) => db.selectFrom(values([{ [name]: 1 }]).as('v')).select(sql`1`.as('one')),
  'the alias of values()': (db, name) => db.selectFrom(values([{ a: 1 }]).as(name)).select('a'),
  'the alias of list()': (db, name) => db.selectFrom(list([1]).as(name)).select('value'),
  'a table to insert into': (db, name) => db.insertInto(name).values({ id: 9 }),
  'a key of a row': (db, name) => db.insertInto('item').values({ [name]: 9 }),
  'a key of the second row': (db, name) => db.insertInto('item').values([{ id: eb.val(9) }, { [name]: 8 }]),
  'a key of a row of an expression': (db, name) => db.insertInto('item').values({ [name]: eb.val(9) }),
  'a column to insert': (db, name) =>
    db.insertInto('item').columns([name]).expression(db.selectFrom('item').select('id')),
  'a column of a conflict': (db, name) =>
    db
      .insertInto('item')
      .values({ id: 9 })
      .onConflict((oc: Any) => oc.column(name).doNothing()),
  'a constraint': (db, name) =>
    db
      .insertInto('item')
      .values({ id: 9 })
      .onConflict((oc: Any) => oc.constraint(name).doNothing()),
  'a column of a conflict that is set': (db, name) =>
    db
      .insertInto('item')
      .values({ id: 9 })
      .onConflict((oc: Any) => oc.column('id').doUpdateSet({ [name]: 1 })),
  'a column of a duplicate key': (db, name) =>
    db
      .insertInto('item')
      .values({ id: 9 })
      .onDuplicateKeyUpdate({ [name]: 1 }),
  returning: (db, name) => db.insertInto('item').values({ id: 9 }).returning(name),
  'the alias of returning': (db, name) => db.insertInto('item').values({ id: 9 }).returning(`id as ${name}`),
  output: (db, name) => db.insertInto('item').values({ id: 9 }).output(`inserted.${name}`),
  'a table to update': (db, name) => db.updateTable(name).set({ n: 1 }),
  'a column to set': (db, name) => db.updateTable('item').set({ [name]: 1 }),
  'a column to set by name': (db, name) => db.updateTable('item').set(name, 1),
  'a table to update from': (db, name) => db.updateTable('item').from(name).set({ n: 1 }),
  'a table to delete from': (db, name) => db.deleteFrom(name),
  'a table to delete using': (db, name) => db.deleteFrom('item').using(name),
  'a table to merge into': (db, name) =>
    db.mergeInto(name).using('item as b', 'item.id', 'b.id').whenMatched().thenDelete(),
  'a table to merge from': (db, name) =>
    db.mergeInto('item').using(name, 'item.id', 'item.n').whenMatched().thenDelete(),
  'a column that a merge inserts': (db, name) =>
    db
      .mergeInto('item')
      .using('item as b', 'item.id', 'b.id')
      .whenNotMatched()
      .thenInsertValues({ [name]: 1 }),
  'a column that a merge sets': (db, name) =>
    db
      .mergeInto('item')
      .using('item as b', 'item.id', 'b.id')
      .whenMatched()
      .thenUpdateSet({ [name]: 1 }),
  'grouping sets': (db, name) =>
    db
      .selectFrom('item')
      .select('id')
      .groupBy(eb.groupingSets([[name], []])),
  rollup: (db, name) =>
    db
      .selectFrom('item')
      .select('id')
      .groupBy(eb.rollup([name])),
  'a new table': (db, name) => db.schema.createTable(table(name, (c: Any) => ({ a: c.integer() })) as Any),
  'a column of a new table': (db, name) =>
    db.schema.createTable(table('fresh', (c: Any) => ({ [name]: c.integer() })) as Any),
  'a unique constraint': (db, name) =>
    db.schema.createTable(
      table(
        'fresh',
        (c: Any) => ({ a: c.integer() }),
        (t: Any) => [unique([t.a], { name })],
      ) as Any,
    ),
  'a check': (db, name) =>
    db.schema.createTable(
      table(
        'fresh',
        (c: Any) => ({ a: c.integer() }),
        (t: Any) => [check(name, sql`${t.a} > 0` as Any)],
      ) as Any,
    ),
  'a table to drop': (db, name) => db.schema.dropTable(name),
}

/** Places where a caller gives a name that becomes a string of the text. */
const keys: Readonly<Record<string, (db: Any, name: string) => Any>> = {
  'a JSON key': (db, key) => db.selectFrom('item').select(eb.ref('j', '->').key(key).as('x')),
  'a JSON key as text': (db, key) => db.selectFrom('item').select(eb.ref('j', '->>').key(key).as('x')),
  'a JSON key in a path': (db, key) => db.selectFrom('item').select(eb.ref('j', '->$').key(key).as('x')),
  'a JSON key of a bare path': (db, key) =>
    db.selectFrom('item').select(eb.fn('json_extract', ['j', eb.jsonPath().key(key)]).as('x')),
  'a key of a JSON object': (db, key) => db.selectFrom('item').select(jsonBuildObject({ [key]: eb.ref('id') }).as('x')),
  'a column of JSON rows': (db, key) =>
    db.selectFrom('item').select(jsonArrayFrom(db.selectFrom('item as b').select(`b.id as ${key}`)).as('x')),
  'a column of a JSON row': (db, key) =>
    db.selectFrom('item').select(jsonObjectFrom(db.selectFrom('item as b').select(`b.id as ${key}`).limit(1)).as('x')),
  'a literal': (db, value) => db.selectFrom('item').select(eb.lit(value).as('x')),
  'sql.lit': (db, value) => db.selectFrom('item').select(sql`${sql.lit(value)}`.as('x')),
  'the default of a column': (db, value) =>
    db.schema.createTable(table('fresh', (c: Any) => ({ a: c.text().default(value) })) as Any),
  'the default of a column of an enum': (db, value) =>
    db.schema.createTable(table('fresh', (c: Any) => ({ a: c.enum([value]).default(value) })) as Any),
}

/** Places that take one of a few words, which become text as they are. */
const words: Readonly<Record<string, (db: Any, word: string) => Any>> = {
  'an operator': (db, word) => db.selectFrom('item').select('id').where('id', word, 1),
  'an operator of eb': (db, word) =>
    db
      .selectFrom('item')
      .select('id')
      .where(eb('id', word, 1)),
  'an operator of two columns': (db, word) => db.selectFrom('item').select('id').whereRef('id', word, 'n'),
  'an operator of having': (db, word) => db.selectFrom('item').select('id').having('id', word, 1),
  'an operator of a join': (db, word) =>
    db
      .selectFrom('item')
      .innerJoin('item as b', (j: Any) => j.on('item.id', word, 1))
      .select('id'),
  'an operator of a case': (db, word) =>
    db.selectFrom('item').select(eb.case().when('id', word, 1).then(1).end().as('x')),
  'an operator of a filter': (db, word) =>
    db.selectFrom('item').select(eb.fn.count('id').filterWhere('id', word, 1).as('x')),
  'a unary operator': (db, word) => db.selectFrom('item').select(eb.unary(word, 'id').as('x')),
  'a JSON operator': (db, word) => db.selectFrom('item').select(eb.ref('j', word).key('a').as('x')),
  'a JSON position': (db, word) => db.selectFrom('item').select(eb.ref('j', '->').at(word).as('x')),
  'a direction': (db, word) => db.selectFrom('item').select('id').orderBy('id', word),
  'the direction of a window': (db, word) =>
    db.selectFrom('item').select(
      eb.fn
        .count('id')
        .over((w: Any) => w.orderBy('id', word))
        .as('x'),
    ),
  'the direction of an aggregate': (db, word) =>
    db.selectFrom('item').select(eb.fn.agg('group_concat', ['s']).orderBy('s', word).as('x')),
  'the direction within a group': (db, word) =>
    db.selectFrom('item').select(eb.fn.agg('mode').withinGroupOrderBy('s', word).as('x')),
  'a function': (db, word) => db.selectFrom('item').select(eb.fn(word, ['id']).as('x')),
  'an aggregate': (db, word) => db.selectFrom('item').select(eb.fn.agg(word, ['id']).as('x')),
  'a table function': (db, word) => db.selectFrom(eb.fn.table(word, [1]).as('f')).selectAll(),
  'a type': (db, word) => db.selectFrom('item').select(eb.cast('id', word).as('x')),
  'the edge of a frame': (db, word) =>
    db.selectFrom('item').select(
      eb.fn
        .count('id')
        .over((w: Any) => w.orderBy('id').rows(word))
        .as('x'),
    ),
  'the end of a frame': (db, word) =>
    db.selectFrom('item').select(
      eb.fn
        .count('id')
        .over((w: Any) => w.orderBy('id').rows('current row', word))
        .as('x'),
    ),
  'what a frame leaves out': (db, word) =>
    db.selectFrom('item').select(
      eb.fn
        .count('id')
        .over((w: Any) => w.orderBy('id').rows('current row').exclude(word))
        .as('x'),
    ),
  'the modifier of top': (db, word) => db.selectFrom('item').select('id').top(1, word),
  'the modifier of top of an insert': (db, word) => db.insertInto('item').top(1, word).values({ id: 9 }),
  'the modifier of top of an update': (db, word) => db.updateTable('item').top(1, word).set({ n: 1 }),
  'the modifier of top of a delete': (db, word) => db.deleteFrom('item').top(1, word),
  'the modifier of top of a merge': (db, word) =>
    db.mergeInto('item').top(1, word).using('item as b', 'item.id', 'b.id').whenMatched().thenDelete(),
  'the modifier of fetch': (db, word) => db.selectFrom('item').select('id').fetch(1, word),
  'a limit': (db, word) => db.selectFrom('item').select('id').limit(word),
  'an offset': (db, word) => db.selectFrom('item').select('id').offset(word),
  'what a key refers to does': (db, word) =>
    db.schema.createTable(
      table('fresh', (c: Any) => ({ a: c.integer().references(() => item.id, { onDelete: word }) })) as Any,
    ),
  'what a key refers to does on update': (db, word) =>
    db.schema.createTable(
      table('fresh', (c: Any) => ({ a: c.integer().references(() => item.id, { onUpdate: word }) })) as Any,
    ),
  'a column as a source': (db, word) => db.selectFrom(eb.ref(word)).select('id'),
  'a column as a list': (db, word) => db.selectFrom('item').select('id').whereRef('id', 'in', word),
}

/** Places in the definition of a table, which is written in code: there a name may be of any length. */
const DEFINED = ['a new table', 'a column of a new table', 'a unique constraint', 'a check']

/** A name that nothing else is called. */
const PLAIN = 'zz9'
/** What is more than one name in the text that a place takes. */
const STRUCTURED = /\.| as |,|[()]| (asc|desc)$|^\*$/i

function textOf(make: () => Any): string | KantaError {
  try {
    return make().compile().sql
  } catch (error) {
    if (error instanceof KantaError) return error
    throw error
  }
}

/** What the text has to be for a name: the text for a plain name, with the other in its place. */
function expected(plain: readonly Token[], name: string): Token[] {
  return plain.map((token) => (token.text === PLAIN ? { ...token, text: name } : token))
}

/** The text of a string may be written as a path, or as bytes. */
const loose = (found: readonly Token[]): Token[] =>
  found.map((token) => (token.kind === 'string' ? { ...token, text: '' } : token))

describe('the text of a statement', () => {
  it.each(Object.entries(names))('holds a name as it is: %s', (place, make) => {
    const plain = tokens(textOf(() => make(printer, PLAIN)) as string)
    expect(plain.some((token) => token.kind === 'name' && token.text === PLAIN)).toBe(true)
    for (const name of payloads) {
      const text = textOf(() => make(printer, name))
      if (text instanceof KantaError || STRUCTURED.test(name)) continue
      expect(tokens(text), name).toEqual(expected(plain, name.trim() === '' ? name : kept(name, tokens(text))))
    }
    for (const name of impossible) {
      if ((name.trim() === '' && name !== '') || (name.length > 1_000 && DEFINED.includes(place))) continue
      expect(
        textOf(() => make(printer, name)),
        JSON.stringify(name.slice(0, 20)),
      ).toBeInstanceOf(KantaError)
    }
  })

  it.each(Object.entries(keys))('holds a string as it is: %s', (_, make) => {
    const plain = tokens(textOf(() => make(printer, PLAIN)) as string)
    for (const key of payloads) {
      const text = textOf(() => make(printer, key))
      if (text instanceof KantaError || STRUCTURED.test(key)) continue
      expect(loose(tokens(text)), key).toEqual(loose(expected(plain, kept(key, tokens(text)))))
    }
  })

  it.each(Object.entries(words))('takes only its words: %s', (place, make) => {
    for (const word of [...payloads, ...impossible]) {
      const text = textOf(() => make(printer, word))
      if (text instanceof KantaError) continue
      expect(harmless(place, word, tokens(text)), `${place}: ${word}`).toBe(true)
    }
  })
})

/** Space around a name is no part of it where the name is part of a text. */
function kept(name: string, found: readonly Token[]): string {
  return found.some((token) => token.text === name) ? name : name.trim()
}

/** The few of the payloads that are right: operators, and plain words as names of functions and types. */
function harmless(place: string, word: string, found: readonly Token[]): boolean {
  if (place.startsWith('an operator') && (word === '?' || word === '%')) return true
  const named = ['a function', 'an aggregate', 'a table function', 'a type'].includes(place)
  const fits = named && /^[a-z_][\w ]*$/i.test(word)
  return fits && found.every((token) => token.kind !== 'comment' && token.kind !== 'broken' && token.text !== ';')
}

describe.each(['node:sqlite', 'better-sqlite3'] as const)('%s', (library) => {
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
  afterEach(() => {
    expect((globalThis as Any).broken).toBeUndefined()
    expect(({} as Any).broken).toBeUndefined()
  })

  /** Runs a statement, which may fail, in a transaction that is rolled back. */
  function attempt(on: Any, make: (db: Any) => Any): Promise<unknown> {
    return undone(on, async (trx) => {
      let result: unknown
      try {
        result = await make(trx).execute()
      } catch (error) {
        if (!(error instanceof KantaError)) throw error
        result = error
      }
      const { rows } = await trx.executeQuery({ sql: 'select secret from sentinel', parameters: [] })
      expect(rows).toEqual([{ secret: 'kept' }])
      return result
    })
  }

  const places = { ...names, ...keys, ...words }
  it.each(Object.entries(places))('keeps what it holds: %s', async (place, make) => {
    // To drop or empty the table by its own name is what was asked for.
    const own = place === 'a table to drop' || place === 'a table to delete from'
    for (const payload of [...payloads, ...impossible]) {
      if (own && payload === 'sentinel') continue
      await attempt(db, (on) => make(on, payload))
      await attempt(bare, (on) => make(on, payload))
    }
    expect(await everything(db)).toBe(before)
    expect(await everything(bare)).toBe(before)
  })

  it('stores every string as it is, and finds it again', async () => {
    const texts = [...payloads, '', '\0', 'a\0b', 'x'.repeat(1_000_000)]
    for (const on of [db, bare]) {
      for (const text of texts) {
        await undone(on, async (trx) => {
          await trx.insertInto('item').values({ id: 7, s: text }).execute()
          const rows = await trx.selectFrom('item').select(['id', 's']).where('s', '=', text).execute()
          expect(rows, text.slice(0, 50)).toEqual([{ id: 7, s: text }])
          const listed = await trx
            .selectFrom('item')
            .select('s')
            .where('s', 'in', [text, `${text}!`])
            .execute()
          expect(listed).toEqual([{ s: text }])
          const literal = await trx
            .selectFrom('item')
            .select(eb.lit(text).as('x'))
            .where('s', '=', eb.lit(text))
            .execute()
          expect(literal).toEqual([{ x: text }])
        })
      }
    }
  })

  it('refuses strings that would be stored as another', async () => {
    for (const text of ['\ud800', 'a\udc00', `${'x'.repeat(3_000)}\udfff`]) {
      for (const make of [
        (on: Any) => on.insertInto('item').values({ id: 7, s: text }),
        (on: Any) => on.selectFrom('item').select('id').where('s', '=', text),
        (on: Any) => on.selectFrom('item').select('id').where('s', 'in', ['a', text]),
        (on: Any) =>
          on
            .selectFrom('item')
            .select('id')
            .where('s', 'in', [...Array(40_000).fill('a'), text]),
        (on: Any) => on.selectFrom('item').select(eb.lit(text).as('x')),
      ]) {
        expect(await attempt(db, make)).toBeInstanceOf(KantaError)
      }
    }
  })

  /** The library of better-sqlite3 gives rows as objects, from which it leaves out a column of this name. */
  const lost = library === 'better-sqlite3' ? ['__proto__'] : []
  const usable = payloads.filter((name) => !STRUCTURED.test(name) && name.trim() === name && !lost.includes(name))

  it('gives every name of a column as it is', async () => {
    for (const name of usable) {
      const quoted = `"${name.replaceAll('"', '""')}"`
      for (const on of [db, bare]) {
        const { rows } = (await sql.raw(`select 1 as a, 2 as ${quoted}, 3 as b`).execute(on)) as Any
        expect(Object.entries(rows[0]), name).toEqual([
          ['a', 1],
          [name, 2],
          ['b', 3],
        ])
        const built = await on
          .selectFrom('item')
          .select(['id', `b as ${name}`, 'n'])
          .where('id', '=', 1)
          .execute()
        expect(Object.entries(built[0]), name).toEqual([
          ['id', 1],
          [name, on === db ? true : 1],
          ['n', 1],
        ])
        expect(Object.getPrototypeOf(built[0])).toBe(Object.prototype)
        const json = jsonArrayFrom(on.selectFrom('item as i').select(`i.b as ${name}`).where('i.id', '=', 1)).as('rows')
        const [first] = await on.selectFrom('item').select(json).limit(1).execute()
        expect(Object.entries(first.rows[0]), name).toEqual([[name, on === db ? true : 1]])
      }
    }
  })

  it('makes tables of every name', async () => {
    for (const name of usable) {
      if (name === 'sentinel') continue
      await undone(db, async (trx) => {
        const fresh: Any = table(
          name,
          (c: Any) => ({ [name]: c.text(), other: c.boolean() }),
          (t: Any) => [unique([t[name]], { name: `u ${name}` }), index([t.other], { name: `i ${name}` })],
        )
        await trx.schema.createTable(fresh).execute()
        await trx
          .insertInto(fresh)
          .values({ [name]: 'v', other: true })
          .execute()
        const found = await trx.selectFrom(fresh).select([fresh[name], 'other']).where(fresh[name], '=', 'v').execute()
        expect(
          found.map((row: object) => Object.entries(row)),
          name,
        ).toEqual([
          [
            [name, 'v'],
            ['other', expect.anything()],
          ],
        ])
        await trx
          .updateTable(fresh)
          .set({ [name]: 'w' })
          .where(fresh[name], '=', 'v')
          .execute()
        const rows = await trx.selectFrom(fresh).selectAll().execute()
        expect(Object.entries(rows[0])[0], name).toEqual([name, 'w'])
        await trx.schema.dropTable(fresh).execute()
      })
    }
    expect(await everything(db)).toBe(before)
  })

  it('names savepoints as they are', async () => {
    for (const name of payloads) {
      await undone(db, async (trx) => {
        const point = await trx.savepoint(name).execute()
        await point.deleteFrom('item').execute()
        await point.rollbackToSavepoint(name).execute()
        await point.releaseSavepoint(name).execute()
        expect(await trx.selectFrom('item').select('id').execute(), name).toHaveLength(2)
      })
    }
    for (const name of ['', '\0', 'a\0b']) {
      await undone(db, (trx) =>
        expect((async () => trx.savepoint(name).execute())(), name).rejects.toBeInstanceOf(KantaError),
      )
    }
  })

  it('begins no comment with two signs', async () => {
    const minus = sql`update item set n = 5-${sql.lit(-1)} where id = 1`
    await undone(db, async (trx) => {
      await minus.execute(trx)
      expect(await trx.selectFrom('item').select(['id', 'n']).orderBy('id').execute()).toEqual([
        { id: 1, n: 6 },
        { id: 2, n: null },
      ])
    })
    const many = Array.from({ length: 40_000 }, (_, i) => i)
    const query = db
      .selectFrom('item')
      .select('id')
      .where('id', 'in', many)
      .where(sql`1-${-1}`, '=', 2)
      .where('id', '=', 1)
    expect(await query.execute()).toEqual([{ id: 1 }])
    expect(
      await db
        .selectFrom('item')
        .select(eb.neg(eb.lit(-5)).as('x'))
        .where('id', '=', 1)
        .execute(),
    ).toEqual([{ x: 5 }])
    expect(
      await db
        .selectFrom('item')
        .select(eb.neg(eb.neg(eb.lit(-5))).as('x'))
        .where('id', '=', 1)
        .execute(),
    ).toEqual([{ x: -5 }])
    expect(
      await db
        .selectFrom('item')
        .select(eb('n', '-', eb.lit(-5)).as('x'))
        .where('id', '=', 1)
        .execute(),
    ).toEqual([{ x: 6 }])
  })
})
