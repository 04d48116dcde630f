import { sqliteDialect } from '../../dialect/sqlite/index.ts'
import {
  checkCount,
  exactNumber,
  explainSqliteError,
  type KnownText,
  KnownTexts,
  refuseRounded,
  splitStatements,
  toStore,
  written,
} from '../database/sqlite/index.ts'
import { type KyselyResult, type PreparedText, type Row, readRows, type ValueRules } from './value-rules.ts'

class SqliteText implements PreparedText {
  readonly #text: KnownText

  constructor(text: KnownText) {
    this.#text = text
  }

  get sql(): string {
    return this.#text.statement
  }

  get controls(): boolean {
    return this.#text.controls
  }

  values(parameters: readonly unknown[]): readonly unknown[] {
    checkCount(this.#text, parameters)
    return toStore(parameters)
  }

  read(rows: readonly Row[], bigints: boolean): readonly Row[] {
    return readRows(rows, (value) => {
      if (typeof value === 'bigint') return bigints ? value : exactNumber(value)
      if (typeof value === 'number') return refuseRounded(value)
      return value instanceof ArrayBuffer ? new Uint8Array(value) : value
    })
  }

  written({ rows, numAffectedRows, insertId }: KyselyResult): ReturnType<typeof written> {
    // Libraries return no count for statements with rows.
    const returned = rows.length > 0 && !/^with/i.test(this.sql) ? rows.length : Number(numAffectedRows ?? 0)
    return written(this.#text, {
      changes: returned,
      // A library may have rounded larger values.
      insertId: rows.length === 0 && Number.isSafeInteger(Number(insertId)) ? Number(insertId) : undefined,
    })
  }
}

/** Returns the rules of SQLite. */
export function sqliteRules(): ValueRules {
  const texts = new KnownTexts()
  return {
    dialect: sqliteDialect,
    explainError: explainSqliteError,
    readOnly: false,
    streamsAlone: false,
    split: splitStatements,
    prepare: (sql) => new SqliteText(texts.find(sql)),
  }
}
