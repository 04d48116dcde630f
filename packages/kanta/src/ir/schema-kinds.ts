/**
 * The kinds of the statements that define, and of their parts; `declareKinds` makes them known, once somebody defines.
 * They take no parameters: values become text. A name is an
 * `identifier`, or a `table` where it may have a schema, so that what renames tables and names renames them here, too.
 */
import type { Fields } from './kinds.ts'
import type { Node } from './node.ts'

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
    /** What follows the columns, such as `strict`. */
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

/** The parts of each kind, as `fields` has them. */
export const schemaFields: Fields<keyof SchemaKinds> = {
  references: { table: 'node', columns: 'nodes' },
  columnDefinition: {
    name: 'node',
    ifNotExists: 'atom',
    type: 'node',
    collate: 'node',
    unsigned: 'atom',
    modifiers: 'nodes',
    generated: 'node',
    stored: 'atom',
    identity: 'atom',
    default: 'node',
    notNull: 'atom',
    unique: 'atom',
    nullsNotDistinct: 'atom',
    primaryKey: 'atom',
    autoIncrement: 'atom',
    references: 'node',
    onDelete: 'atom',
    onUpdate: 'atom',
    check: 'node',
    comment: 'node',
  },
  constraint: {
    style: 'atom',
    name: 'node',
    columns: 'nodes',
    nullsNotDistinct: 'atom',
    using: 'node',
    check: 'node',
    references: 'node',
    onDelete: 'atom',
    onUpdate: 'atom',
    deferrable: 'atom',
    initially: 'atom',
  },
  createTable: {
    modifiers: 'nodes',
    temporary: 'atom',
    ifNotExists: 'atom',
    table: 'node',
    partitionOf: 'node',
    bounds: 'node',
    columns: 'nodes',
    constraints: 'nodes',
    options: 'nodes',
    comment: 'node',
    partitionBy: 'node',
    onCommit: 'atom',
    query: 'node',
  },
  createIndex: {
    unique: 'atom',
    concurrently: 'atom',
    ifNotExists: 'atom',
    name: 'node',
    table: 'node',
    using: 'node',
    columns: 'nodes',
    include: 'nodes',
    nullsNotDistinct: 'atom',
    where: 'nodes',
  },
  drop: {
    object: 'atom',
    names: 'nodes',
    temporary: 'atom',
    concurrently: 'atom',
    ifExists: 'atom',
    on: 'node',
    cascade: 'atom',
  },
  alter: { object: 'atom', name: 'node', alterations: 'nodes', modifiers: 'nodes' },
  alteration: {
    action: 'atom',
    ifExists: 'atom',
    ifNotExists: 'atom',
    name: 'node',
    to: 'node',
    operand: 'node',
    collate: 'node',
    using: 'node',
    nullable: 'atom',
    position: 'atom',
    beside: 'node',
    behavior: 'atom',
  },
  createView: {
    orReplace: 'atom',
    materialized: 'atom',
    temporary: 'atom',
    ifNotExists: 'atom',
    view: 'node',
    columns: 'nodes',
    query: 'node',
    withNoData: 'atom',
  },
  refreshView: { view: 'node', concurrently: 'atom', withNoData: 'atom' },
  createSchema: { name: 'node', ifNotExists: 'atom' },
  createType: { name: 'node', values: 'nodes' },
  createDomain: { name: 'node', type: 'node', default: 'node', notNull: 'atom', constraints: 'nodes' },
  createSequence: { name: 'node', temporary: 'atom', ifNotExists: 'atom', options: 'nodes' },
  sequenceOption: { action: 'atom', operand: 'node' },
  comment: { object: 'atom', name: 'node', column: 'node', text: 'node' },
  createTrigger: { name: 'node', timing: 'atom', events: 'atoms', table: 'node', body: 'node' },
  truncate: { tables: 'nodes', identity: 'atom', cascade: 'atom' },
  partitioning: { style: 'atom', columns: 'nodes', count: 'atom', partitions: 'nodes' },
  partition: { name: 'node', bounds: 'node' },
  bounds: { style: 'atom', from: 'nodes', to: 'nodes' },
}
