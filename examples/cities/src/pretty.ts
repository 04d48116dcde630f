/** Where a new line of SQL begins. */
const CLAUSE =
  /^(with recursive|with|select distinct|select|from|inner join|left join|right join|full join|cross join|where|group by|having|window|order by|limit|offset|union all|union|intersect|except|insert into|values|on conflict|do update set|set|update|delete from|returning|begin|rollback)\b/

type Part = string | readonly Part[]

/** SQL text in lines: short parts stay in one line, long ones are broken at their clauses. */
export function prettySql(sql: string, width: number): string[] {
  return lines(parse(sql), width)
}

/** Words, with what stands in parentheses as a list of its own. */
function parse(sql: string): readonly Part[] {
  const tokens = sql.match(/"(?:[^"]|"")*"|'(?:[^']|'')*'|[()]|[^\s()"']+|\s+/g) ?? []
  const stack: Part[][] = [[]]
  for (const token of tokens) {
    if (token === '(') {
      stack.push([])
    } else if (token === ')' && stack.length > 1) {
      const group = stack.pop()!
      stack.at(-1)!.push(group)
    } else {
      stack.at(-1)!.push(/^\s/.test(token) ? ' ' : token)
    }
  }
  return stack.flat()
}

const flat = (parts: readonly Part[]): string => parts.map((part) => (typeof part === 'string' ? part : `(${flat(part)})`)).join('')

function lines(parts: readonly Part[], width: number): string[] {
  const text = flat(parts).trim()
  if (text.length <= width) return [text]
  return clauses(parts).flatMap((clause) => wrap(clause, width))
}

/** The parts of each clause. A word of two, such as `order by`, is met at its first. */
function clauses(parts: readonly Part[]): Part[][] {
  const found: Part[][] = [[]]
  parts.forEach((part, i) => {
    const before = parts[i - 1]
    const starts = typeof part === 'string' && (i === 0 || before === ' ') && CLAUSE.test(flat(parts.slice(i, i + 5)))
    // "on conflict … do update set" and "select distinct" are one clause each.
    const inside = starts && /(on conflict.* do update|do|on conflict) $/.test(flat(found.at(-1)!).slice(-40)) && part === 'set'
    if (starts && !inside && found.at(-1)!.length > 0) found.push([])
    found.at(-1)!.push(part)
  })
  return found
}

/** One clause in lines: broken between words, and what is long in parentheses on lines of its own. */
function wrap(clause: readonly Part[], width: number): string[] {
  const done: string[] = []
  let line = ''
  const indent = () => (done.length === 0 ? '' : '  ')
  const flush = () => {
    if (line.trim() !== '') done.push(indent() + line.trim())
    line = ''
  }
  for (const part of clause) {
    if (typeof part === 'string') {
      if (part !== ' ' && indent().length + line.length + part.length > width) flush()
      if (part !== ' ' || line !== '') line += part
      continue
    }
    const text = `(${flat(part)})`
    if (text.length <= width - 4 && !(indent().length + line.length + text.length > width && isQuery(part))) {
      if (indent().length + line.length + text.length > width) {
        // A call stays with its name.
        const at = line.lastIndexOf(' ')
        const name = line.slice(at + 1)
        line = line.slice(0, at + 1)
        flush()
        line = name
      }
      line += text
      continue
    }
    line += '('
    const head = indent()
    flush()
    for (const inner of lines(part, width - head.length - 2)) done.push(`${head}  ${inner}`)
    line = ')'
  }
  flush()
  return done
}

const isQuery = (parts: readonly Part[]): boolean => /^(select|with)\b/.test(flat(parts))
