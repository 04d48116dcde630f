import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kanta, table } from '../../src/index.ts'
import { createExecutor, tenant } from '../../src/plugins/index.ts'
import { policies, rls } from '../../src/rls/index.ts'
import type { Place } from '../engine/engine.ts'
import { type Any, engines, run } from './ground.ts'

/** Columns whose collation takes other letters for the same, by dialect. */
const LOOSE: Readonly<Record<string, readonly string[]>> = {
  sqlite: ['text collate nocase', 'text collate rtrim'],
  postgres: ['text collate ci', 'varchar(20) collate ci', 'same_word'],
  mariadb: ['varchar(20) collate utf8mb4_general_ci', 'varchar(20) collate latin1_swedish_ci', 'varchar(20)'],
  mysql: ['varchar(20) collate utf8mb4_0900_ai_ci'],
}
const CI = "create collation ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
/** As citext: a domain of text with a collation. */
const DOMAIN = 'create domain same_word as text collate ci'

const OTHERS = ['acme', 'ACME', 'acme ', 'Acme']

describe.each(engines)('what policies compare on $name', (engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  describe.each(LOOSE[engine.dialect]!)('texts by their bytes in a column of %s', (type) => {
    const note = table('note', (c) => ({
      id: c.integer().primaryKey(),
      tenant_id: c.varchar(20),
      owner: c.varchar(20),
    }))
    const team = table('team', (c) => ({ id: c.integer().primaryKey(), name: c.varchar(20) }))
    let place: Place
    const bases: Any[] = []
    beforeAll(async () => {
      place = await engine.create()
      bases.push(kanta({ driver: place.driver(), schema: { note, team } } as Any))
      bases.push(kanta({ driver: place.driver() } as Any))
      if (engine.dialect === 'postgres') await run(bases[0], CI, DOMAIN)
      const texts = [
        `create table note (id int primary key, tenant_id ${type}, owner ${type})`,
        `create table team (id int primary key, name ${type})`,
        ...OTHERS.map((name, i) => `insert into note values (${i}, '${name}', '${name}')`),
        "insert into team values (1, 'acme')",
      ]
      // In memory every database is one of its own.
      for (const base of engine.dialect === 'sqlite' ? bases : bases.slice(0, 1)) await run(base, ...texts)
    })
    afterAll(async () => {
      for (const base of bases) await base.destroy()
      await place?.drop()
    })
    const each = async (check: (base: Any) => Promise<void>): Promise<void> => {
      for (const base of bases) await check(base)
    }
    const ids = async (query: Any): Promise<number[]> => (await query.orderBy('id').execute()).map((row: Any) => row.id)

    test('a tenant has its own rows alone', () =>
      each(async (base) => {
        const db = await createExecutor(base, [tenant({ column: 'tenant_id', tables: ['note'] })])
        for (const [i, name] of OTHERS.entries()) {
          const own = (db as Any).as({ tenant: name })
          expect(await ids(own.selectFrom('note').select('id'))).toEqual([i])
          const [{ numUpdatedRows }] = await own.updateTable('note').set({ owner: name }).execute()
          expect(numUpdatedRows).toBe(1n)
        }
        expect(await ids((db as Any).as({ tenant: 'acmé' }).selectFrom('note').select('id'))).toEqual([])
      }))

    const ruled = async (base: Any, condition: Any): Promise<number[]> => {
      const rules = policies<Any, Any>({
        note: ({ allow }: Any) => [allow('all', condition)],
        team: ({ allow }: Any) => [allow('all')],
      } as Any)
      const db: Any = await createExecutor(base, [rls(rules)])
      return ids(
        db
          .as({ me: 'acme', mine: ['acme', 'Acme'], roles: [] })
          .selectFrom('note')
          .select('id'),
      )
    }
    test.each<[string, Any, number[]]>([
      ['eq, of the context', ({ row, context }: Any) => row.owner.eq(context.me), [0]],
      ['eq, a value', ({ row }: Any) => row.owner.eq('ACME'), [1]],
      ['ne', ({ row, context }: Any) => row.owner.ne(context.me), [1, 2, 3]],
      ['in, of the context', ({ row, context }: Any) => row.owner.in(context.mine), [0, 3]],
      ['a related row', ({ row, exists }: Any) => exists('team', (team: Any) => team.row.name.eq(row.owner)), [0]],
      ['in, values', ({ row }: Any) => row.owner.in(['ACME', 'acme ']), [1, 2]],
    ])('a rule: %s', (_, condition, expected) =>
      each(async (base) => expect(await ruled(base, condition)).toEqual(expected)),
    )
  })
})
