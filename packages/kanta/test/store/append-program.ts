/** Appends entries to a document of a file, one by one: file, document, count, from. It tells each that is done. */
import { writeSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { createSqliteStore, fromNodeSqlite } from '../../src/store/index.ts'
import { entry } from './ground.ts'

const [file, docId, count, from] = process.argv.slice(2)
const store = createSqliteStore(fromNodeSqlite(new DatabaseSync(file!)))
for (let i = 0; i < Number(count); i++) {
  await store.append(docId!, entry(`${process.pid}:${i}`, `${i}`))
  if (from === 'tell') writeSync(1, `${i}\n`)
}
await store.close()
