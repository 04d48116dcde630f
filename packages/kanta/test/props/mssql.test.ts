import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mssqlDialect } from '../../src/dialect/mssql/index.ts'
import type { Driver } from '../../src/driver/index.ts'
import { KantaError, kanta } from '../../src/index.ts'
import { Build } from './build.ts'
import { Choice } from './choice.ts'
import { Describe } from './describe.ts'
import { numbers, settings } from './settings.ts'
import { type Any, tables } from './world.ts'

/** Texts only: not run against a server. */
const driver: Driver = {
  dialect: mssqlDialect,
  limits: { write: 1, read: 0 },
  sharesStreams: false,
  explainError: (cause) => ({ code: 'query', message: String(cause) }),
  connect: () => {
    throw new Error('There is no server of SQL Server here.')
  },
}
const db: Any = (kanta as Any)({ driver, schema: tables })

/** The text without what stands in quotes. */
const bare = (sql: string): string => sql.replaceAll(/N?'(?:[^']|'')*'|"(?:[^"]|"")*"/g, '_')

/** What SQL Server has no words for. */
const FOREIGN =
  /\b(?:limit|recursive|lateral|filter|ilike|glob|materialized|nulls (?:first|last)|is (?:not )?(?:true|false)|groups|using|returning)\b|\|\||->|[?$]/

describe('queries for SQL Server', () => {
  test(
    'are refused, or have its words, their parameters in order, and a value or a condition where one is needed',
    () => {
      let refused = 0
      let printed = 0
      const property = fc.property(numbers(), numbers(200), (query, style) => {
        let made: { readonly sql: string; readonly parameters: readonly unknown[] }
        try {
          made = new Build(db, { style: new Choice(style) }).select(new Describe(query).query()).compile()
        } catch (error) {
          expect(error).toBeInstanceOf(KantaError)
          expect((error as KantaError).message).toMatch(/ is not available in mssql\. [A-Z]/)
          refused++
          return
        }
        printed++
        const text = bare(made.sql)
        expect(text).not.toMatch(FOREIGN)
        expect(text.match(/@\d+/g) ?? []).toEqual(made.parameters.map((_, i) => `@${i + 1}`))
        expect(text.split('(').length).toBe(text.split(')').length)
        // A name alone is no condition.
        expect(text).not.toMatch(/\b(?:where|or|not|on|having) _(?:\._)?(?: and| or|\)| then| group| order|$)/)
      })
      fc.assert(property, settings('queries for SQL Server', 1500))
      expect(printed).toBeGreaterThan(refused)
    },
    24 * 60 * 60 * 1000,
  )
})
