/** Appends to a document and replaces it for ever, and tells what is done: file, document. It is there to be killed. */
import { writeSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { createSqliteStore, fromNodeSqlite } from '../../src/store/index.ts'
import { entry, meta } from './ground.ts'

const [file, docId] = process.argv.slice(2)
const store = createSqliteStore(fromNodeSqlite(new DatabaseSync(file!)))
const tell = (line: string): void => void writeSync(1, `${line}\n`)
/** The document is `size` entries of one generation; a replacement begins the next one. */
for (let generation = 0; ; generation++) {
  tell(`replace ${generation}`)
  await store.replace(docId!, [meta(), ...Array.from({ length: 5 }, (_, i) => entry(`${generation}/${i}`))])
  tell(`replaced ${generation}`)
  for (let i = 5; i < 15; i++) {
    await store.append(docId!, entry(`${generation}/${i}`))
    tell(`appended ${generation}/${i}`)
  }
}
