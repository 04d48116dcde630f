import { jsonArrayFrom, sql } from 'kanta'
import { rollback, upsert } from './changes.ts'
import type { Db } from './database.ts'
import { type Question, query } from './question.ts'
import { stream } from './stream.ts'

/** What is asked of the file, in this order. */
export const questions: readonly Question[] = [
  query('lookup', 'Which city has the number 2267057 in GeoNames?', (db) =>
    db.selectFrom('city').select(['name', 'country', 'population', 'imported_at']).where('id', '=', 2_267_057),
  ),

  query('largest', 'Which cities are the largest, and where are they?', (db) =>
    db
      .selectFrom('city')
      .innerJoin('country', 'country.code', 'city.country')
      .select(['city.name', 'country.name as country', 'country.subregion', 'city.population'])
      .orderBy('city.population', 'desc')
      .limit(8),
  ),

  query('regions', 'How do the people in cities spread over the world?', (db) =>
    db
      .selectFrom('city')
      .innerJoin('country', 'country.code', 'city.country')
      .select((eb) => [
        'country.region',
        eb.fn.count('country.code').distinct().as('countries'),
        eb.fn.countAll().as('cities'),
        eb.fn.countAll().filterWhere('city.population', '>=', 1_000_000).as('of_a_million'),
        eb.fn.sum('city.population').as('people'),
        eb.fn.avg('city.population').as('average'),
      ])
      .groupBy('country.region')
      .orderBy('people', 'desc'),
  ),

  query('namesakes', 'Which names do cities of many countries share?', (db) =>
    db
      .selectFrom('city')
      .select((eb) => [
        'name',
        eb.fn.count('country').distinct().as('countries'),
        eb.fn.countAll().as('cities'),
        eb.fn.max('population').as('largest'),
      ])
      .groupBy('name')
      .having((eb) => eb(eb.fn.count('country').distinct(), '>=', 10))
      .orderBy('countries', 'desc')
      .orderBy('name'),
  ),

  query(
    'shares',
    'What are the two largest cities of each country of Central America, and their share of its people in cities?',
    (db) =>
      db
        .selectFrom((eb) =>
          eb
            .selectFrom('city')
            .innerJoin('country', 'country.code', 'city.country')
            .select((eb) => [
              'country.name as country',
              'city.name as city',
              'city.population',
              eb.fn
                .agg<number>('rank')
                .over((w) => w.partitionBy('country.code').orderBy('city.population', 'desc'))
                .as('place'),
              eb.fn
                .sum('city.population')
                .over((w) => w.partitionBy('country.code'))
                .as('people'),
            ])
            .where('country.subregion', '=', 'Central America')
            .as('ranked'),
        )
        .select((eb) => [
          'country',
          'place',
          'city',
          'population',
          sql<number>`round(100.0 * ${eb.ref('population')} / ${eb.ref('people')}, 1)`.as('percent'),
        ])
        .where('place', '<=', 2)
        .orderBy('country')
        .orderBy('place'),
  ),

  query('capitals', 'Where is the capital not the largest city? Parts of cities are left out.', (db) =>
    db
      .with('ranked', (db) =>
        db
          .selectFrom('city')
          .select((eb) => [
            'name',
            'country',
            'kind',
            'population',
            eb.fn.agg<number>('row_number').over('by_size').as('place'),
            eb.fn.agg<string>('first_value', ['name']).over('by_size').as('largest'),
          ])
          .where('population', 'is not', null)
          .where('kind', '!=', 'PPLX')
          .window('by_size', (w) => w.partitionBy('country').orderBy('population', 'desc')),
      )
      .selectFrom('ranked')
      .innerJoin('country', 'country.code', 'ranked.country')
      .select([
        'country.name as country',
        'ranked.name as capital',
        'ranked.population',
        'ranked.place',
        'ranked.largest',
      ])
      .where('ranked.kind', '=', 'PPLC')
      .where('ranked.place', '>', 1)
      .orderBy('ranked.place', 'desc')
      .orderBy('country.name'),
  ),

  query(
    'overland',
    'Which countries are reached overland from Portugal, in how many borders?',
    (db) =>
      reachable(db, 'PT')
        .selectFrom('nearest')
        .innerJoin('country', 'country.code', 'nearest.code')
        .select((eb) => [
          'nearest.steps as borders',
          eb.fn.countAll().as('countries'),
          eb.fn
            .agg<string>('group_concat', ['country.name', eb.val(', ')])
            .orderBy('country.name')
            .as('names'),
        ])
        .groupBy('nearest.steps')
        .orderBy('nearest.steps'),
    (rows) => {
      const reached = rows.reduce((sum, row) => sum + row.countries, 0) - 1
      return `${reached} countries, the farthest ${rows.at(-1)?.borders} borders away.`
    },
  ),

  query(
    'chain',
    'By which countries does the shortest way overland lead from Portugal to Vietnam?',
    (db) =>
      reachable(db, 'PT')
        .withRecursive('chain(code, steps)', (db) =>
          db
            .selectFrom('nearest')
            .select(['nearest.code', 'nearest.steps'])
            .where('nearest.code', '=', 'VN')
            .unionAll(
              // Back by one border; of several ways the one that passes through the largest country.
              db
                .selectFrom('chain')
                .select((eb) => [
                  eb
                    .selectFrom('border')
                    .innerJoin('nearest as before', 'before.code', 'border.neighbour')
                    .innerJoin('country', 'country.code', 'before.code')
                    .select('before.code')
                    .whereRef('border.country', '=', 'chain.code')
                    .where('before.steps', '=', eb('chain.steps', '-', 1))
                    .orderBy('country.area', 'desc')
                    .limit(1)
                    .$asScalar()
                    .$notNull()
                    .as('code'),
                  eb('chain.steps', '-', 1).as('steps'),
                ])
                .where('chain.steps', '>', 0),
            ),
        )
        .selectFrom('chain')
        .innerJoin('country', 'country.code', 'chain.code')
        .select(['chain.steps as borders', 'country.name', 'country.subregion', 'country.area as square_kilometres'])
        .orderBy('chain.steps'),
    (rows) => rows.map((row) => row.name).join(' → '),
  ),

  query('languages', 'Which languages are official in three regions of the world or more?', (db) =>
    db
      .selectFrom('language')
      .innerJoin('country_language', 'country_language.language', 'language.code')
      .innerJoin('country', 'country.code', 'country_language.country')
      .select((eb) => [
        'language.name as language',
        eb.fn.count('country.region').distinct().as('regions'),
        eb.fn.countAll().as('countries'),
        eb.fn.sum('country.area').as('square_kilometres'),
      ])
      .groupBy('language.code')
      .having((eb) => eb(eb.fn.count('country.region').distinct(), '>=', 3))
      .orderBy('countries', 'desc'),
  ),

  query('landlocked', 'Which countries have only neighbours without a coast, and no coast themselves?', (db) =>
    db
      .selectFrom('country as c')
      .select((eb) => [
        'c.name',
        'c.capitals',
        'c.landlocked',
        jsonArrayFrom(
          eb
            .selectFrom('border')
            .innerJoin('country as n', 'n.code', 'border.neighbour')
            .select('n.name')
            .whereRef('border.country', '=', 'c.code')
            .orderBy('n.name'),
        ).as('neighbours'),
      ])
      .where('c.landlocked', '=', true)
      .where((eb) =>
        eb.not(
          eb.exists(
            eb
              .selectFrom('border')
              .innerJoin('country as n', 'n.code', 'border.neighbour')
              .select('n.code')
              .whereRef('border.country', '=', 'c.code')
              .where('n.landlocked', '=', false),
          ),
        ),
      ),
  ),

  query('euro', 'Where outside of Europe is the euro legal tender?', (db) =>
    db
      .selectFrom('country')
      .select((eb) => [
        'name',
        'subregion',
        eb.ref('currencies', '->>').key('EUR').key('symbol').as('sign'),
        'languages',
      ])
      .where((eb) => eb(eb.ref('currencies', '->').key('EUR'), 'is not', null))
      .where('region', '!=', 'Europe')
      .orderBy('name'),
  ),

  query(
    'nested',
    'What are the three largest cities of each country of South America, and which languages are spoken there?',
    (db) =>
      db
        .selectFrom('country')
        .select((eb) => [
          'country.name',
          jsonArrayFrom(
            eb
              .selectFrom('country_language')
              .innerJoin('language', 'language.code', 'country_language.language')
              .select('language.name')
              .whereRef('country_language.country', '=', 'country.code')
              .orderBy('language.name'),
          ).as('languages'),
          jsonArrayFrom(
            eb
              .selectFrom('city')
              .select(['city.name', 'city.population'])
              .whereRef('city.country', '=', 'country.code')
              .orderBy('city.population', 'desc')
              .limit(3),
          ).as('cities'),
        ])
        .where('country.subregion', '=', 'South America')
        .orderBy('country.area', 'desc'),
  ),

  query('nemo', 'Which cities of 100,000 people are nearest to Point Nemo, the place farthest from any land?', (db) => {
    const [latitude, longitude] = [-48.8767, -123.3933]
    return db
      .selectFrom('city')
      .innerJoin('country', 'country.code', 'city.country')
      .select(['city.name', 'country.name as country', 'city.population'])
      .select((eb) =>
        sql<number>`round(6371 * acos(sin(radians(${latitude})) * sin(radians(${eb.ref('latitude')}))
          + cos(radians(${latitude})) * cos(radians(${eb.ref('latitude')})) * cos(radians(${eb.ref('longitude')} - ${longitude}))))`.as(
          'kilometres',
        ),
      )
      .where('city.population', '>=', 100_000)
      .orderBy('kilometres')
      .limit(6)
  }),
  upsert,
  rollback,
  stream,
]

/** The countries that are reached overland from one, with the fewest borders to cross. */
function reachable(db: Db, from: string) {
  return db
    .withRecursive('reach(code, steps)', (db) =>
      db
        .selectFrom('country')
        .select((eb) => ['country.code', eb.lit<number>(0).as('steps')])
        .where('country.code', '=', from)
        .union(
          db
            .selectFrom('reach')
            .innerJoin('border', 'border.country', 'reach.code')
            .select((eb) => ['border.neighbour as code', eb('reach.steps', '+', 1).as('steps')])
            .where('reach.steps', '<', 16),
        ),
    )
    .with('nearest', (db) =>
      db
        .selectFrom('reach')
        .select((eb) => ['reach.code', eb.fn.min('reach.steps').as('steps')])
        .groupBy('reach.code'),
    )
}
