/** Appends entries to a document of a file, one by one: file, document, count. */
import { DatabaseSync } from 'node:sqlite'
import { createSqliteStore, fromNodeSqlite } from '../../src/store/index.ts'
import { entry } from './ground.ts'

const [file, docId, count] = process.argv.slice(2)
const database = new DatabaseSync(file!)
database.exec('pragma synchronous = off')
const store = createSqliteStore(fromNodeSqlite(database))
for (let i = 0; i < Number(count); i++) {
  await store.append(docId!, entry(`${process.pid}:${i}`, `${i}`))
}
await store.close()
