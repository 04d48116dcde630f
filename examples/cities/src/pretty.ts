/** Where a new line of SQL begins. */
const CLAUSE =
  /^(with|select|from|(inner|left|right|full|cross) join|where|group by|having|window|order by|limit|offset|union|intersect|except|values|on conflict|do|returning)\b/

/** A word, or what stands in parentheses. */
type Part = string | readonly Part[]

/** SQL text in lines: what is short stays on one, what is long is broken at clauses, commas and parentheses. */
export function prettySql(sql: string, width: number): string[] {
  return block(parse(shortened(sql)), width)
}

/** The rows of a bulk insert look all the same. */
const shortened = (sql: string): string =>
  sql.replace(
    /(\(\?(?:, \?)*\))((?:, \1)+)/,
    (_, row: string, more: string) => `${row}, … ${more.split('(').length - 1} more`,
  )

function parse(sql: string): readonly Part[] {
  const stack: Part[][] = [[]]
  for (const token of sql.match(/(?:"(?:[^"]|"")*"|'(?:[^']|'')*'|[^\s()"'])+|[()]|\s+/g) ?? []) {
    if (token === '(') stack.push([])
    else if (token === ')' && stack.length > 1) {
      const group = stack.pop() ?? []
      stack.at(-1)?.push(group)
    } else stack.at(-1)?.push(token.trim() === '' ? ' ' : token)
  }
  return stack.flat()
}

const flat = (parts: readonly Part[]): string =>
  parts.map((part) => (typeof part === 'string' ? part : `(${flat(part)})`)).join('')

function block(parts: readonly Part[], width: number): string[] {
  const text = flat(parts).trim()
  if (text.length <= width) return [text]
  return split(
    parts,
    (part, i) => part !== ' ' && parts[i - 1] === ' ' && CLAUSE.test(flat(parts.slice(i, i + 4))),
  ).flatMap((clause) => fill(clause, width))
}

/** The parts in lists, of which each but the first begins with a part that is a start. */
function split(parts: readonly Part[], starts: (part: Part, i: number) => boolean): Part[][] {
  const lists: Part[][] = [[]]
  parts.forEach((part, i) => {
    if (i > 0 && starts(part, i)) lists.push([])
    lists.at(-1)?.push(part)
  })
  return lists
}

/** One clause: as many of its items on a line as there is room for. */
function fill(clause: readonly Part[], width: number): string[] {
  const lines: string[] = []
  let line = ''
  const isClause = CLAUSE.test(flat(clause)) || clause[0] === 'update'
  const hanging = isClause && clause[0] !== 'with' ? '  ' : ''
  const indent = () => (lines.length === 0 ? '' : hanging)
  const items = split(clause, (part, i) => {
    const before = clause[i - 2]
    const breaks = typeof part === 'string' && /^(and|or|then|else|\+|\|\|)$/.test(part)
    return clause[i - 1] === ' ' && (breaks || (typeof before === 'string' && before.endsWith(',')))
  })
  for (const item of items) {
    const text = flat(item).trim()
    if (line !== '' && line.length + 1 + text.length > width) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? indent() + text : `${line} ${text}`
    if (line.length > width) {
      const head = line.slice(0, line.length - text.length)
      const opened = open(item, head, indent(), width)
      lines.push(...opened.slice(0, -1))
      line = opened.at(-1) ?? ''
    }
  }
  lines.push(line)
  return lines
}

/** An item that is too long for a line, with its longest parentheses on lines of their own. */
function open(item: readonly Part[], head: string, indent: string, width: number): string[] {
  let at = -1
  item.forEach((part, i) => {
    const longest = item[at]
    if (typeof part !== 'string' && (longest === undefined || flat(part).length > flat([longest]).length)) at = i
  })
  const group = item[at]
  if (group === undefined || typeof group === 'string') return [head + flat(item).trim()]
  const before = flat(item.slice(0, at)).trimStart()
  const after = flat(item.slice(at + 1)).trimEnd()
  const inner = block(group, width - indent.length - 2).map((line) => `${indent}  ${line}`)
  return [`${head}${before}(`, ...inner, `${indent})${after}`]
}
