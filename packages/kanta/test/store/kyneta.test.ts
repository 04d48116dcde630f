import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { createSqliteStore, fromNodeSqlite, type StoreOptions } from '../../src/store/index.ts'
import { entry, META, meta } from './ground.ts'

const { replicaType, syncMode, schemaHash } = META

/** A file as a version of kyneta writes it: its tables, metadata and records. */
function fileOf(docMeta: string, mode: 'syncMode' | 'syncProtocol', records = 'kyneta_records'): DatabaseSync {
  const db = new DatabaseSync(':memory:')
  const [metaTable, recordsTable] = [docMeta, records].map((name) => `"${name.replaceAll('"', '""')}"`)
  db.exec(`create table ${metaTable} (doc_id text primary key, data text not null) without rowid`)
  db.exec(
    `create table ${recordsTable} (doc_id text not null, seq integer not null, kind text not null, payload text, blob blob, primary key (doc_id, seq)) without rowid`,
  )
  const data = JSON.stringify({ replicaType, [mode]: syncMode, schemaHash })
  const entryText = (json: object) => JSON.stringify({ kind: 'since', encoding: 'json', version: '1', ...json })
  db.prepare(`insert into ${metaTable} values (?, ?)`).run('doc', data)
  const insert = db.prepare(`insert into ${recordsTable} values (?, ?, ?, ?, ?)`)
  insert.run('doc', 0, 'meta', data, null)
  insert.run('doc', 1, 'entry', entryText({ data: 'text' }), null)
  // A failed append of kyneta leaves a gap.
  insert.run('doc', 3, 'entry', entryText({ encoding: 'binary' }), new Uint8Array([1, 2]))
  return db
}

function stamp(db: DatabaseSync, value: string, table = 'kyneta_store_meta'): DatabaseSync {
  db.exec(`create table if not exists ${table} (key text primary key, value text not null) without rowid`)
  db.prepare(`insert into ${table} values ('format', ?)`).run(value)
  return db
}

const open = (db: DatabaseSync, options?: StoreOptions) => createSqliteStore(fromNodeSqlite(db), options)

const CONTENT = [meta(), entry('text'), entry(new Uint8Array([1, 2]))]

const tablesOf = (db: DatabaseSync): unknown[] =>
  db
    .prepare("select name from sqlite_schema where type = 'table' order by name")
    .all()
    .map(({ name }) => name)

describe('46: files of kyneta', () => {
  const files: Readonly<Record<string, () => DatabaseSync>> = {
    '1.6.1': () => fileOf('kyneta_meta', 'syncProtocol'),
    '2.3.2': () => stamp(fileOf('kyneta_doc_meta', 'syncMode'), '{"major":1,"minor":0}'),
  }
  test.each(Object.entries(files))('a file of %s opens and is read', async (_, file) => {
    const store = open(file())
    expect(await Array.fromAsync(store.loadAll('doc'))).toEqual(CONTENT)
    expect(await store.currentMeta('doc')).toEqual(META)
    expect(await Array.fromAsync(store.listDocIds())).toEqual(['doc'])
    expect((await Array.fromAsync(store.load('doc', { after: 1 }))).map(({ seq }) => seq)).toEqual([3])
  })

  test.each(Object.entries(files))('a file of %s is written in its own form', async (_, file) => {
    const db = file()
    const tables = tablesOf(db)
    const mode = tables.includes('kyneta_meta') ? 'syncProtocol' : 'syncMode'
    const store = open(db)
    await store.append('doc', meta({ schemaHash: 'later' }))
    await store.append('doc', entry('more'))
    await store.append('other', meta())
    expect(tablesOf(db)).toEqual(tables)
    const [last] = db.prepare("select seq, payload from kyneta_records where doc_id = 'doc' order by seq desc").all()
    expect(last).toMatchObject({ seq: 5, payload: expect.stringContaining('more') })
    for (const { data } of db
      .prepare(`select data from ${tables[0] === 'kyneta_doc_meta' ? tables[0] : 'kyneta_meta'}`)
      .all())
      expect(Object.keys(JSON.parse(String(data)))).toEqual(['replicaType', mode, 'schemaHash'])
    expect(await Array.fromAsync(store.loadAll('doc'))).toEqual([
      ...CONTENT,
      meta({ schemaHash: 'later' }),
      entry('more'),
    ])
  })

  test('a file of 1.x is upgraded on request, also in its records, and gets a version', async () => {
    const db = files['1.6.1']!()
    const store = open(db, { upgrade: true })
    expect(await Array.fromAsync(store.loadAll('doc'))).toEqual(CONTENT)
    const texts = [
      ...db.prepare('select data as text from kyneta_meta').all(),
      ...db.prepare("select payload as text from kyneta_records where kind = 'meta'").all(),
    ]
    for (const { text } of texts) expect(JSON.parse(String(text))).toEqual({ ...META })
    expect(db.prepare('select * from kyneta_store_meta').all()).toMatchObject([
      { key: 'format', value: '{"major":1,"minor":0}' },
    ])
    await open(db, { upgrade: true }).append('doc', entry('more'))
  })

  test('tables of other names open by both forms of the option tables', async () => {
    const old = open(fileOf('app "meta', 'syncProtocol', 'order'), { tables: { meta: 'app "meta', records: 'order' } })
    expect(await Array.fromAsync(old.loadAll('doc'))).toEqual(CONTENT)
    const db = stamp(fileOf('select', 'syncMode', 'order'), '{"major":1,"minor":0}', '"group"')
    const names = { docMeta: 'select', records: 'order', storeMeta: 'group' }
    expect(await Array.fromAsync(open(db, { tables: names }).loadAll('doc'))).toEqual(CONTENT)
    expect(() => open(db, { tables: { meta: 'a', storeMeta: 'b' } as never })).toThrow(/not a mixture/)
    expect(() => open(db, { tables: { metas: 'a' } as never })).toThrow(/no option 'metas'/)
  })

  test('a new file has the tables of the option, a version, and opens again', async () => {
    const db = new DatabaseSync(':memory:')
    await open(db).append('doc', meta())
    expect(tablesOf(db)).toEqual(['kyneta_meta', 'kyneta_records', 'kyneta_store_meta'])
    expect(await open(db).currentMeta('doc')).toEqual(META)
    const rowid = new DatabaseSync(':memory:')
    open(rowid, { records: 'rowid' })
    expect(rowid.prepare("select sql from sqlite_schema where name = 'kyneta_records'").get()).toMatchObject({
      sql: expect.not.stringContaining('without rowid'),
    })
  })

  test('two isolated stores share a file', async () => {
    const db = new DatabaseSync(':memory:')
    const one = open(db)
    const two = open(db, { tables: { meta: 'm', records: 'r' } })
    await one.append('a', meta())
    await two.append('b', meta())
    expect(await Array.fromAsync(one.listDocIds())).toEqual(['a'])
    expect(await Array.fromAsync(two.listDocIds())).toEqual(['b'])
  })

  test('a file of 1.x that 2.x has opened is read in its own form, and refused once both have written', async () => {
    const db = stamp(files['1.6.1']!(), '{"major":1,"minor":0}')
    db.exec('create table kyneta_doc_meta (doc_id text primary key, data text not null) without rowid')
    expect(await Array.fromAsync(open(db).loadAll('doc'))).toEqual(CONTENT)
    db.prepare('insert into kyneta_doc_meta values (?, ?)').run('new', JSON.stringify(META))
    expect(() => open(db)).toThrow(/Name one in the option tables/)
    expect(await open(db, { tables: { docMeta: 'kyneta_doc_meta' } }).currentMeta('new')).toEqual(META)
  })

  const refused: Readonly<Record<string, readonly [() => DatabaseSync, object]>> = {
    'of another major version': [
      () => stamp(files['1.6.1']!(), '{"major":2,"minor":0}'),
      { code: 'unsupported', message: expect.stringContaining('2.0') },
    ],
    'with a version that cannot be read': [
      () => stamp(files['1.6.1']!(), 'x'),
      { code: 'invalid_input', message: expect.stringContaining("'x'") },
    ],
    'of 2.x without a version': [
      () => fileOf('kyneta_doc_meta', 'syncMode'),
      { code: 'invalid_input', message: expect.stringContaining("'kyneta_doc_meta'") },
    ],
    'with a table of another program': [
      () => {
        const db = new DatabaseSync(':memory:')
        db.exec("create table kyneta_meta (id integer, value text); insert into kyneta_meta values (1, 'x')")
        return db
      },
      { code: 'invalid_input', message: expect.stringContaining("'kyneta_meta'") },
    ],
  }
  test.each(Object.entries(refused))('a file %s is refused', (_, [file, error]) => {
    const attempt = (): unknown => open(file())
    let caught: unknown
    try {
      attempt()
    } catch (error) {
      caught = error
    }
    expect(caught).toMatchObject(error)
  })
})
