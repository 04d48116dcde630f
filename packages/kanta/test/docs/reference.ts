// The reference of all that users can import, made of the sources and their doc comments.
import { join } from 'node:path'
// The compiler of the repository has no API; that of the tests of types has.
import ts from '../../../typescript-6/node_modules/typescript/lib/typescript.js'
import { entries, exportsOf, root, sources, src } from '../package/sources.ts'

/** The longest text of a type that is shown; a longer one is cut. */
const LONGEST = 240

/** The page of each entry, and the exports that lack a doc comment. */
export interface Reference {
  readonly pages: ReadonlyMap<string, string>
  readonly undocumented: readonly string[]
}

/** The path of the page of an entry: `kanta/plugins` is on `kanta-plugins.md`. */
export const pageOf = (entry: string): string => `docs/reference/${entry.replaceAll('/', '-')}.md`

/** Makes the pages of all entries, and the list of them. */
export function makeReference(): Reference {
  const { checker, files } = open()
  const modules = new Map(sources().map((file) => [file.path, file]))
  const undocumented: string[] = []
  const pages = new Map<string, string>()
  const list: string[] = []
  for (const [entry, file] of files) {
    const { values } = exportsOf(entries[entry]!, modules)
    const exported = checker
      .getExportsOfModule(checker.getSymbolAtLocation(file)!)
      // The keys under which types carry what the compiler infers say nothing to a reader.
      .filter(({ name }) => !name.startsWith('$'))
      .map((symbol) => read(symbol, values.has(symbol.name), checker))
    undocumented.push(...exported.filter(({ doc }) => doc.text === '').map(({ name }) => `${entry}: ${name}`))
    pages.set(pageOf(entry), page(entry, exported))
    list.push(
      `| [${entry}](${pageOf(entry).replace('docs/reference/', '')}) | ${[...values]
        .sort(byName)
        .map((name) => `\`${name}\``)
        .join(', ')} |`,
    )
  }
  const head =
    '# Reference\n\nAll that each entry exports, made of the doc comments by a test. The [guide](../../README.md#the-guide) shows how it is used.\n\n'
  pages.set('docs/reference/README.md', `${head}| entry | functions and values |\n| --- | --- |\n${list.join('\n')}\n`)
  return { pages, undocumented }
}

function open(): { checker: ts.TypeChecker; files: ReadonlyMap<string, ts.SourceFile> } {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile)
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root)
  const paths = new Map(Object.entries(entries).map(([entry, path]) => [entry, join(src, path)]))
  const program = ts.createProgram([...paths.values()], options)
  const files = new Map([...paths].map(([entry, path]) => [entry, program.getSourceFile(path)!]))
  return { checker: program.getTypeChecker(), files }
}

interface Doc {
  readonly text: string
  readonly example: string
}

interface Exported {
  readonly name: string
  readonly isValue: boolean
  readonly signature: string
  readonly members: readonly string[]
  readonly doc: Doc
}

const byName = (a: string, b: string): number => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)

function page(entry: string, exported: readonly Exported[]): string {
  const sorted = [...exported].sort((a, b) => byName(a.name, b.name))
  const part = (title: string, items: readonly Exported[]): string =>
    items.length === 0 ? '' : `\n## ${title}\n\n${items.map(section).join('\n')}`
  return `# ${entry}\n${part(
    'Functions and values',
    sorted.filter((each) => each.isValue),
  )}${part(
    'Types',
    sorted.filter((each) => !each.isValue),
  )}`
}

function section({ name, signature, members, doc }: Exported): string {
  const parts = [`### ${name}`, `\`\`\`ts\n${signature}\n\`\`\``]
  if (doc.text !== '') parts.push(doc.text)
  if (members.length > 0) parts.push(members.join('\n'))
  if (doc.example !== '') parts.push(doc.example)
  return `${parts.join('\n\n')}\n`
}

function read(symbol: ts.Symbol, isValue: boolean, checker: ts.TypeChecker): Exported {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  const declarations = target.declarations ?? []
  const shown = declarations.filter((each) => !ts.isFunctionDeclaration(each) || each.body === undefined)
  const first = declarations[0]!
  return {
    name: symbol.name,
    isValue,
    signature: (shown.length > 0 ? shown : [first]).map((each) => signatureOf(each, symbol.name)).join('\n'),
    members: membersOf(first),
    doc: docOf(declarations.map(documented)),
  }
}

/** The node that carries the doc comment: of a `const` it is the statement. */
function documented(node: ts.Node): ts.Node {
  return ts.isVariableDeclaration(node) ? node.parent.parent : node
}

function docOf(nodes: readonly ts.Node[]): Doc {
  const comments = nodes.flatMap((node) => (node as { readonly jsDoc?: readonly ts.JSDoc[] }).jsDoc ?? [])
  // A comment for the compiler, such as @ts-ignore, may stand between the doc comment and what it is of.
  const found = comments.find((each) => textOf(each.comment) !== '')
  if (found === undefined) return { text: '', example: '' }
  const tags = (found.tags ?? []).map((tag) => ({ name: tag.tagName.text, text: textOf(tag.comment) }))
  const throws = tags.filter(({ name }) => name === 'throws').map(({ text }) => `Throws: ${text}`)
  return {
    text: [textOf(found.comment), ...throws].join('\n\n'),
    example: tags
      .filter(({ name }) => name === 'example')
      .map(({ text }) => text)
      .join('\n\n'),
  }
}

/** The text of a comment, with links as code. */
function textOf(comment: string | ts.NodeArray<ts.JSDocComment> | undefined): string {
  if (comment === undefined) return ''
  const parts =
    typeof comment === 'string'
      ? [comment]
      : comment.map((part) =>
          part.kind === ts.SyntaxKind.JSDocText
            ? part.text
            : `\`${(part as ts.JSDocLink).name?.getText() ?? part.text}\``,
        )
  return parts
    .join('')
    .trim()
    .replace(/(?<!^)(?<![\n`])\n(?![\n`])/g, (line) => line)
}

/** The declaration in one line, without bodies and members. */
function signatureOf(node: ts.Node, name: string): string {
  if (ts.isFunctionDeclaration(node)) return short(`function ${name}${head(node)}`)
  if (ts.isVariableDeclaration(node)) return short(`const ${name}${typeOf(node)}`)
  if (ts.isClassDeclaration(node)) return short(`class ${name}${typeParameters(node)}${heritage(node)}`)
  if (ts.isInterfaceDeclaration(node)) return short(`interface ${name}${typeParameters(node)}${heritage(node)}`)
  if (ts.isTypeAliasDeclaration(node)) return short(`type ${name}${typeParameters(node)} = ${oneLine(node.type)}`)
  return short(oneLine(node))
}

/** The type of a constant as it is written; that of an arrow function is in its head. */
function typeOf({ type, initializer }: ts.VariableDeclaration): string {
  if (type !== undefined) return `: ${oneLine(type)}`
  return initializer !== undefined && ts.isArrowFunction(initializer) ? ` = ${head(initializer)}` : ''
}

const oneLine = (node: ts.Node): string =>
  node
    .getText()
    .replaceAll(/\/\*\*[\s\S]*?\*\//g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
const short = (text: string): string => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`)

function typeParameters(node: {
  readonly typeParameters?: ts.NodeArray<ts.TypeParameterDeclaration> | undefined
}): string {
  return node.typeParameters === undefined ? '' : `<${node.typeParameters.map(oneLine).join(', ')}>`
}

function heritage(node: ts.ClassDeclaration | ts.InterfaceDeclaration): string {
  return (node.heritageClauses ?? []).map((clause) => ` ${oneLine(clause)}`).join('')
}

function head(node: ts.SignatureDeclarationBase): string {
  const result = node.type === undefined ? '' : `: ${oneLine(node.type)}`
  return `${typeParameters(node)}(${node.parameters.map(oneLine).join(', ')})${result}`
}

/** A line for each member that a user sees: its name and the first sentence about it. */
function membersOf(node: ts.Node): string[] {
  if (!ts.isClassDeclaration(node) && !ts.isInterfaceDeclaration(node)) return []
  const lines = new Map<string, string>()
  for (const member of node.members as ts.NodeArray<ts.ClassElement | ts.TypeElement>) {
    const name = member.name !== undefined && ts.isIdentifier(member.name) ? member.name.text : undefined
    if (name === undefined || isHidden(member)) continue
    const sentence = firstSentence(docOf([member]).text)
    // Of several forms the one with a comment is shown.
    if (!lines.has(name) || (sentence !== '' && !lines.get(name)!.includes('`: ')))
      lines.set(name, `- \`${memberText(member, name)}\`${sentence === '' ? '' : `: ${sentence}`}`)
  }
  return [...lines.values()]
}

function isHidden(member: ts.Node): boolean {
  return (ts.getCombinedModifierFlags(member as ts.Declaration) & ts.ModifierFlags.Private) !== 0
}

function memberText(member: ts.ClassElement | ts.TypeElement, name: string): string {
  if (ts.isMethodSignature(member) || ts.isMethodDeclaration(member)) {
    const parameters = member.parameters.filter((each) => each.name.getText() !== 'this')
    return `${name}(${parameters.map((each) => `${each.dotDotDotToken === undefined ? '' : '...'}${each.name.getText()}${each.questionToken === undefined && each.initializer === undefined ? '' : '?'}`).join(', ')})`
  }
  if (ts.isPropertySignature(member) || ts.isPropertyDeclaration(member)) {
    const type = member.type === undefined ? '' : `: ${oneLine(member.type)}`
    return `${name}${member.questionToken === undefined ? '' : '?'}${type.length > 100 ? `${type.slice(0, 100)}…` : type}`
  }
  return name
}

const firstSentence = (text: string): string =>
  /^[\s\S]*?[.:](?=\s|$)/.exec(text)?.[0].replaceAll(/\s+/g, ' ').replace(/:$/, '.') ?? text.replaceAll(/\s+/g, ' ')
