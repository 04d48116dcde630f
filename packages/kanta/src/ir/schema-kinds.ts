/**
 * The kinds of the statements that define, and of their parts; `declareKinds` makes them known, once somebody defines.
 * They take no parameters: values become text. A name is an
 * `identifier`, or a `table` where it may have a schema, so that what renames tables and names renames them here, too.
 */
import type { Fields } from './kinds.ts'
import type { Node } from './node.ts'
import { data, filling, flag, many, name, names, one, word } from './role.ts'

export interface SchemaKinds {
  references: { table: Node; columns: readonly Node[] }
  columnDefinition: {
    name: Node | undefined
    ifNotExists: boolean
    type: Node | undefined
    collate: Node | undefined
    unsigned: boolean
    modifiers: readonly Node[]
    generated: Node | undefined
    stored: boolean | undefined
    identity: string | undefined
    default: Node | undefined
    notNull: boolean
    unique: boolean
    nullsNotDistinct: boolean
    primaryKey: boolean
    autoIncrement: boolean
    references: Node | undefined
    onDelete: string | undefined
    onUpdate: string | undefined
    check: Node | undefined
    comment: Node | undefined
  }
  constraint: {
    style: 'primary key' | 'unique' | 'check' | 'foreign key' | 'index' | 'unique index'
    name: Node | undefined
    columns: readonly Node[]
    nullsNotDistinct: boolean
    using: Node | undefined
    check: Node | undefined
    references: Node | undefined
    onDelete: string | undefined
    onUpdate: string | undefined
    deferrable: boolean | undefined
    initially: string | undefined
  }
  createTable: {
    modifiers: readonly Node[]
    temporary: boolean
    ifNotExists: boolean
    table: Node | undefined
    /** The table of which this one is a partition, and its rows. */
    partitionOf: Node | undefined
    bounds: Node | undefined
    columns: readonly Node[]
    constraints: readonly Node[]
    /** The options after the columns, such as `strict`. */
    options: readonly Node[]
    comment: Node | undefined
    partitionBy: Node | undefined
    onCommit: string | undefined
    query: Node | undefined
  }
  createIndex: {
    unique: boolean
    concurrently: boolean
    ifNotExists: boolean
    name: Node | undefined
    table: Node | undefined
    using: Node | undefined
    columns: readonly Node[]
    include: readonly Node[]
    nullsNotDistinct: boolean
    where: readonly Node[]
  }
  drop: {
    object: 'table' | 'index' | 'schema' | 'view' | 'materialized view' | 'type' | 'sequence' | 'domain' | 'trigger'
    names: readonly Node[]
    temporary: boolean
    concurrently: boolean
    ifExists: boolean
    on: Node | undefined
    cascade: boolean
  }
  alter: {
    object: 'table' | 'type' | 'sequence'
    name: Node | undefined
    /** Columns and constraints are added; each other change is an alteration. */
    alterations: readonly Node[]
    modifiers: readonly Node[]
  }
  alteration: {
    action: string
    ifExists: boolean
    ifNotExists: boolean
    name: Node | undefined
    to: Node | undefined
    operand: Node | undefined
    /** With a new type: its collation, what its values are made of, and whether it takes null. */
    collate: Node | undefined
    using: Node | undefined
    nullable: boolean | undefined
    position: string | undefined
    beside: Node | undefined
    behavior: string | undefined
  }
  createView: {
    orReplace: boolean
    materialized: boolean
    temporary: boolean
    ifNotExists: boolean
    view: Node | undefined
    columns: readonly Node[]
    query: Node | undefined
    withNoData: boolean
  }
  refreshView: { view: Node | undefined; concurrently: boolean; withNoData: boolean }
  createSchema: { name: Node | undefined; ifNotExists: boolean }
  createType: { name: Node | undefined; values: readonly Node[] }
  createDomain: {
    name: Node | undefined
    type: Node | undefined
    default: Node | undefined
    notNull: boolean
    constraints: readonly Node[]
  }
  createSequence: { name: Node | undefined; temporary: boolean; ifNotExists: boolean; options: readonly Node[] }
  sequenceOption: { action: string; operand: Node | undefined }
  comment: { object: 'table' | 'column' | 'view'; name: Node | undefined; column: Node | undefined; text: Node }
  createTrigger: { name: Node; timing: string; events: readonly string[]; table: Node; body: Node }
  truncate: { tables: readonly Node[]; identity: 'restart' | 'continue' | undefined; cascade: boolean }
  /** How the rows of a table are parted, with the parts where the database defines them there. */
  partitioning: {
    style: 'range' | 'list' | 'hash'
    columns: readonly Node[]
    count: number | undefined
    partitions: readonly Node[]
  }
  partition: { name: Node; bounds: Node }
  /** The rows of a partition. */
  bounds: { style: 'in' | 'range' | 'less than' | 'hash' | 'default'; from: readonly Node[]; to: readonly Node[] }
}

const clause = filling()
const command = filling('command')
/** A part with a name of its own. */
const named = one('name')
const table = one('table')
const type = one('type', 'expression')
const condition = one('expression')
const columns = many('name')
/** Columns and expressions, as an index has them. */
const indexed = many('name', 'expression', 'order')
const modifiers = many('modifier')
const comment = one('expression')
const query = one('query')

/** The row of each kind, as `fields` has them. */
export const schemaFields: Fields<keyof SchemaKinds> = {
  references: clause({ table, columns }),
  columnDefinition: clause({
    name: named,
    ifNotExists: flag,
    type,
    collate: one('name', 'type', 'word', 'expression'),
    unsigned: flag,
    modifiers,
    generated: one('expression'),
    stored: flag,
    identity: name,
    default: one('expression', 'type', 'word'),
    notNull: flag,
    unique: flag,
    nullsNotDistinct: flag,
    primaryKey: flag,
    autoIncrement: flag,
    references: one('references'),
    onDelete: name,
    onUpdate: name,
    check: condition,
    comment,
  }),
  constraint: clause({
    style: word,
    name: named,
    columns: indexed,
    nullsNotDistinct: flag,
    using: one('type', 'word', 'expression'),
    check: condition,
    references: one('references'),
    onDelete: name,
    onUpdate: name,
    deferrable: flag,
    initially: name,
  }),
  createTable: command({
    modifiers,
    temporary: flag,
    ifNotExists: flag,
    table,
    partitionOf: table,
    bounds: one('bounds'),
    columns: many('columnDefinition'),
    constraints: many('constraint'),
    options: many('expression', 'type', 'word'),
    comment,
    partitionBy: one('partitioning'),
    onCommit: name,
    query,
  }),
  createIndex: command({
    unique: flag,
    concurrently: flag,
    ifNotExists: flag,
    name: one('name', 'table'),
    table,
    using: one('type', 'word', 'expression'),
    columns: indexed,
    include: columns,
    nullsNotDistinct: flag,
    where: many('expression'),
  }),
  drop: command({
    object: data,
    names: many('table', 'name'),
    temporary: flag,
    concurrently: flag,
    ifExists: flag,
    on: one('table'),
    cascade: flag,
  }),
  alter: command({
    object: word,
    name: table,
    alterations: many('alteration', 'columnDefinition', 'constraint', 'sequenceOption'),
    modifiers: many('modifier', 'expression'),
  }),
  alteration: clause({
    action: data,
    ifExists: flag,
    ifNotExists: flag,
    name: one('name', 'table'),
    to: one('name', 'expression'),
    operand: one('expression', 'type', 'word', 'columnDefinition', 'bounds'),
    collate: one('name', 'type', 'word', 'expression'),
    using: one('expression'),
    nullable: flag,
    position: name,
    beside: one('expression'),
    behavior: name,
  }),
  createView: command({
    orReplace: flag,
    materialized: flag,
    temporary: flag,
    ifNotExists: flag,
    view: table,
    columns,
    query,
    withNoData: flag,
  }),
  refreshView: command({ view: table, concurrently: flag, withNoData: flag }),
  createSchema: command({ name: named, ifNotExists: flag }),
  createType: command({ name: table, values: many('expression') }),
  createDomain: command({
    name: table,
    type,
    default: one('expression', 'type', 'word'),
    notNull: flag,
    constraints: many('constraint'),
  }),
  createSequence: command({ name: table, temporary: flag, ifNotExists: flag, options: many('sequenceOption') }),
  sequenceOption: clause({ action: data, operand: one('expression', 'type', 'word', 'table') }),
  comment: command({ object: word, name: table, column: named, text: one('expression') }),
  createTrigger: command({ name: named, timing: data, events: names, table, body: one('expression', 'statement') }),
  truncate: command({ tables: many('table'), identity: word, cascade: flag }),
  partitioning: clause({
    style: word,
    columns: indexed,
    count: data,
    partitions: many('partition'),
  }),
  partition: clause({ name: named, bounds: one('bounds') }),
  bounds: clause({
    style: word,
    from: many('expression'),
    to: many('expression'),
  }),
}
