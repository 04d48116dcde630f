import { sql } from 'kanta'
import { diff } from 'kanta/audit'
import { spell } from './difference.ts'
import { setStage } from './stage.ts'
import { type Step, tryAll } from './step.ts'

const [LISBON, PORTO, COIMBRA, KYOTO] = [
  2_267_057, 2_735_943, 2_740_637, 1_857_910,
]

const DOES: Readonly<Record<string, string>> = {
  tenant: 'keeps agencies apart',
  softDelete: 'marks what is deleted',
  timestamps: 'writes down when',
  timeTravel: 'answers from the past',
  notice: 'hears of exceptions',
  audit: 'keeps who changed what',
}

/** The second act, in this order. */
export const steps: readonly Step[] = [
  {
    name: 'plugins',
    asks: 'Two travel agencies, Lynx and Otter, plan trips to these cities in the same two tables. What stands between them and the rows?',
    shown: setStage,
    async code({ db }) {
      return db.plugins.map(({ name, policies }, i) => ({
        order: i + 1,
        plugin: name,
        what_it_does: DOES[name],
        rewrites: policies.length > 0,
      }))
    },
    expects: [
      { plugin: 'tenant', rewrites: true },
      { plugin: 'softDelete', rewrites: true },
      { plugin: 'timestamps', rewrites: true },
      { plugin: 'timeTravel', rewrites: true },
      { plugin: 'notice', rewrites: false },
      { plugin: 'audit', rewrites: true },
    ],
    says: 'Every statement of db, lynx and otter goes through all of them, in this order.',
  },

  {
    name: 'insert',
    asks: 'Whose is a row, and since when is it there, if the insert does not say so?',
    async code({ lynx, otter }) {
      await lynx
        .insertInto('trip')
        .values([
          { title: 'Tiles and port', price: 690 },
          { title: 'Temples', price: 1900 },
        ])
        .execute()
      await lynx
        .insertInto('stop')
        .values([
          { trip: 1, city: LISBON, nights: 3 },
          { trip: 1, city: COIMBRA, nights: 1 },
          { trip: 1, city: PORTO, nights: 2 },
          { trip: 2, city: KYOTO, nights: 5 },
        ])
        .execute()
      const inserted = await otter
        .insertInto('trip')
        .values({ title: 'Trams and hills', price: 540 })
        .returning(['id', 'agency', 'title', 'created_at'])
        .execute()
      await otter
        .insertInto('stop')
        .values({ trip: 3, city: LISBON, nights: 4 })
        .execute()
      return inserted
    },
    expects: [{ id: 3, agency: 'Otter', title: 'Trams and hills' }],
    says: 'The agency is that of whoever asks, and the times are those of a clock. Nobody can forget them.',
  },

  {
    name: 'scope',
    asks: 'Both agencies stop in Lisbon. What does Lynx see when it joins stops, trips, cities and countries?',
    async code({ lynx }) {
      return await lynx
        .selectFrom('stop')
        .innerJoin('trip', 'trip.id', 'stop.trip')
        .innerJoin('city', 'city.id', 'stop.city')
        .leftJoin('country', 'country.code', 'city.country')
        .select(['trip.title', 'city.name as city', 'stop.nights'])
        .select(['country.name as country', 'stop.agency'])
        .orderBy('stop.id')
        .execute()
    },
    expects: [
      { city: 'Lisbon', country: 'Portugal', nights: 3, agency: 'Lynx' },
      { city: 'Coimbra', country: 'Portugal', nights: 1, agency: 'Lynx' },
      { city: 'Porto', country: 'Portugal', nights: 2, agency: 'Lynx' },
      { city: 'Kyoto', country: 'Japan', nights: 5, agency: 'Lynx' },
    ],
    says: "Its own four stops, without Otter's. Each table that is not shared is narrowed where it stands.",
  },

  {
    name: 'reach',
    asks: "Lynx knows that a trip of Otter's has the number 3. Can it get at it?",
    async code({ db, lynx, otter }) {
      const mine = { title: 'Mine now', price: 1 }
      const stops = lynx
        .selectFrom('stop')
        .select('city')
        .where('trip', '=', 3)
      return await tryAll({
        select: lynx.selectFrom('trip').selectAll().where('id', '=', 3),
        subquery: lynx
          .selectFrom('city')
          .select('name')
          .where('id', 'in', stops),
        update: lynx.updateTable('trip').set(mine).where('id', '=', 3),
        upsert: lynx
          .insertInto('trip')
          .values({ id: 3, ...mine })
          .onConflict((oc) => oc.column('id').doUpdateSet(mine)),
        'a stop on it': lynx
          .insertInto('stop')
          .values({ trip: 3, city: KYOTO, nights: 1 }),
        'for Otter': lynx
          .insertInto('trip')
          .values({ ...mine, agency: 'Otter' }),
        'as nobody': db.selectFrom('trip').selectAll(),
        'by Otter': otter
          .selectFrom('trip')
          .selectAll()
          .where('price', '=', 540),
      })
    },
    expects: [
      { attempt: 'select', outcome: '0 rows' },
      { attempt: 'subquery', outcome: '0 rows' },
      { attempt: 'update', outcome: '0 rows' },
      { attempt: 'upsert', outcome: /^refused \(policy\)/ },
      {
        attempt: 'a stop on it',
        outcome: /^refused \(foreign_key_violation\)/,
      },
      { attempt: 'for Otter', outcome: /^refused \(policy\)/ },
      { attempt: 'as nobody', outcome: /^refused \(policy\)/ },
      { attempt: 'by Otter', outcome: '1 row' },
    ],
    says: 'For Lynx the row is not there, and what would write it fails as a whole. Otter has it as it was.',
  },

  {
    name: 'raw',
    asks: 'And with SQL text, of which no plugin knows what it reads?',
    async code({ lynx }) {
      const always = sql<boolean>`1 = 1 or 'x' = 'x'`
      const trusted = sql`select 'as trusted' as text from trip`
      return await tryAll({
        'a statement': () => sql`select * from trip`.execute(lynx),
        'a table': lynx.selectFrom(sql<object>`trip`.as('t')).selectAll(),
        'a condition': lynx.selectFrom('trip').select('id').where(always),
        'by name': () =>
          trusted.trusted('all trips', { reads: ['trip'] }).execute(lynx),
      })
    },
    expects: [
      { attempt: 'a statement', outcome: /^refused \(policy\)/ },
      { attempt: 'a table', outcome: /^refused \(policy\)/ },
      { attempt: 'a condition', outcome: '2 rows' },
      { attempt: 'by name', outcome: '3 rows' },
    ],
    says: 'Text as a condition stands in parentheses and widens nothing. As a statement it runs only where the program vouches for it by name; it then sees the rows of all.',
  },

  {
    name: 'delete',
    asks: 'Lynx deletes a stop, and later the trip with the stops that it still has. What is left?',
    shows: /^(?:update|select "city")/,
    async code({ lynx }) {
      await lynx.deleteFrom('stop').where('city', '=', COIMBRA).execute()
      await lynx.deleteFrom('trip').where('id', '=', 1).execute()
      const stops = (db: typeof lynx) =>
        db
          .selectFrom('stop')
          .innerJoin('city', 'city.id', 'stop.city')
          .select(['city.name as city', 'stop.deleted_at', 'stop.deleted_by'])
          .where('stop.trip', '=', 1)
          .orderBy('stop.id')
      return [
        ...(await stops(lynx).execute()),
        ...(await stops(lynx.withDeleted()).execute()),
      ]
    },
    expects: [
      { city: 'Lisbon', deleted_by: 'Aino' },
      { city: 'Coimbra', deleted_by: 'Aino' },
      { city: 'Porto', deleted_by: 'Aino' },
    ],
    says: 'Nothing for those who ask as usual, and all of it for those who ask for what is deleted: a delete is an update here.',
  },

  {
    name: 'undo',
    asks: 'What comes back when the deletion of the trip is undone?',
    shows: /deleted_at" = \?|^select "city"/,
    async code({ lynx }) {
      await lynx.restore('trip').where('id', '=', 1).execute()
      return await lynx
        .withDeleted()
        .selectFrom('stop')
        .innerJoin('city', 'city.id', 'stop.city')
        .select(['city.name as city', 'stop.deleted_at'])
        .where('stop.trip', '=', 1)
        .orderBy('stop.id')
        .execute()
    },
    expects: [
      { city: 'Lisbon', deleted_at: null },
      { city: 'Coimbra', deleted_at: /\d/ },
      { city: 'Porto', deleted_at: null },
    ],
    says: 'The trip, and just the stops that went with it. Coimbra was deleted before, and stays so.',
  },

  {
    name: 'audit',
    asks: 'Fuel gets dearer, and so does every trip of Lynx. Who did what to the first one, and why?',
    async code({ db, lynx }) {
      await db
        .as({ agency: 'Lynx', user: 'Eero', why: 'fuel' })
        .updateTable('trip')
        .set((eb) => ({ price: eb('price', '+', 60) }))
        .execute()
      const history = await lynx.audit.history('trip', 1)
      return history.map((entry) => ({
        who: entry.actor,
        why: entry.reason,
        asked_for: entry.asked,
        changed: spell(diff(entry)),
      }))
    },
    expects: [
      { who: 'Aino', why: null, asked_for: 'insert' },
      {
        who: 'Aino',
        why: null,
        asked_for: 'delete',
        changed: /^deleted at – → [\d:]+, deleted by – → Aino$/,
      },
      {
        who: 'Aino',
        why: null,
        asked_for: 'update',
        changed: /^deleted at [\d:]+ → –, deleted by Aino → –$/,
      },
      {
        who: 'Eero',
        why: 'fuel',
        asked_for: 'update',
        changed: 'price 690 → 750',
      },
    ],
    says: 'The trail is written in the transaction of the statement, with the rows before and after it; what it writes itself is not in the log that the SQL here is from. A write that it cannot hold fails.',
  },

  {
    name: 'past',
    asks: 'How was that trip before all this, and how is it now?',
    async code({ lynx, after }) {
      const stops = (db: typeof lynx, when: string) =>
        db
          .selectFrom('trip')
          .innerJoin('stop', 'stop.trip', 'trip.id')
          .innerJoin('city', 'city.id', 'stop.city')
          .select((eb) => [
            eb.val(when).as('when'),
            'trip.title',
            'trip.price',
          ])
          .select(['city.name as city', 'stop.nights'])
          .where('trip.id', '=', 1)
          .orderBy('stop.id')
      return [
        ...(await stops(lynx.asOf(after('insert')), 'then').execute()),
        ...(await stops(lynx, 'now').execute()),
      ]
    },
    expects: [
      { when: 'then', price: 690, city: 'Lisbon', nights: 3 },
      { when: 'then', price: 690, city: 'Coimbra', nights: 1 },
      { when: 'then', price: 690, city: 'Porto', nights: 2 },
      { when: 'now', price: 750, city: 'Lisbon', nights: 3 },
      { when: 'now', price: 750, city: 'Porto', nights: 2 },
    ],
    says: 'The same query, joins included, answered from the histories of both tables, which triggers keep. It is narrowed to Lynx as ever.',
  },

  {
    name: 'transaction',
    asks: 'Fuel was not the reason after all. What did that transaction do, and can it be undone?',
    async code({ lynx }) {
      const last = (await lynx.audit.history('trip', 1)).at(-1)!
      const did = await lynx.audit.transactionOf(last.transaction)
      await lynx
        .as({ why: 'a mistake' })
        .audit.undoTransaction(last.transaction)
      const trips = await lynx
        .selectFrom('trip')
        .select(['id', 'price'])
        .execute()
      return did.map((entry) => ({
        table: entry.table,
        id: entry.key.id,
        it_did: spell(diff(entry)),
        price_now: trips.find(({ id }) => id === entry.key.id)?.price,
      }))
    },
    expects: [
      { table: 'trip', id: 1, it_did: 'price 690 → 750', price_now: 690 },
      { table: 'trip', id: 2, it_did: 'price 1900 → 1960', price_now: 1900 },
    ],
    says: 'The undoing is in the trail, too, with its reason. Had somebody changed one of the rows since, it would have been refused.',
  },

  {
    name: 'report',
    asks: 'Who runs the platform wants figures of both agencies. How is that allowed, and who learns of it?',
    async code({ db, reports, told }) {
      const both = db.unscoped(reports, 'figures of the year')
      const figures = await both
        .selectFrom('stop')
        .innerJoin('trip', 'trip.id', 'stop.trip')
        .select((eb) => [
          'stop.agency',
          eb.fn.sum('stop.nights').as('nights'),
        ])
        .groupBy('stop.agency')
        .orderBy('stop.agency')
        .execute()
      const notice = told.at(-1)
      return figures.map((row) => ({
        ...row,
        without: notice?.policy,
        reason: notice?.reason,
      }))
    },
    expects: [
      {
        agency: 'Lynx',
        nights: 10,
        without: 'tenant',
        reason: 'figures of the year',
      },
      {
        agency: 'Otter',
        nights: 4,
        without: 'tenant',
        reason: 'figures of the year',
      },
    ],
    says: "The capability is an object that only whoever made the plugins holds. The hook 'notice' was told what the statement did without, and why. What is deleted stays out.",
  },
]
