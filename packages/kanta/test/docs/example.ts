import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, sources } from '../package/sources.ts'

/**
 * A `ts` example of a docstring or a page.
 *
 * One that imports a package is complete: a program as it stands. Any other is a fragment, which finds in `prelude.ts`
 * what it does not declare, and in `./schema.ts` the tables. A comment behind an expression that is a statement of its
 * own says its value. Behind a fragment a block of SQL may show what its queries compile to.
 */
export interface Example {
  /** The file and the line on which it begins. */
  readonly place: string
  readonly code: string
  readonly complete: boolean
  /** The SQL that the page shows behind the example, if it shows any. */
  readonly sql: readonly ShownSql[]
}

/** The statements of one database, one for each query of the example. */
export interface ShownSql {
  readonly database: string
  readonly texts: readonly string[]
}

const OF_PACKAGE = ['README.md', 'packages/kanta/README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md']
const PAGES = [...OF_PACKAGE, ...globSync(['docs/*.md', 'docs/guide/*.md'], { cwd: root }).sort()]
const FENCED = /^([ \t]*(?:\* ?)?)```ts\n([\s\S]*?)^\1```\n(?:\n```sql\n([\s\S]*?)^```$)?/gm

/** All examples: those of the sources, then those of the pages. */
export function examples(): Example[] {
  return [
    ...sources().flatMap(({ path, text }) => examplesOf(`src/${path}`, text)),
    ...PAGES.flatMap((path) => programsOf(examplesOf(path, readFileSync(join(root, path), 'utf8')))),
  ]
}

/** The first lines of the blocks of a program that stands in parts on a page: the library that it is written for. */
const PART = /^\/\/ (Drizzle|Kanta)\n/

/** Puts the parts of each program together, which pages show by turns with those of another library. */
function programsOf(all: Example[]): Example[] {
  const programs = new Map<string, Example>()
  const whole = all.filter((example) => {
    const library = PART.exec(example.code)?.[1]
    if (library === undefined) return true
    const { place, code } = programs.get(library) ?? { place: `${example.place}-${library}`, code: '' }
    programs.set(library, { place, code: code + asInstalled(example.code), complete: true, sql: [] })
    return false
  })
  return [...whole, ...programs.values()]
}

/** The version of Drizzle that pages speak of is installed by another name, beside the one that benchmarks need. */
const asInstalled = (code: string): string => code.replaceAll("'drizzle-orm", "'drizzle-rc")

function examplesOf(path: string, text: string): Example[] {
  return [...text.matchAll(FENCED)].map((match) => {
    const code = match[2]!.replaceAll(/^[ \t]*\* ?/gm, (margin) => (match[1]!.includes('*') ? '' : margin))
    return {
      place: `${path}:${text.slice(0, match.index).split('\n').length}`,
      code,
      complete: /^import .* from '(?!\.|node:)/m.test(code),
      sql: match[3] === undefined ? [] : shown(match[3]),
    }
  })
}

const DATABASE = /^-- (SQLite|PostgreSQL|MariaDB|MySQL|SQL Server)$/m

/** Splits a block of SQL into databases, each after its name in a comment, and statements, with a blank line between. */
function shown(text: string): ShownSql[] {
  const [first, ...rest] = text.split(DATABASE)
  const sections = first!.trim() === '' ? [] : [['SQLite', first!]]
  for (let i = 0; i < rest.length; i += 2) sections.push([rest[i]!, rest[i + 1]!])
  return sections.map(([database, statements]) => ({ database: database!, texts: statements!.trim().split(/\n{2,}/) }))
}

/** A statement that is an expression, over one line or several, and the comment behind it. */
const VALUE =
  /^(?!(?:const|let|await|for|if|try|return|import|export|interface|type|class|function)\b|[\s})/])((?:.+\n(?=[ \t)}\]]))*?.+?);? \/\/ (.+)$/gm
/** Behind what is awaited a comment may say something else; what looks like a value is one. */
const AWAITED = /^(await .+?);? \/\/ ([[{'\d].*|true|false|undefined)$/gm

const IMPORT = /^import .*\n/gm

/** The code of an example, with a call of `same()` for each value that a comment says. */
export function checked(code: string): string {
  const call = (_: string, expression: string, value: string): string => `same(${expression}, ${JSON.stringify(value)})`
  return code.replaceAll(VALUE, call).replaceAll(AWAITED, call)
}

/** The values that an example says, in their order. */
export const answersOf = ({ code }: Example): string[] => [...code.matchAll(VALUE)].map((match) => match[2]!)

const QUERY = /^(?:db|schemaBuilder\(db\))\b/

/** The code of an example whose SQL is shown: each paragraph that is a query is given to `show()`. */
function showing({ code, sql }: Example): string {
  const paragraphs = checked(code)
    .trim()
    .split(/\n{2,}/)
  const body = paragraphs
    .map((paragraph) => (QUERY.test(paragraph) ? `show(\n${paragraph}\n)` : paragraph))
    .join('\n\n')
  return `await showsSql(${JSON.stringify(sql)}, async (db, show) => {\n${body}\n})\n`
}

/** The text of a module that runs an example. `names` are the values and types that fragments may use. */
export function moduleOf(example: Example, names: { values: string[]; types: string[] }): string {
  const { code, complete, sql } = example
  const body = sql.length === 0 ? checked(code) : showing(example)
  const same = body === code ? '' : "import { same } from './same.ts'\n"
  if (complete) return `${same}${body}\nexport {}\n`
  const imports = code.match(IMPORT)?.join('') ?? ''
  const uses = (text: string, name: string): boolean =>
    new RegExp(`(?<![\\w$.'])${name.replace('$', '\\$')}(?![\\w$'])`).test(text)
  const shows = sql.length === 0 ? '' : "import { showsSql } from './sql.ts'\n"
  const used = (all: string[]): string => all.filter((name) => uses(code, name) && !uses(imports, name)).join(', ')
  return `${same}${shows}import { ${used(names.values)} } from './prelude.ts'
import type { ${used(names.types)} } from './prelude.ts'
${imports}export async function example() {
${body.replaceAll(IMPORT, '')}}
`
}
