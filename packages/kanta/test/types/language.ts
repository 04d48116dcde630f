// What an editor shows: completions and hovers, by the language service of TypeScript 5.9; the newest has no such API.
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'

const folder = import.meta.dirname
const ts = createRequire(join(folder, '../../../typescript-5/package.json'))('typescript')

const config = ts.parseJsonConfigFileContent(
  ts.readConfigFile(join(folder, 'tsconfig.json'), ts.sys.readFile).config,
  ts.sys,
  folder,
)
const file = join(folder, 'edited.ts')
let text = ''
let version = 0
const service = ts.createLanguageService({
  ...{
    getCurrentDirectory: () => folder,
    getCompilationSettings: () => config.options,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
  },
  ...{ fileExists: (name: string) => name === file || ts.sys.fileExists(name), getDirectories: ts.sys.getDirectories },
  ...{ directoryExists: ts.sys.directoryExists, readDirectory: ts.sys.readDirectory },
  readFile: (name: string) => (name === file ? text : ts.sys.readFile(name)),
  getScriptFileNames: () => [file],
  getScriptVersion: (name: string) => (name === file ? String(version) : '1'),
  getScriptSnapshot(name: string) {
    const content = name === file ? text : ts.sys.readFile(name)
    return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content)
  },
})

function edit(code: string): number {
  const head = `import { sql } from '../../src/index.ts'\nimport { db, person, pet } from './world.ts'\nimport type * as schema from './world.ts'\nimport type { DatabaseOf } from '../../src/index.ts'\ndeclare const sdb: DatabaseOf<typeof schema>\n`
  const at = code.indexOf('|')
  text = head + code.replace('|', '')
  version++
  return head.length + at
}

/** What is offered at the bar in a piece of code. */
export function completions(code: string): string[] {
  const at = edit(code)
  return (service.getCompletionsAtPosition(file, at, {})?.entries ?? []).map((entry: { name: string }) => entry.name)
}

/** What a hover over the name after the bar shows. */
export function hover(code: string): string {
  const at = edit(code)
  return ts.displayPartsToString(service.getQuickInfoAtPosition(file, at)?.displayParts).replace(/\s+/g, ' ')
}

/** The lines of the errors of a piece of code. */
export function errors(code: string): string[] {
  edit(code)
  return service
    .getSemanticDiagnostics(file)
    .filter((each: { code: number }) => each.code !== 6133 && each.code !== 6192 && each.code !== 6196)
    .map((each: { messageText: unknown }) => ts.flattenDiagnosticMessageText(each.messageText, '\n'))
}

/** Where the name after the bar is defined, as the text of the definition. */
export function definition(code: string): string[] {
  const at = edit(code)
  return (service.getDefinitionAtPosition(file, at) ?? []).map(
    (each: { fileName: string; textSpan: { start: number; length: number } }) => textOf(each.fileName, each.textSpan),
  )
}

/** What a rename of the name after the bar changes: the files, and the texts in them. */
export function renames(code: string): { file: string; text: string }[] {
  const at = edit(code)
  return (service.findRenameLocations(file, at, false, false, {}) ?? []).map(
    (each: { fileName: string; textSpan: { start: number; length: number } }) => ({
      file: basename(each.fileName),
      text: textOf(each.fileName, each.textSpan),
    }),
  )
}

function textOf(name: string, span: { start: number; length: number }): string {
  const content: string = service.getProgram().getSourceFile(name).text
  return content.slice(span.start, content.indexOf('\n', span.start)).trim()
}
