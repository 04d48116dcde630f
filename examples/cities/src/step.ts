import { isDeepStrictEqual } from 'node:util'
import { KantaError } from 'kanta'
import type { Stage } from './stage.ts'

/** A step of the second act. Each stands on those before it. */
export interface Step {
  /** A word for `--only`. */
  readonly name: string
  readonly asks: string
  /** What runs, and is shown as it stands in its file; its rows are the answer. */
  code(stage: Stage): Promise<readonly object[]>
  /** What is shown instead, where that has run before. */
  readonly shown?: ((...given: never) => unknown) | undefined
  /** Which of its statements are shown, where they are many; the others are counted. */
  readonly shows?: RegExp | undefined
  /** The rows that it has to give, by the columns that are the same each time. */
  readonly expects: readonly object[]
  /** The answer in a sentence. */
  readonly says: string
}

/** A query, or what runs one. */
type Attempt = { execute(): Promise<readonly unknown[]> } | (() => Promise<{ readonly rows: readonly unknown[] }>)

/** Tries one after the other, of which some may be refused: what each came to. */
export async function tryAll(
  attempts: Readonly<Record<string, Attempt>>,
): Promise<readonly { readonly attempt: string; readonly outcome: string }[]> {
  const outcomes = []
  for (const [attempt, query] of Object.entries(attempts)) {
    try {
      const rows = typeof query === 'function' ? (await query()).rows : await query.execute()
      outcomes.push({ attempt, outcome: outcomeOf(rows) })
    } catch (error) {
      if (!(error instanceof KantaError)) throw error
      outcomes.push({ attempt, outcome: `refused (${error.code}): ${error.message}` })
    }
  }
  return outcomes
}

const TOUCHED = ['numUpdatedRows', 'numDeletedRows', 'numInsertedOrUpdatedRows'] as const

/** How many rows: of a select those that it gave, of a change those that it touched. */
function outcomeOf(rows: readonly unknown[]): string {
  const result = Object(rows[0]) as Partial<Record<(typeof TOUCHED)[number], unknown>>
  const touched = TOUCHED.map((name) => result[name]).find((number) => number !== undefined)
  const count = Number(touched ?? rows.length)
  return `${count} row${count === 1 ? '' : 's'}`
}

/** Fails where an answer is not the one that it has to be. A text that is a pattern has to match. */
export function checkAnswer({ name, expects }: Step, rows: readonly object[]): void {
  const agrees =
    rows.length === expects.length &&
    expects.every((expected, i) =>
      Object.entries(expected).every(([column, value]) => {
        const found: unknown = Reflect.get(rows[i] ?? {}, column)
        return value instanceof RegExp ? value.test(String(found)) : isDeepStrictEqual(found, value)
      }),
    )
  if (!agrees) throw new WrongAnswer(name, rows, expects)
}

/** A demo that shows something else than it says would be worse than none. */
export class WrongAnswer extends Error {
  constructor(step: string, rows: readonly object[], expects: readonly object[]) {
    const print = (all: readonly object[]): string =>
      all
        .map(
          (row) =>
            `  ${JSON.stringify(row, (_, value) => (value instanceof RegExp || typeof value === 'bigint' ? String(value) : value))}`,
        )
        .join('\n')
    super(`The answer of '${step}' is wrong:\n${print(rows)}\nIt has to be:\n${print(expects)}`)
  }
}

/** What stands in a function, as it stands in its file; where Node took types out, no gaps are left. */
export function bodyOf(code: (...given: never) => unknown): string[] {
  const lines = code.toString().split('\n')
  const first = lines.findIndex((line) => /(?:\{|=>|=> \(|=> \[)$/.test(line)) + 1
  const body = /^\s*[})]/.test(lines.at(-1) ?? '') ? lines.slice(first, -1) : lines.slice(first)
  const indent = Math.min(...body.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)))
  return body.map((line) =>
    line
      .slice(indent)
      .replace(/(?<=\S) {2,}(?=[,)`])/g, '')
      .trimEnd(),
  )
}
