import { kanta } from 'kanta'
import { mariadb, mysql } from 'kanta/mysql2'
import { pglite } from 'kanta/pglite'
import { tedious } from 'kanta/tedious'
import { openPglite } from '../engine/pglite.ts'
import type { ShownSql } from './example.ts'
import { fill, db as ofPrelude, schema } from './prelude.ts'

type Db = typeof ofPrelude
interface Query {
  compile(): { readonly sql: string; readonly parameters: readonly unknown[] }
}

/** The databases in the process, which run what the pages show; for the others only the text is compared. */
const RUN: ReadonlySet<string> = new Set(['SQLite', 'PostgreSQL'])

const opened = new Map<string, Promise<Db>>([['SQLite', Promise.resolve(ofPrelude)]])

function databaseOf(name: string): Promise<Db> {
  const known = opened.get(name) ?? open(name)
  opened.set(name, known)
  return known
}

async function open(name: string): Promise<Db> {
  if (name === 'PostgreSQL') {
    const db = kanta({ driver: pglite(await openPglite()), schema })
    await fill(db)
    return db
  }
  if (name === 'SQL Server') return kanta({ driver: tedious({ server: 'localhost' }), schema })
  return kanta({ driver: name === 'MySQL' ? mysql('mysql://localhost/c') : mariadb('mariadb://localhost/c'), schema })
}

/** Ends the databases that were opened to show SQL. */
export async function destroyShown(): Promise<void> {
  for (const [name, db] of opened) if (name !== 'SQLite') await (await db).destroy()
}

/** Holds the queries of an example to the SQL that stands behind it, and runs them where the database is at hand. */
export async function showsSql(
  shown: readonly ShownSql[],
  example: (db: Db, show: (query: Query) => void) => Promise<void>,
): Promise<void> {
  for (const { database, texts } of shown) {
    const db = await databaseOf(database)
    const queries: Query[] = []
    await example(db, (query) => void queries.push(query))
    const printed = queries.map((query) => query.compile().sql)
    if (JSON.stringify(printed) !== JSON.stringify(texts.map(oneLine)))
      throw new Error(`The SQL of ${database} is:\n\n${printed.join('\n\n')}\n`)
    if (RUN.has(database)) await runAndUndo(db, queries)
  }
}

/** The text as a dialect prints it, in one line. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('( ', '(').replaceAll(' )', ')').trim()
}

async function runAndUndo(db: Db, queries: readonly Query[]): Promise<void> {
  const done = new Error('done')
  const outcome = db.transaction().execute(async (trx) => {
    for (const query of queries) await trx.executeQuery(query.compile())
    throw done
  })
  await outcome.catch((error) => {
    if (error !== done) throw error
  })
}
