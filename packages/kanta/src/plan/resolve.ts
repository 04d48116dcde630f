import { type OutputColumn, reads, writeCodec } from '../dialect/index.ts'
import { refuse } from '../error/index.ts'
import { defines, eachChild, fullName, type Node, type NodeOf } from '../ir/index.ts'
import type { Codec, ColumnDefinition, TableDefinition } from '../table/index.ts'
import {
  averageCodec,
  jsonDocument,
  jsonList,
  jsonRowsCodec,
  jsonValueCodec,
  taggedCodec,
  truthCodec,
} from './json-codec.ts'
import { COMPARES, COMPUTES, CONDITIONS, COUNTING, DOCUMENTS, EXACT, PASSING, ROWS } from './operation.ts'
import { checkSameOrder, checkSameTypes, namesOf } from './places.ts'
import { mayQuery, mayWrite } from './raw-sql-sniff.ts'
import { byName, isOpen, jsonForm, Scope, type Selected, type Source, shorten, starColumns } from './scope.ts'
import { codecsOf, type RowCodecs, setCodec, setCompared, setRows } from './slot-codec.ts'
import { truncatedCodec } from './truncated.ts'

/** What is known of a statement without running it. Tools read this, never the text. */
export interface Facts {
  readonly kind: Node['kind']
  /** The tables that it reads, and those that it writes. */
  readonly reads: readonly string[]
  readonly writes: readonly string[]
  /** The columns that it names, as `table.column`, or `table.*`. */
  readonly columns: readonly string[]
  /** Tells whether it surely changes nothing. */
  readonly readOnly: boolean
  /** Tells whether it holds text that may read or write tables which are not among these. */
  readonly opaque: boolean
  /** The names of the texts in it that are trusted: `` sql`…`.trusted(name, …) ``. */
  readonly trusted: readonly string[]
}

/** Ties names to tables: gives each slot the codec of the column it meets, and each query its columns. */
export class Resolver {
  /** The names that columns get in the user's rows, and so inside JSON documents. */
  readonly #rename: ((name: string) => string) | undefined
  /** The codecs of computed decimals. */
  readonly #decimals: ReadonlyMap<Node, Codec>
  /** The columns of each query of which all are known. */
  readonly outputs: Map<Node, readonly OutputColumn[]> = new Map()
  /** The columns of each query as far as they are known. */
  readonly selected: Map<Node, readonly OutputColumn[]> = new Map()
  readonly #reads = new Set<string>()
  readonly #writes = new Set<string>()
  readonly #columnsNamed = new Set<string>()
  readonly #trusted = new Set<string>()
  #unsure = false
  #opaque = false
  #inTrusted = 0

  constructor(rename?: (name: string) => string, computed: ReadonlyMap<Node, Codec> = new Map()) {
    this.#rename = rename
    this.#decimals = computed
  }

  facts(statement: Node): Facts {
    const kind = statement.kind
    // Hooks are given them, and caches, replicas and transaction hooks go by them.
    return Object.freeze({
      kind,
      reads: Object.freeze([...this.#reads]),
      writes: Object.freeze([...this.#writes]),
      columns: Object.freeze([...this.#columnsNamed]),
      readOnly: (kind === 'select' || kind === 'explain') && this.#writes.size === 0 && !this.#unsure,
      opaque: this.#opaque,
      trusted: Object.freeze([...this.#trusted]),
    })
  }

  statement(n: Node, parent?: Scope): readonly OutputColumn[] | undefined {
    const scope = new Scope(parent, this.#columnsNamed)
    const selected = this.#body(n, scope)
    if (selected === undefined) return undefined
    this.selected.set(n, selected.columns)
    if (!selected.complete) return undefined
    this.outputs.set(n, selected.columns)
    return selected.columns
  }

  #body(n: Node, scope: Scope): Selected | undefined {
    switch (n.kind) {
      case 'select':
        return this.#select(n, scope)
      case 'insert':
        return this.#insert(n, scope)
      case 'update':
        return this.#write(n, n.targets, [...n.from, ...n.joins], scope)
      case 'delete':
        return this.#write(n, n.targets, [...n.using, ...n.joins], scope)
      case 'merge':
        return this.#write(n, n.into === undefined ? [] : [n.into], n.using === undefined ? [] : [n.using], scope)
      case 'explain':
        this.statement(n.statement, scope)
        return n.format?.toLowerCase() === 'json' ? { columns: EXPLAINED, complete: true } : undefined
      case 'rawStatement':
        this.#unsure = true
        this.#opaque ||= n.raw?.kind !== 'trusted'
        this.#children(n, scope)
        return undefined
      default:
        if (defines(n.kind)) this.#definition(n, scope)
        else this.#expression(n, scope)
        return undefined
    }
  }

  /** What defines may name columns that nothing knows of yet. */
  #definition(n: Node, scope: Scope): void {
    eachChild(n, (child) => {
      if (child.kind === 'table') this.#source(child, scope, true)
    })
    scope.add('', {})
    eachChild(n, (child) => {
      if (child.kind === 'select') this.statement(child)
      else this.#expression(child, scope)
    })
  }

  #select(n: NodeOf<'select'>, scope: Scope): Selected | undefined {
    // A lock is taken where the writes go.
    this.#unsure ||= n.locks.length > 0
    this.#ctes(n, scope)
    for (const from of n.from) this.#source(from, scope, false)
    for (const join of n.joins)
      if (join.kind === 'joined' && join.source !== undefined) this.#source(join.source, scope, false)
    for (const join of n.joins) if (join.kind === 'joined') for (const on of join.on) this.#expression(on, scope)
    let columns = this.#columns(n.items, scope)
    for (const item of n.items)
      if (item.kind === 'alias') scope.aliases.set(item.name, this.#codec(item.operand, scope))
    for (const operation of n.setOperations) {
      if (operation.kind !== 'setOperation') continue
      const others = this.statement(operation.query, this.#cteScope(scope))
      if (columns.complete) {
        checkSameTypes(operation.operator, columns.columns, others ?? [])
        checkSameOrder(
          `columns of the first query of the ${operation.operator}`,
          namesOf(columns.columns),
          namesOf(others ?? []),
        )
      }
      columns = { ...columns, columns: columns.columns.map((column, i) => numberBeside(column, others?.[i])) }
    }
    // All that has no place of its own above: values, orders, windows, numbers of rows.
    eachChild(n, (child, part) => {
      if (!part.takes.some((role) => ELSEWHERE.has(role))) this.#expression(child, scope)
    })
    return columns
  }

  /** The common table expressions of a statement are seen by the parts of its set operations. */
  #cteScope(scope: Scope): Scope {
    const only = new Scope(scope.parent, this.#columnsNamed)
    for (const [name, source] of scope.ctes) only.ctes.set(name, source)
    return only
  }

  #insert(n: NodeOf<'insert'>, scope: Scope): Selected | undefined {
    this.#ctes(n, scope)
    const into = n.into === undefined ? undefined : this.#source(n.into, scope, true)
    scope.target = into
    const codecs = n.columns?.map((name) => this.#target(name, into))
    if (n.rows?.kind === 'slot') {
      if (n.columns === undefined || n.columns.length === 0) refuse('The insert has rows without the names of columns.')
      setRows(n.rows, n.columns, codecs)
    }
    for (const tuple of n.tuples) {
      if (tuple.kind === 'tuple') tuple.items.forEach((item, i) => this.#assign(item, codecs?.[i], scope))
    }
    if (n.query !== undefined) {
      if (n.query.kind === 'select') {
        // Beside other rows a value is typed by itself, which one with a codec is not.
        const isAlone = n.query.setOperations.length === 0 && !n.query.distinct
        n.query.items.forEach((item, i) => {
          const value = item.kind === 'alias' ? item.operand : item
          const own = into?.definition?.columns.get(n.columns?.[i] ?? '')?.codec
          if (value.kind === 'slot') setCodec(value, isAlone ? codecs?.[i] : own)
        })
      }
      const selected = this.statement(n.query, scope)
      if (n.columns !== undefined && selected !== undefined)
        checkSameOrder('columns of the insert', n.columns, namesOf(selected))
    }
    if (into?.definition !== undefined) scope.add('excluded', { definition: into.definition, byNameOnly: true })
    if (n.conflict?.kind === 'conflict') for (const name of n.conflict.columns) this.#known(name, into)
    if (n.conflict !== undefined) this.#expression(n.conflict, scope)
    for (const list of [n.duplicate, n.modifiers]) for (const part of list) this.#expression(part, scope)
    return n.output.length > 0 ? this.#outputs(n.output, scope) : this.#columns(n.returning, scope)
  }

  #target(name: string, table: Source | undefined): Codec | undefined {
    const column = this.#known(name, table)
    if (column?.generated === 'always')
      refuse(`'${table?.definition?.name}.${name}' is computed by the database and takes no value.`)
    return column === undefined ? undefined : writeCodec(column)
  }

  /** A column of the table that is written, where that is defined. */
  #known(name: string, table: Source | undefined): ColumnDefinition | undefined {
    const definition = table?.definition
    if (table?.table !== undefined) this.#columnsNamed.add(`${table.table}.${name}`)
    if (definition === undefined) return undefined
    return (
      definition.columns.get(name) ??
      refuse(
        `The table '${definition.name}' has no column '${name}'. It has: ${shorten([...definition.columns.keys()])}.`,
      )
    )
  }

  /** An update, delete or merge: what it writes, what it reads, and then all of its other parts. */
  #write(
    n: NodeOf<'update'> | NodeOf<'delete'> | NodeOf<'merge'>,
    targets: readonly Node[],
    others: readonly Node[],
    scope: Scope,
  ): Selected | undefined {
    this.#ctes(n, scope)
    for (const target of targets) {
      const source = this.#source(target, scope, true)
      scope.target ??= source
    }
    const written = new Set(scope.sources.keys())
    for (const other of others) {
      const source = other.kind === 'joined' ? other.source : other
      if (source !== undefined) this.#source(source, scope, false)
    }
    const done: readonly unknown[] = [
      ...n.ctes,
      ...n.returning,
      ...n.output,
      ...targets,
      ...others.filter((other) => other.kind !== 'joined'),
    ]
    eachChild(n, (child) => {
      if (child.kind === 'joined') for (const on of child.on) this.#expression(on, scope)
      else if (!done.includes(child)) this.#expression(child, scope)
    })
    if (n.output.length > 0) return this.#outputs(n.output, scope)
    return n.returning.length === 0 ? undefined : this.#columns(n.returning, scope, written)
  }

  /** What `output` names: the rows before and after. */
  #outputs(items: readonly Node[], scope: Scope): Selected {
    const inner = new Scope(scope, this.#columnsNamed)
    for (const name of ['inserted', 'deleted']) inner.add(name, scope.target ?? {})
    return this.#columns(items, inner)
  }

  #ctes({ ctes, recursive }: Pick<NodeOf<'select'>, 'ctes' | 'recursive'>, scope: Scope): void {
    for (const cte of ctes) {
      if (cte.kind !== 'cte') continue
      // A recursive one sees itself, with the columns of its first part; another sees the table of its name.
      if (recursive) scope.ctes.set(cte.name, {})
      const columns = this.statement(cte.query, scope)
      if (cte.columns !== undefined && columns !== undefined)
        checkSameOrder(`columns of '${cte.name}'`, cte.columns, namesOf(columns))
      const named = columns?.map((column, i) => ({ ...column, name: cte.columns?.[i] ?? column.name }))
      scope.ctes.set(cte.name, { columns: named && byName(named) })
    }
  }

  /** Brings a source into scope under its name. */
  #source(n: Node, scope: Scope, written: boolean): Source {
    let operand = n
    let name: string | undefined
    if (n.kind === 'alias') {
      operand = n.operand
      name = n.name
    }
    const source = this.#sourceOf(operand, scope, written, n.kind === 'alias' ? n.columns : undefined)
    if (operand.kind === 'table') name ??= operand.name
    if (name !== undefined) scope.add(name, source)
    else if (isOpen(source)) scope.add(`?${scope.sources.size}`, source)
    return source
  }

  #sourceOf(n: Node, scope: Scope, written: boolean, columns: readonly string[] | undefined): Source {
    switch (n.kind) {
      case 'table': {
        if (n.schema === undefined && !written) {
          for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
            const cte = at.ctes.get(n.name)
            if (cte !== undefined) return cte
          }
        }
        const full = fullName(n)
        ;(written ? this.#writes : this.#reads).add(full)
        return { table: full, definition: n.definition as TableDefinition | undefined }
      }
      case 'relation':
        return refuse(`No relation '${n.name}' is known here. Give relations() in the schema of kanta().`)
      case 'versioned':
        if (n.at !== undefined) this.#expression(n.at, scope)
        return this.#sourceOf(n.table, scope, written, columns)
      case 'select':
      case 'insert':
      case 'update':
      case 'delete': {
        const found = this.statement(n, scope)
        return { columns: found && byName(found) }
      }
      case 'values':
        this.#children(n, scope)
        if (n.rows.kind === 'slot') setRows(n.rows, n.columns, undefined)
        return { columns: columnsNamed(n.columns, codecsOf(n.rows)) }
      case 'listTable':
        if (n.values.kind === 'slot') setCodec(n.values, jsonList)
        return { columns: columnsNamed(['position', 'value']) }
      case 'ref':
      case 'identifier':
        // Printed, it would be a table that neither policies nor facts know of.
        return refuse('A column is not a table. Give the name of a table, eb.table(name) or sql.table(name).')
      default:
        this.#opaque ||= n.kind === 'raw' || n.kind === 'join' || n.kind === 'parens'
        this.#expression(n, scope)
        return { columns: columns && columnsNamed(columns) }
    }
  }

  #columns(items: readonly Node[], scope: Scope, written?: ReadonlySet<string>): Selected {
    const columns: OutputColumn[] = []
    let known = true
    for (const item of items) {
      if (item.kind === 'star') {
        const expanded = starColumns(item, scope, written)
        if (expanded === undefined) known = false
        else columns.push(...expanded)
        continue
      }
      this.#expression(item, scope)
      const operand = item.kind === 'alias' ? item.operand : item
      const name = item.kind === 'alias' ? item.name : item.kind === 'ref' ? item.column : undefined
      if (name === undefined) known = false
      else columns.push(this.#output(name, operand, scope))
    }
    return { columns, complete: known }
  }

  #output(name: string, operand: Node, scope: Scope): OutputColumn {
    const codec = this.#codec(operand, scope)
    const isDocument = operand.kind === 'jsonRows' || operand.kind === 'jsonObject'
    return { name, codec, json: isDocument ? 'document' : jsonForm(codec) }
  }

  #children(n: Node, scope: Scope): void {
    eachChild(n, (child) => this.#expression(child, scope))
  }

  #expression(n: Node, scope: Scope): void {
    switch (n.kind) {
      case 'select':
      case 'insert':
      case 'update':
      case 'delete':
        this.statement(n, scope)
        return
      case 'ref':
        scope.codec(n)
        return
      case 'binary':
        this.#expression(n.left, scope)
        this.#expression(n.right, scope)
        if (COMPARES.has(n.op)) this.#meet(n.left, n.right, scope)
        return
      case 'between':
        this.#children(n, scope)
        this.#meet(n.operand, n.low, scope)
        this.#meet(n.operand, n.high, scope)
        return
      case 'assignment':
        this.#assignment(n, scope)
        return
      case 'case':
        this.#children(n, scope)
        if (n.operand !== undefined)
          for (const when of n.whens) if (when.kind === 'when') this.#meet(n.operand, when.condition, scope)
        this.#results(n, this.#codec(n, scope))
        return
      case 'call':
      case 'aggregate': {
        this.#children(n, scope)
        // Where the result is no argument, its codec says nothing of them.
        if (!PASSING.has(n.name.toLowerCase())) return
        const codec = this.#codec(n, scope)
        n.args.forEach((arg, i) => {
          if (arg.kind === 'slot' && !(i === 1 && COUNTING.has(n.name.toLowerCase()))) setCodec(arg, codec)
        })
        return
      }
      case 'jsonObject':
        this.#children(n, scope)
        this.outputs.set(
          n,
          n.values.map((value, i) => this.#output(n.keys[i]!, value, scope)),
        )
        return
      case 'trusted':
        this.#trusted.add(n.name)
        for (const table of n.reads) this.#reads.add(table)
        for (const table of n.writes) this.#writes.add(table)
        this.#inTrusted++
        this.#children(n, scope)
        this.#inTrusted--
        return
      case 'raw': {
        this.#opaque ||= this.#inTrusted === 0 && mayQuery(n)
        this.#unsure ||= this.#inTrusted === 0 && mayWrite(n)
        const inner = new Scope(scope, this.#columnsNamed)
        inner.inText = true
        this.#children(n, inner)
        return
      }
      default:
        this.#children(n, scope)
    }
  }

  /** The values of a case are written as the columns among its results are read. */
  #results(n: NodeOf<'case'>, codec: Codec | undefined): void {
    const results = n.whens.map((when) => (when.kind === 'when' ? when.result : when))
    for (const result of [...results, n.otherwise]) if (result?.kind === 'slot') setCodec(result, codec)
  }

  #assignment(n: NodeOf<'assignment'>, scope: Scope): void {
    const column = n.column
    if (column.kind !== 'ref') return this.#children(n, scope)
    const codec =
      column.table === undefined
        ? this.#target(column.column, scope.target)
        : this.#qualifiedTarget(column, column.table, scope)
    this.#assign(n.value, codec, scope)
  }

  #qualifiedTarget(column: NodeOf<'ref'>, table: string, scope: Scope): Codec | undefined {
    const codec = scope.codec(column)
    const known = scope.sources.get(table)?.definition?.columns.get(column.column)
    return known === undefined ? codec : writeCodec(known)
  }

  #assign(value: Node, codec: Codec | undefined, scope: Scope): void {
    if (value.kind === 'slot') setCodec(value, codec)
    else this.#expression(value, scope)
  }

  /** Two sides that are compared: a value on one takes the codec of the other. */
  #meet(left: Node, right: Node, scope: Scope): void {
    if (left.kind === 'tuple' && right.kind === 'tuple') {
      left.items.forEach((item, i) => {
        const other = right.items[i]
        if (right.items.every((row) => row.kind === 'tuple'))
          for (const row of right.items)
            if (row.kind === 'tuple' && row.items[i] !== undefined) this.#meet(item, row.items[i]!, scope)
        if (other !== undefined && other.kind !== 'tuple') this.#meet(item, other, scope)
      })
      return
    }
    if (right.kind === 'slot') setCompared(right, this.#codec(left, scope))
    else if (right.kind === 'tuple') for (const item of right.items) this.#meet(left, item, scope)
    else if (left.kind === 'slot') setCompared(left, this.#codec(right, scope))
  }

  /** What databases compute in types of their own, and give in one here. */
  #computed(n: NodeOf<'aggregate'> | NodeOf<'call'>, scope: Scope): Codec | undefined {
    const name = n.name.toLowerCase()
    if (ROWS.has(name)) return this.#documentCodec(n.args[0], !name.endsWith('_agg'), scope)
    if (DOCUMENTS.has(name)) return jsonDocument
    if (n.kind === 'aggregate' && name === 'avg') return averageCodec
    return n.kind === 'aggregate' && name === 'sum' ? this.#exact(n.args, scope) : undefined
  }

  /** The rows of a table, or values, as JSON, each read as its codec reads it. */
  #documentCodec(n: Node | undefined, single: boolean, scope: Scope): Codec {
    if (n === undefined) return jsonDocument
    const columns = n.kind === 'ref' && n.table === undefined ? scope.row(n.column) : undefined
    if (columns !== undefined) return jsonRowsCodec(columns, single, this.#rename)
    return jsonValueCodec(this.#codec(n, scope) ?? jsonDocument, single)
  }

  #unaryCodec(n: NodeOf<'unary'>, scope: Scope): Codec | undefined {
    if (CONDITIONS.has(n.op)) return truthCodec
    return n.op === '-' ? this.#exact([n.operand], scope) : undefined
  }

  #binaryCodec(n: NodeOf<'binary'>, scope: Scope): Codec | undefined {
    if (!COMPUTES.has(n.op)) return truthCodec
    return EXACT.has(n.op) ? this.#exact([n.left, n.right], scope) : undefined
  }

  /** Arithmetic with bigints, decimals and reals is read as these are: a real before a decimal, which goes before a bigint. */
  #exact(operands: readonly Node[], scope: Scope): Codec | undefined {
    const codecs = operands.map((operand) => this.#codec(operand, scope))
    const named = (name: string): Codec | undefined => codecs.find((codec) => codec?.name === name)
    return named('real') ?? named('decimal') ?? codecs.find((codec) => codec?.bigint === true)
  }

  /** How a value is read that is one of several. */
  #codecAmong(parts: readonly (Node | undefined)[], scope: Scope): Codec | undefined {
    let found: Codec | undefined
    let isTruth = true
    for (const part of parts) {
      const codec = part === undefined ? undefined : this.#codec(part, scope)
      if (codec === truthCodec || part === undefined) continue
      if (reads(codec)) return codec
      // Beside a number, or a value that may be one, a condition is one.
      isTruth = false
      found ??= codec
    }
    return isTruth ? truthCodec : found
  }

  /** How the value of an expression is read. */
  #codec(n: Node, scope: Scope): Codec | undefined {
    const computed = this.#decimals.get(n)
    if (computed !== undefined) return computed
    switch (n.kind) {
      case 'ref':
        return scope.codec(n)
      case 'alias':
      case 'parens':
        return this.#codec(n.operand, scope)
      case 'and':
      case 'or':
      case 'between':
        return truthCodec
      case 'unary':
        return this.#unaryCodec(n, scope)
      case 'binary':
        return this.#binaryCodec(n, scope)
      case 'aggregate':
      case 'call':
        if (!PASSING.has(n.name.toLowerCase())) return this.#computed(n, scope)
        return this.#codecAmong(n.args, scope)
      case 'dateTrunc':
        return truncatedCodec(this.#codec(n.operand, scope))
      case 'case':
        return this.#codecAmong(
          [...n.whens.map((when) => (when.kind === 'when' ? when.result : when)), n.otherwise],
          scope,
        )
      case 'select':
        return this.outputs.get(n)?.[0]?.codec as Codec | undefined
      case 'jsonRows':
        return jsonRowsCodec(this.outputs.get(n.query) ?? [], n.single, this.#rename, n.required)
      case 'jsonObject':
        return taggedCodec(jsonRowsCodec(this.outputs.get(n) ?? [], true, undefined), n, this.#rename)
      case 'jsonPath':
        return n.legs.length > 0 && !n.operator.startsWith('->>') && n.operand !== undefined ? jsonDocument : undefined
      default:
        return undefined
    }
  }
}

/** Columns of which only the names are known, and sometimes the codecs. */
const columnsNamed = (names: readonly string[], codecs?: RowCodecs['codecs']): ReturnType<typeof byName> =>
  byName(names.map((name, i) => ({ name, codec: codecs?.[i], json: 'value' })))

/** Returns a condition as a number where the other query of a set operation may have numbers in its place. */
function numberBeside(column: OutputColumn, other: OutputColumn | undefined): OutputColumn {
  if (column.codec !== truthCodec || reads(other?.codec as Codec | undefined)) return column
  return { ...column, codec: undefined }
}

/** Parts of a select that the resolver has looked at by then. */
const ELSEWHERE: ReadonlySet<string> = new Set(['cte', 'source', 'joined', 'selection', 'setOperation', 'lock'])

/** The columns of an explanation as a document, as PostgreSQL and MySQL name them. */
const EXPLAINED: readonly OutputColumn[] = ['QUERY PLAN', 'EXPLAIN'].map((name) => ({
  name,
  codec: jsonDocument,
  json: 'document',
}))
