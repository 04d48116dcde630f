import type { Case, Loose } from '../case.ts'

const merge = (db: Loose) => db.mergeInto('pet').using('person', 'person.id', 'pet.owner_id')
const MERGE =
  /mergeInto\(\) is not available in sqlite\. Use insertInto\(\) with onConflict\(\), and updateTable\(\) with from\(\)/
const of = (db: Loose) => db.selectFrom('person').select('id')

/** What SQLite lacks, and what is wrong with it everywhere. */
export const missing: readonly Case[] = [
  { name: 'thenDelete', query: (db) => merge(db).whenMatched().thenDelete(), unsupported: MERGE },
  { name: 'thenUpdateSet', query: (db) => merge(db).whenMatched().thenUpdateSet({ name: 'x' }), unsupported: MERGE },
  {
    name: 'thenInsertValues',
    query: (db) => merge(db).whenNotMatched().thenInsertValues({ name: 'x', species: 'cat' }),
    unsupported: MERGE,
  },
  { name: 'thenDoNothing', query: (db) => merge(db).whenNotMatchedBySource().thenDoNothing(), unsupported: MERGE },
  {
    name: 'an insert without values in a merge',
    query: (db) => merge(db).whenNotMatched().thenInsertValues({}),
    unsupported: MERGE,
  },
  {
    name: 'an undefined value in a merge',
    query: (db) => merge(db).whenMatched().thenUpdateSet({ name: undefined }),
    unsupported: MERGE,
  },
  {
    name: 'a merge without a condition',
    query: (db) => db.mergeInto('pet').using('person'),
    unsupported: MERGE,
  },
  {
    name: 'forUpdate',
    query: (db) => of(db).forUpdate(),
    unsupported: /for update is not available in sqlite\. A transaction that writes is alone here/,
  },
  {
    name: 'forUpdate of a table',
    query: (db) => of(db).forUpdate('person'),
    unsupported: /for update is not available in sqlite/,
  },
  { name: 'forShare', query: (db) => of(db).forShare(['person']), unsupported: /for share is not available in sqlite/ },
  { name: 'forKeyShare', query: (db) => of(db).forKeyShare(), unsupported: /for key share is not available in sqlite/ },
  {
    name: 'forNoKeyUpdate',
    query: (db) => of(db).forNoKeyUpdate(),
    unsupported: /for no key update is not available in sqlite/,
  },
  { name: 'skipLocked', query: (db) => of(db).skipLocked(), unsupported: /skip locked is not available in sqlite/ },
  { name: 'noWait', query: (db) => of(db).noWait(), unsupported: /nowait is not available in sqlite/ },
  {
    name: 'betweenSymmetric',
    query: (db) => of(db).where((eb) => eb.betweenSymmetric('age', 40, 30)),
    unsupported: /betweenSymmetric\(\) is not available in sqlite/,
  },
]
