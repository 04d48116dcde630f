// What selects return, exactly.

import type { InferResult, NotNull } from '../../src/index.ts'
import { list, sql, values } from '../../src/index.ts'
import { type City, db, equal, type Rows, type Tables } from './world.ts'

export async function selections() {
  const some = await db.selectFrom('city').select(['id', 'city.name', 'population as people']).execute()
  equal<typeof some, { id: number; name: string; people: number | null }[]>(true)

  const one = await db.selectFrom('city as c').select('c.founded').executeTakeFirst()
  equal<typeof one, { founded: Date } | undefined>(true)

  const all = await db.selectFrom('country').selectAll().executeTakeFirstOrThrow()
  equal<
    typeof all,
    {
      cca2: string
      name: string
      area: number
      kind: 'republic' | 'monarchy'
      meta: { capital: { id: number; streets: string[] }; motto?: string } | null
    }
  >(true)

  const columns = ['city.id', 'city.name as title'] as const
  const given = await db.selectFrom('city').select(columns).execute()
  equal<typeof given, { id: number; title: string }[]>(true)

  const mixed = await db
    .selectFrom('city')
    .select(['id', (eb) => eb.fn.max('population').as('most'), sql<string>`upper(name)`.as('loud'), 'name as n'])
    .execute()
  equal<typeof mixed, { id: number; most: number | null; loud: string; n: string }[]>(true)

  const added = await db
    .selectFrom('city')
    .select('id')
    .select((eb) => eb.val('x').as('x'))
    .execute()
  equal<typeof added, { id: number; x: string }[]>(true)

  const listed = await db
    .selectFrom('city')
    .select((eb) => ['id', eb.ref('name').as('n'), eb.lit(1).as('one')])
    .execute()
  equal<typeof listed, { id: number; n: string; one: 1 }[]>(true)

  const nothing = await db
    .selectNoFrom((eb) => [eb.exists(eb.selectFrom('city').select('id')).as('any')])
    .executeTakeFirstOrThrow()
  equal<typeof nothing, { any: boolean }>(true)

  const cleared = await db.selectFrom('city').select('id').clearSelect().select('name').execute()
  equal<typeof cleared, { name: string }[]>(true)

  const schema = await db
    .selectFrom('geo.region')
    .select(['geo.region.code', 'city_id', 'geo.region.city_id as c'])
    .execute()
  equal<typeof schema, { code: string; city_id: number; c: number }[]>(true)
  const alias = await db
    .selectFrom('geo.region as r')
    .where('r.code', '=', 'a')
    .where('geo.region.code' as never, '=', 1 as never)
    .selectAll('r')
    .execute()
  equal<typeof alias, { code: string; city_id: number }[]>(true)

  db.selectFrom('city')
    .select('kind')
    .distinct()
    .distinctOn('kind')
    .distinctOn(['kind', 'city.name'])
    .distinctOn((eb) => eb.ref('name'))
}

export async function joins() {
  const inner = await db
    .selectFrom('city')
    .innerJoin('country as c', 'c.cca2', 'city.country')
    .select(['city.name', 'c.name as country'])
    .execute()
  equal<typeof inner, { name: string; country: string }[]>(true)

  const left = await db
    .selectFrom('city')
    .leftJoin('country', 'country.cca2', 'city.country')
    .select(['city.id', 'country.area', 'cca2'])
    .execute()
  equal<typeof left, { id: number; area: number | null; cca2: string | null }[]>(true)

  const right = await db
    .selectFrom('city')
    .rightJoin('country', 'country.cca2', 'city.country')
    .select(['city.id', 'area'])
    .execute()
  equal<typeof right, { id: number | null; area: number }[]>(true)

  const full = await db
    .selectFrom('city')
    .fullJoin('country', 'country.cca2', 'city.country')
    .select(['city.id', 'area'])
    .execute()
  equal<typeof full, { id: number | null; area: number | null }[]>(true)

  const cross = await db.selectFrom('city').crossJoin('country').select(['city.id', 'area']).execute()
  equal<typeof cross, { id: number; area: number }[]>(true)

  const called = await db
    .selectFrom('city')
    .innerJoin('country', (join) =>
      join
        .onRef('country.cca2', '=', 'city.country')
        .on('country.area', '>', 1)
        .on((eb) => eb('city.capital', '=', true)),
    )
    .leftJoin('visit', (join) => join.onTrue().$call((j) => j.on('rating', 'in', [1, 2])))
    .select(['area', 'rating'])
    .execute()
  equal<typeof called, { area: number; rating: number | null }[]>(true)

  const derived = await db
    .selectFrom('city')
    .leftJoin((eb) => eb.selectFrom('visit').select(['city_id', 'rating']).as('v'), 'v.city_id', 'city.id')
    .innerJoin(db.selectFrom('country').selectAll().as('c'), (join) => join.onRef('c.cca2', '=', 'city.country'))
    .select(['v.rating', 'c.area'])
    .execute()
  equal<typeof derived, { rating: number | null; area: number }[]>(true)

  const lateral = await db
    .selectFrom('country')
    .leftJoinLateral(
      (eb) => eb.selectFrom('city').select('city.id').whereRef('city.country', '=', 'country.cca2').as('l'),
      (join) => join.onTrue(),
    )
    .innerJoinLateral(
      (eb) => eb.selectFrom('visit').selectAll().whereRef('visit.city_id', '=', 'l.id').as('v'),
      (join) => join.onTrue(),
    )
    .crossJoinLateral((eb) => eb.selectFrom('visit').select('rating as r').as('w'))
    .crossApply((eb) => eb.selectFrom('visit').select('rating as r').as('x'))
    .outerApply((eb) => eb.selectFrom('visit').select('rating as r').as('y'))
    .select(['country.name', 'l.id', 'v.at', 'w.r as w', 'x.r as x', 'y.r as y'])
    .execute()
  equal<typeof lateral, { name: string; id: number | null; at: Date; w: number; x: number; y: number | null }[]>(true)

  const stars = await db
    .selectFrom('city')
    .leftJoin('visit', 'visit.city_id', 'city.id')
    .selectAll('visit')
    .select('city.id as cid')
    .execute()
  equal<
    typeof stars,
    {
      id: number | null
      city_id: number | null
      at: Date | null
      note: string | null
      rating: number | null
      cid: number
    }[]
  >(true)

  const both = await db
    .selectFrom('visit')
    .innerJoin('geo.region as r', 'r.city_id', 'visit.city_id')
    .selectAll()
    .execute()
  equal<typeof both, { id: number; city_id: number; at: Date; note: string | null; rating: number; code: string }[]>(
    true,
  )

  // A name that both tables have is of either.
  const either = await db
    .selectFrom('city')
    .leftJoin('country', 'country.cca2', 'city.country')
    .select('kind')
    .execute()
  equal<typeof either, { kind: 'town' | 'village' | 'republic' | 'monarchy' | null }[]>(true)

  const self = await db
    .selectFrom('country as a')
    .leftJoin('country as b', 'a.cca2', 'b.cca2')
    .select(['a.meta as am', 'b.meta as bm'])
    .execute()
  equal<(typeof self)[0]['bm'], { capital: { id: number; streets: string[] }; motto?: string } | null>(true)
}

export async function tablesOfValues() {
  const rows = await db
    .selectFrom(
      values([
        { id: 1, name: 'a' },
        { id: 2, name: 'b' },
      ]).as('v'),
    )
    .select(['v.id', 'name'])
    .execute()
  equal<typeof rows, { id: number; name: string }[]>(true)

  const ordered = await db
    .selectFrom('city')
    .innerJoin(list([3, 1, 2]).as('l'), 'l.value', 'city.id')
    .select(['l.position', 'value', 'name'])
    .orderBy('l.position')
    .execute()
  equal<typeof ordered, { position: number; value: number; name: string }[]>(true)

  const series = await db
    .selectFrom((eb) => eb.fn.table<{ value: number }>('generate_series', [1, 10]).as('g', ['value']))
    .select('g.value')
    .execute()
  equal<typeof series, { value: number }[]>(true)

  const free = await db
    .selectFrom(db.fn.table<{ key: string; value: string }>('json_each', ['{}']).as('j'))
    .selectAll()
    .execute()
  equal<typeof free, { key: string; value: string }[]>(true)

  const raw = await db.selectFrom(sql<{ one: number }>`(select 1 as one)`.as('r')).select('r.one').execute()
  equal<typeof raw, { one: number }[]>(true)
  const shaped = await db.selectFrom(sql<{ one: number }>`(values (1))`.as<'r'>(sql`r(one)`)).select('r.one').execute()
  equal<typeof shaped, { one: number }[]>(true)

  const dynamic = await db.selectFrom(db.dynamic.table<'city'>('city').as('d')).select('d.name').execute()
  equal<typeof dynamic, { name: string }[]>(true)
}

export async function commonTables() {
  const two = await db
    .with('large', (q) => q.selectFrom('city').where('population', '>', 1).select(['id', 'name as n']))
    .with('named', (q) => q.selectFrom('large').select('large.n'))
    .selectFrom('large')
    .innerJoin('named', 'named.n', 'large.n')
    .select(['large.id', 'named.n'])
    .execute()
  equal<typeof two, { id: number; n: string }[]>(true)

  const written = await db
    .with('gone', (q) => q.deleteFrom('visit').where('rating', '<', 1).returning(['id', 'city_id']))
    .with(
      'made',
      db.insertInto('country').values({ cca2: 'FI', name: 'Finland', area: 1, kind: 'republic' }).returningAll(),
    )
    .selectFrom('gone')
    .selectAll()
    .execute()
  equal<typeof written, { id: number; city_id: number }[]>(true)

  const renamed = await db
    .with('n(a, b)', (q) => q.selectFrom('visit').select(['id', 'rating']))
    .selectFrom('n')
    .select(['a', 'n.b'])
    .execute()
  equal<typeof renamed, { a: number; b: number }[]>(true)

  const told = await db
    .with(
      (cte) => cte('m').materialized(),
      (q) => q.selectFrom('visit').select('at'),
    )
    .selectFrom('m')
    .selectAll()
    .execute()
  equal<typeof told, { at: Date }[]>(true)

  // A common table expression hides the table of its name.
  const hidden = await db
    .with('city', (q) => q.selectFrom('visit').select('rating as r'))
    .selectFrom('city')
    .selectAll()
    .execute()
  equal<typeof hidden, { r: number }[]>(true)

  const tree = await db
    .withRecursive('tree(id, depth)', (q) =>
      q
        .selectFrom('city')
        .select(['id', sql<number>`0`.as('depth')])
        .unionAll(
          q
            .selectFrom('tree')
            .innerJoin('city', 'city.id', 'tree.id')
            .select(['city.id', sql<number>`tree.depth + 1`.as('depth')]),
        ),
    )
    .selectFrom('tree')
    .select(['tree.id', 'depth'])
    .execute()
  equal<typeof tree, { id: number; depth: number }[]>(true)

  const inserted = await db
    .with('v', (q) => q.selectFrom('visit').select('city_id'))
    .updateTable('city')
    .from('v')
    .set({ capital: true })
    .whereRef('v.city_id', '=', 'city.id')
    .returning('city.id')
    .execute()
  equal<typeof inserted, { id: number }[]>(true)
}

export async function clauses() {
  const grouped = await db
    .selectFrom('city')
    .innerJoin('country', 'country.cca2', 'city.country')
    .select(['country.name', (eb) => eb.fn.count('city.id').as('cities')])
    .groupBy('country.name')
    .groupBy(['country.kind', 'city.capital'])
    .groupBy((eb) => eb.ref('area'))
    .having((eb) => eb(eb.fn.count('city.id'), '>', 3))
    .having('area', '>', 1)
    .havingRef('country.name', '<', 'city.name')
    .orderBy('cities', 'desc')
    .orderBy('country.name')
    .orderBy((eb) => eb.fn.max('city.id'), 'asc')
    .orderBy('area', (order) => order.desc().nullsLast().collate('nocase'))
    .orderBy(sql`random()`)
    .limit(1)
    .offset(2n)
    .execute()
  equal<typeof grouped, { name: string; cities: number }[]>(true)

  const sets = await db
    .selectFrom('city')
    .select(['country', 'kind'])
    .groupBy((eb) => eb.groupingSets([['country'], ['country', 'city.kind'], []]))
    .execute()
  equal<typeof sets, { country: string; kind: 'town' | 'village' }[]>(true)
  db.selectFrom('city')
    .select('country')
    .groupBy((eb) => eb.rollup(['country', eb.ref('kind')]))
  db.selectFrom('city')
    .select('country as c')
    .groupBy('c')
    .groupBy((eb) => ['kind', eb.cube(['capital'])])

  db.selectFrom('city').selectAll().fetch(3, 'with ties').top(10, 'percent').limit(sql<number>`1`)
  db.selectFrom('city as c')
    .innerJoin('visit', 'city_id', 'c.id')
    .selectAll('c')
    .forUpdate()
    .forUpdate('c')
    .forShare(['c', 'visit'])
    .forKeyShare()
    .forNoKeyUpdate('visit')
    .skipLocked()
    .noWait()
  db.selectFrom('city').selectAll().modifyFront(sql`sql_no_cache`).modifyEnd(sql`for json path`)
  db.selectFrom('city').selectAll().clearWhere().clearGroupBy().clearHaving().clearOrderBy().clearLimit().clearOffset()

  const united = await db
    .selectFrom('city')
    .select(['id', 'name'])
    .union(db.selectFrom('visit').select(['id', 'rating as name']).$castTo<{ id: number; name: string }>())
    .execute()
  equal<typeof united, { id: number; name: string }[]>(true)
  const names = db.selectFrom('city').select('name')
  names
    .unionAll([names, names])
    .intersect((eb) => eb.selectFrom('country').select('country.name'))
    .except((eb) => [eb.selectFrom('country').select('name')])
    .intersectAll(names)
    .exceptAll(names)

  const windows = await db
    .selectFrom('visit')
    .select((eb) => [
      eb.fn
        .agg<number>('row_number')
        .over((w) => w.partitionBy('city_id').orderBy('at', 'desc'))
        .as('nth'),
      eb.fn
        .avg('rating')
        .over((w) => w.orderBy('visit.at').rows({ preceding: 6 }, 'current row').exclude('ties'))
        .as('week'),
      eb.fn.sum('rating').over('w').as('total'),
      eb.fn
        .count('id')
        .filterWhere('rating', '>', 3)
        .over((w) => w.range('unbounded preceding', { following: 1 }).groups('current row'))
        .as('good'),
    ])
    .window('w', (w) => w.partitionBy(['city_id', 'note']).orderBy('at'))
    .execute()
  equal<typeof windows, { nth: number; week: number | null; total: number | null; good: number }[]>(true)
}

export async function changingTypes() {
  const optional = await db
    .selectFrom('city')
    .select('id')
    .$if(Math.random() > 0.5, (q) => q.select(['name', 'population']))
    .execute()
  equal<typeof optional, { id: number; name?: string; population?: number | null }[]>(true)

  const cast = await db.selectFrom('city').select('id').$castTo<{ other: 1 }>().execute()
  equal<typeof cast, { other: 1 }[]>(true)

  const narrowed = await db
    .selectFrom('city')
    .select(['id', 'population', 'kind'])
    .$narrowType<{ population: NotNull; kind: 'town' }>()
    .execute()
  equal<typeof narrowed, { id: number; population: number; kind: 'town' }[]>(true)
  const more = await db
    .selectFrom('city')
    .select('population')
    .$narrowType<{ population: NotNull }>()
    .select('id')
    .execute()
  equal<typeof more, { population: number; id: number }[]>(true)

  const filled = await db.selectFrom('city').select(['id', 'population']).$notNull().execute()
  equal<typeof filled, { id: number; population: number }[]>(true)

  const asserted = await db.selectFrom('city').select('id').$assertType<{ id: number }>().execute()
  equal<typeof asserted, { id: number }[]>(true)

  const called = db
    .selectFrom('city')
    .select('id')
    .$call((q) => q.where('population', '>', 1).select('name'))
  equal<InferResult<typeof called>, { id: number; name: string }[]>(true)
  equal<Rows<typeof called>, { id: number; name: string }[]>(true)

  let query = db.selectFrom('city').select('id')
  if (Math.random() > 0.5) query = query.where('population', '>', 3)
  if (Math.random() > 0.5) query = query.orderBy('id').limit(1)

  const scalar = db.selectFrom('city').select('id').limit(1).$asScalar()
  const tuple = db.selectFrom('city').select(['id', 'name']).$asTuple('name', 'id')
  const used = await db.selectNoFrom([scalar.as('s')]).execute()
  equal<typeof used, { s: number | null }[]>(true)
  db.selectFrom('city')
    .selectAll()
    .where((eb) => eb(eb.refTuple('name', 'id'), 'in', tuple))

  const dynamic = await db
    .selectFrom('city')
    .select(['id', db.dynamic.ref<'name' | 'kind'>('name')])
    .orderBy(db.dynamic.ref('id'))
    .where(db.dynamic.ref('id'), '=', 1)
    .groupBy(db.dynamic.ref('id'))
    .execute()
  equal<typeof dynamic, { id: number; name?: string; kind?: 'town' | 'village' }[]>(true)

  const extended = db.$extendTables<{ extra: { a: number } }>().selectFrom('extra').select('a')
  equal<Rows<typeof extended>, { a: number }[]>(true)
  const picked = db.$pickTables<'city'>()
  equal<keyof (typeof picked extends import('../../src/index.ts').Database<infer T> ? T : never), 'city'>(true)
  db.$omitTables<'city'>().selectFrom('visit')
}

export async function nested() {
  const scalar = await db
    .selectFrom('country')
    .select((eb) => [
      'name',
      eb.selectFrom('city').whereRef('city.country', '=', 'country.cca2').select('city.name').limit(1).as('one'),
    ])
    .execute()
  equal<typeof scalar, { name: string; one: string | null }[]>(true)

  // A subquery's star is of its own tables, and its names hide those around it.
  const inner = await db
    .selectFrom('city')
    .innerJoin((eb) => eb.selectFrom('visit').selectAll().as('v'), 'v.city_id', 'city.id')
    .selectAll('v')
    .execute()
  equal<typeof inner, { id: number; city_id: number; at: Date; note: string | null; rating: number }[]>(true)
  db.selectFrom('city')
    .selectAll()
    .where((eb) => {
      const star = eb.selectFrom('country').selectAll()
      equal<keyof Rows<typeof star>[0], 'cca2' | 'name' | 'area' | 'kind' | 'meta'>(true)
      const kinds = eb.selectFrom('country').select('kind')
      equal<Rows<typeof kinds>, { kind: 'republic' | 'monarchy' }[]>(true)
      const joined = eb.selectFrom('country').leftJoin('visit', 'city_id', 'city.id').select(['at', 'city.id'])
      equal<Rows<typeof joined>, { at: Date | null; id: number }[]>(true)
      return eb.exists(star.where('kind', '=', 'republic').whereRef('cca2', '=', 'city.country'))
    })

  const from = await db
    .selectFrom(db.selectFrom('city').select(['id', 'name as n']).as('s'))
    .select(['s.id', 'n'])
    .execute()
  equal<typeof from, { id: number; n: string }[]>(true)
  const called = await db
    .selectFrom((eb) => eb.selectFrom('city').select('name').as('z'))
    .select('z.name')
    .execute()
  equal<typeof called, { name: string }[]>(true)
}

export async function running(signal: AbortSignal) {
  const query = db.selectFrom('city').select('id')
  equal<Awaited<ReturnType<typeof run>>, { id: number } | undefined>(true)
  async function run() {
    await query.execute({ signal })
    await query.executeTakeFirstOrThrow(class extends Error {})
    await query.executeTakeFirstOrThrow(() => new Error('none'))
    await query.executeTakeFirstOrThrow({ errorConstructor: TypeError, signal })
    for await (const row of query.stream(10)) equal<typeof row, { id: number }>(true)
    for await (const row of query.stream({ chunkSize: 10, signal })) equal<typeof row, { id: number }>(true)
    return query.executeTakeFirst({ signal })
  }
  const compiled = query.compile()
  equal<typeof compiled.sql, string>(true)
  equal<typeof compiled.parameters, readonly unknown[]>(true)
  const { rows } = await db.executeQuery(compiled)
  equal<typeof rows, { id: number }[]>(true)
  const again = await db.executeQuery(query, { signal })
  equal<typeof again.rows, { id: number }[]>(true)
  const plan = await query.explain('json', sql`analyze`)
  equal<typeof plan, Record<string, unknown>[]>(true)
  equal<Tables['city'], City>(true)
}

export async function callbacksAlone() {
  const rows = await db
    .selectFrom('city')
    .select([(eb) => eb.val(1).as('x'), (eb) => eb.fn.max('population').as('y'), ({ ref }) => ref('name').as('z')])
    .execute()
  equal<typeof rows, { x: number; y: number | null; z: string }[]>(true)
  const lists = await db
    .selectFrom('city')
    .select(['id', (eb) => [eb.val(1).as('x'), 'name']])
    .execute()
  equal<typeof lists, { id: number; x: number; name: string }[]>(true)
}

export async function lists() {
  const several = await db.selectFrom(['city', 'visit as v']).select(['city.id', 'v.note', 'rating']).execute()
  equal<typeof several, { id: number; note: string | null; rating: number }[]>(true)
  const derived = await db
    .selectFrom(['city', db.selectFrom('visit').select(['id as visit_id', 'at']).as('d')])
    .whereRef('d.visit_id', '=', 'city.id')
    .select(['name', 'd.at'])
    .execute()
  equal<typeof derived, { name: string; at: Date }[]>(true)
  db.updateTable(['city', 'visit']).set('city.name', 'x').set('visit.note', null).whereRef('city.id', '=', 'city_id')
  db.deleteFrom(['city', 'visit as v']).where('v.rating', '<', 2)
}
