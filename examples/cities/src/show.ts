import { stripVTControlCharacters, styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** Colours where the terminal has them; `NO_COLOR` is heeded. */
export const paint = (style: Style, text: string): string => styleText(style, text, { stream: process.stdout })

/** As wide as the terminal, within what is good to read. */
export const width = (): number => Math.min(Math.max(process.stdout.columns ?? 100, 40), 120)

export const print = (text = ''): void => {
  process.stdout.write(`${text}\n`)
}

export const count = (n: number | bigint): string => n.toLocaleString('en')

/** A length of time with three digits and its unit, which stay on one line. */
export function duration(ms: number): string {
  if (ms < 1) return `${digits(ms * 1000)}\u00a0µs`
  if (ms < 1000) return `${digits(ms)}\u00a0ms`
  return `${digits(ms / 1000)}\u00a0s`
}

const digits = (n: number): string => (n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2))

export const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)}\u00a0MB`

const segments = new Intl.Segmenter('en')
const WIDE = /^[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]/u

/** How many places a text takes in a terminal. */
export function widthOf(text: string): number {
  // By far the most texts: one place for each character.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let places = 0
  for (const { segment } of segments.segment(stripVTControlCharacters(text))) places += WIDE.test(segment) ? 2 : 1
  return places
}

function fit(text: string, places: number): string {
  if (widthOf(text) <= places) return text
  let kept = ''
  let used = 0
  for (const { segment } of segments.segment(text)) {
    used += widthOf(segment)
    if (used > places - 1) break
    kept += segment
  }
  return `${kept}…`
}

const pad = (text: string, places: number, right: boolean): string => {
  const space = ' '.repeat(Math.max(0, places - widthOf(text)))
  return right ? space + text : text + space
}

/** How a value stands in a table. */
function cell(value: unknown, decimals = 0): string {
  if (value === null || value === undefined) return '–'
  if (typeof value === 'number')
    return value.toLocaleString('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
  if (typeof value === 'bigint') return count(value)
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (value instanceof Date) return `${value.toISOString().slice(0, 19).replace('T', ' ')} UTC`
  if (typeof value !== 'object') return String(value)
  return Object.values(value).map(item).join(', ')
}

/** An item of a list; the values of an object stand side by side. */
const item = (value: unknown): string =>
  typeof value === 'object' && value !== null
    ? Object.values(value)
        .map((value) => cell(value))
        .join(' ')
    : cell(value)

const GAP = '   '
/** No column is made narrower than this. */
const NARROWEST = 8

/** A number, perhaps with a unit, or none. */
const NUMBER = /^(?:–|(?:× )?-?[\d,.]+(?:\s[µm]?s)?)$/

/** Rows as lines: numbers to the right, long texts cut so that a line fits the terminal, or on several lines. */
export function table(rows: readonly object[], indent: string, wraps = false): string[] {
  const first = rows[0]
  if (first === undefined) return [`${indent}${paint('dim', '(no rows)')}`]
  const columns = Object.keys(first).map((name) => {
    const values = rows.map((row): unknown => Reflect.get(row, name))
    const numbers = values.filter((value) => typeof value === 'number')
    const decimals = numbers.every(Number.isInteger) || Math.max(...numbers) >= 1000 ? 0 : 1
    const texts = values.map((value) => cell(value, decimals))
    const right = texts.every((text) => NUMBER.test(text))
    const title = name.replaceAll('_', ' ')
    return { title, texts, right, places: Math.max(widthOf(title), ...texts.map(widthOf)) }
  })
  const room = width() - indent.length - GAP.length * (columns.length - 1)
  let over = columns.reduce((sum, column) => sum + column.places, 0) - room
  while (over > 0) {
    const widest = columns.reduce((a, b) => (b.places > a.places ? b : a))
    if (widest.places <= NARROWEST) break
    widest.places--
    over--
  }
  const line = (texts: readonly string[]): string =>
    indent +
    columns
      .map((column, i) => pad(fit(texts[i] ?? '', column.places), column.places, column.right))
      .join(GAP)
      .trimEnd()
  const lines = [paint('dim', line(columns.map((column) => column.title)))]
  for (let i = 0; i < rows.length; i++) {
    const texts = columns.map((column) => column.texts[i] ?? '')
    if (!wraps) {
      lines.push(line(texts))
      continue
    }
    const cells = texts.map((text, at) => fold(text, columns[at]?.places ?? NARROWEST))
    const height = Math.max(...cells.map((cell) => cell.length))
    for (let row = 0; row < height; row++) lines.push(line(cells.map((cell) => cell[row] ?? '')))
  }
  return lines
}

/** A text in lines that fit the terminal. */
export const paragraph = (text: string, indent: string): string[] =>
  fold(text, width() - indent.length).map((line) => indent + line)

/** A text in lines of so many places, broken at spaces. */
export function fold(text: string, places: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + widthOf(word) + 1 > places) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  lines.push(line)
  return lines
}

/** A line of code in lines of so many places; what does not fit stands further in. */
export function foldCode(line: string, places: number): string[] {
  if (widthOf(line) <= places) return [line]
  const indent = line.slice(0, line.search(/\S|$/))
  const [first = '', ...more] = fold(line.trimStart(), places - indent.length - 4)
  return [indent + first, ...more.map((part) => `${indent}    ${part}`)]
}

/** A bar that moves in place; where the output is not a terminal, a line when something begins and when it is done. */
export class ProgressBar {
  readonly #terminal = process.stdout.isTTY === true
  #started = performance.now()
  #what = ''
  #drawn = 0

  readonly show = (what: string, done: number, of: number): void => {
    if (what !== this.#what) {
      this.#what = what
      this.#started = performance.now()
      this.#drawn = 0
      if (!this.#terminal) print(`  importing ${count(of)} ${what} …`)
    }
    if (!this.#terminal) return
    const now = performance.now()
    if (done > 0 && done < of && now - this.#drawn < 40) return
    this.#drawn = now
    this.#draw(done, of, now - this.#started)
    if (done >= of) process.stdout.write('\n')
  }

  /** Ends a line that was left in its midst. */
  stop(): void {
    if (this.#terminal && this.#drawn > 0) process.stdout.write('\n')
  }

  #draw(done: number, of: number, elapsed: number): void {
    const what = pad(this.#what, 10, false)
    const numbers = pad(`${count(done)} of ${count(of)}`, 18, true)
    const rate = elapsed > 100 && of > 10_000 ? `${count(Math.round(done / (elapsed / 1000)))} a second` : ''
    // A line that does not fit could not be drawn again in its place.
    const room = (process.stdout.columns ?? 80) - 2 - what.length - 1 - 1 - numbers.length - 2 - 16 - 1
    const places = Math.max(0, Math.min(40, room))
    const full = Math.round((done / of) * places)
    const bar = paint('green', '━'.repeat(full)) + paint('dim', '━'.repeat(places - full))
    process.stdout.write(`\r\x1b[2K  ${what} ${bar} ${numbers}${room < 0 ? '' : `  ${paint('dim', rate)}`}`)
  }
}
