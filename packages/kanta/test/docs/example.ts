import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, sources } from '../package/sources.ts'

/**
 * A `ts` example of a docstring or a page.
 *
 * One that imports a package is complete: a program as it stands. Any other is a fragment, which finds in `prelude.ts`
 * what it does not declare, and in `./schema.ts` the tables. A comment behind an expression that is a statement of its
 * own says its value.
 */
export interface Example {
  /** The file and the line on which it begins. */
  readonly place: string
  readonly code: string
  readonly complete: boolean
}

const OF_PACKAGE = ['README.md', 'packages/kanta/README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md']
const PAGES = [
  ...OF_PACKAGE,
  'docs/audit.md',
  'docs/cache.md',
  'docs/clusters.md',
  'docs/databases.md',
  'docs/diff.md',
  'docs/from-kysely.md',
  'docs/introspection.md',
  'docs/migrations.md',
  'docs/plugins.md',
  'docs/plugins-on-rows.md',
  'docs/row-level-security.md',
  'docs/runtimes.md',
  'docs/schema.md',
  'docs/search.md',
  'docs/servers.md',
  'docs/sql-server.md',
  'docs/time-travel.md',
  'docs/writing-plugins.md',
]
const FENCED = /^([ \t]*(?:\* ?)?)```ts\n([\s\S]*?)^\1```$/gm

/** All examples: those of the sources, then those of the pages. */
export function examples(): Example[] {
  return [
    ...sources().flatMap(({ path, text }) => examplesOf(`src/${path}`, text)),
    ...PAGES.flatMap((path) => examplesOf(path, readFileSync(join(root, path), 'utf8'))),
  ]
}

function examplesOf(path: string, text: string): Example[] {
  return [...text.matchAll(FENCED)].map((match) => {
    const code = match[2]!.replaceAll(/^[ \t]*\* ?/gm, (margin) => (match[1]!.includes('*') ? '' : margin))
    return {
      place: `${path}:${text.slice(0, match.index).split('\n').length}`,
      code,
      complete: /^import .* from '[^.]/m.test(code),
    }
  })
}

const VALUE =
  /^(?!(?:const|let|await|for|if|return|import|export|interface|type|function)\b|[\s})/])(.+?);? \/\/ (.+)$/gm
/** Behind what is awaited a comment may say something else; what looks like a value is one. */
const AWAITED = /^(await .+?);? \/\/ ([[{'\d].*|true|false|undefined)$/gm

const IMPORT = /^import .*\n/gm

/** The code of an example, with a call of `same()` for each value that a comment says. */
export function checked(code: string): string {
  const call = (_: string, expression: string, value: string): string => `same(${expression}, ${JSON.stringify(value)})`
  return code.replaceAll(VALUE, call).replaceAll(AWAITED, call)
}

/** The text of a module that runs an example. `names` are the values and types that fragments may use. */
export function moduleOf({ code, complete }: Example, names: { values: string[]; types: string[] }): string {
  const body = checked(code)
  const same = body === code ? '' : "import { same } from './same.ts'\n"
  if (complete) return `${same}${body}\nexport {}\n`
  const imports = code.match(IMPORT)?.join('') ?? ''
  const uses = (text: string, name: string): boolean =>
    new RegExp(`(?<![\\w$.'])${name.replace('$', '\\$')}(?![\\w$'])`).test(text)
  const used = (all: string[]): string => all.filter((name) => uses(code, name) && !uses(imports, name)).join(', ')
  return `${same}import { ${used(names.values)} } from './prelude.ts'
import type { ${used(names.types)} } from './prelude.ts'
${imports}export async function example() {
${body.replaceAll(IMPORT, '')}}
`
}
