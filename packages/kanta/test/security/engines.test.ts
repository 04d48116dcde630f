import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { expressionBuilder, jsonBuildObject, KantaError, kanta, sql } from '../../src/index.ts'
import { type Engine, type Place, script } from '../engine/engine.ts'
import { mariadbEngine } from '../engine/mariadb.ts'
import { pglite } from '../engine/pglite.ts'
import { postgres } from '../engine/postgres.ts'
import type { Any } from './ground.ts'
import { impossible, payloads } from './payloads.ts'

// To make a database takes PGlite seconds where the machine is busy.
vi.setConfig({ hookTimeout: 60_000, testTimeout: 60_000 })

const eb: Any = (expressionBuilder as Any)()

/** Settings of a session under which text is read in another way. */
const SETTINGS = {
  postgres: ['set standard_conforming_strings = off', 'set standard_conforming_strings = on'],
  mariadb: [
    "set sql_mode = 'NO_BACKSLASH_ESCAPES'",
    "set sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'",
    "set sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
    "set sql_mode = ''",
  ],
} as const

const texts = [
  ...payloads,
  ...impossible.filter((text) => text.length < 1000),
  '$$',
  '$x$; drop table sentinel; $x$',
  "E'\\'",
  '\x1a',
]

/** Signs that have a meaning in a name given as text. */
const STRUCTURED = / as |\.|^\s|\s$|->| (?:asc|desc)$/

/** The most bytes of a name. */
const MOST = { postgres: 63, mariadb: 256 } as const

describe.each([pglite, postgres, mariadbEngine])('hostile text on $name', (engine: Engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Place
  let db: Any

  beforeAll(async () => {
    place = await engine.create()
    await script(place.driver({ max: 1 }), [
      'create table sentinel (secret varchar(20))',
      "insert into sentinel values ('kept')",
    ])
    db = (kanta as Any)({ driver: place.driver({ max: 1 }) })
  })
  afterAll(async () => {
    await db?.destroy()
    await place?.drop()
  })

  const one = async (item: Any): Promise<Any> => (await db.selectFrom('sentinel').select(item).execute())[0]
  const kept = async (): Promise<void> =>
    expect(await db.selectFrom('sentinel').selectAll().execute()).toEqual([{ secret: 'kept' }])

  /** What comes of it, or undefined where Kanta refuses it. */
  const unlessRefused = async (run: () => Promise<Any>, label: string): Promise<Any> => {
    try {
      return await run()
    } catch (error) {
      expect(error, label).toBeInstanceOf(KantaError)
      expect((error as KantaError).code, `${label}: ${String(error)}`).toBe('invalid_input')
      return undefined
    }
  }

  test.each(SETTINGS[engine.dialect])('is text after %s', async (setting) => {
    await db.executeQuery({ sql: setting, parameters: [] })
    for (const text of texts) {
      const label = JSON.stringify(text)
      const forms = [eb.lit(text), eb.val(text), eb.cast(eb.lit(text), 'text')]
      for (const form of forms) {
        const found = await unlessRefused(() => one(form.as('x')), label)
        if (found !== undefined) expect(found.x, label).toBe(text)
      }
      const document = await unlessRefused(() => one(jsonBuildObject({ [text]: eb.lit(text) }).as('x')), label)
      if (document !== undefined) expect(document.x, label).toEqual({ [text]: text })
      const stored = JSON.stringify({ [text]: 'v', other: 'w' })
      const path = await unlessRefused(
        () =>
          one(
            eb
              .ref(sql`${sql.lit(stored)}${sql.raw(engine.dialect === 'postgres' ? '::json' : '')}`, '->>')
              .key(text)
              .as('x'),
          ),
        label,
      )
      // Half a pair is no text that a path could hold.
      if (path !== undefined && text.isWellFormed()) expect(path.x, label).toBe('v')
    }
    await kept()
  })

  test('is a name where a name is given', async () => {
    for (const name of payloads) {
      if (STRUCTURED.test(name) || name === '__proto__') continue
      // Names of MariaDB have no characters beyond the first plane.
      if (engine.dialect === 'mariadb' && /[\u{10000}-\u{10ffff}]/u.test(name)) continue
      const label = JSON.stringify(name)
      const found = await unlessRefused(() => one(eb.val(1).as(name)), label)
      if (found === undefined) continue
      if (new TextEncoder().encode(name).length <= MOST[engine.dialect])
        expect(Object.keys(found), label).toEqual([name])
      const inner = db.selectFrom('sentinel').select(eb.val(1).as(name)).as(name)
      expect(Object.values((await db.selectFrom(inner).selectAll().execute())[0]), label).toEqual([1])
    }
    await kept()
  })

  test('gives two long names both of their values', async () => {
    const long = 'n'.repeat(64)
    const query = db.selectFrom('sentinel').select([eb.val(1).as(`${long}a`), eb.val(2).as(`${long}b`)])
    const rows = await unlessRefused(() => query.execute(), 'long names')
    if (rows !== undefined) expect(rows).toEqual([{ [`${long}a`]: 1, [`${long}b`]: 2 }])
  })
})
