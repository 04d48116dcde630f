import { describe, KantaError, refuse } from '../error/index.ts'

/** The name and version of a replica's type. Two types are compatible if name and major version are equal. */
export type ReplicaType = readonly [name: string, major: number, minor: number]

/** The way in which the replicas of a document synchronize. */
export interface SyncMode {
  readonly writerModel: 'serialized' | 'concurrent'
  readonly delivery: 'delta-capable' | 'snapshot-only'
  readonly durability: 'persistent' | 'transient'
}

/** The metadata of a document. */
export interface StoreMeta {
  readonly replicaType: ReplicaType
  readonly syncMode: SyncMode
  readonly schemaHash: string
}

/** The content of an entry: a whole state, or the changes since an earlier version. */
export interface StorePayload {
  readonly kind: 'entirety' | 'since'
  readonly encoding: 'json' | 'binary'
  readonly data: string | Uint8Array
  readonly lineage?: string
}

/** A record that sets the metadata of a document. */
export interface MetaRecord {
  readonly kind: 'meta'
  readonly meta: StoreMeta
}

/** A record that holds a state or a change of a document. */
export interface EntryRecord {
  readonly kind: 'entry'
  readonly payload: StorePayload
  readonly version: string
}

/** One record of a document. */
export type StoreRecord = MetaRecord | EntryRecord

/** Refuses an id that some database would store as another one. */
export function checkDocId(docId: unknown): asserts docId is string {
  if (typeof docId !== 'string') refuse(`The id of a document is a string, not ${describe(docId)}.`)
  checkText(docId, 'The id of a document')
}

// The type library lacks this method, but every supported runtime has it.
type Text = string & { isWellFormed(): boolean }

/** Refuses text that databases cannot store: half a surrogate pair, or the character NUL. */
function checkText(text: string, what: string): void {
  if (!(text as Text).isWellFormed()) refuse(`${what} holds half a surrogate pair. Cut strings between characters.`)
  if (text.includes('\0')) refuse(`${what} holds the character NUL, which databases do not store. Leave it out.`)
}

/** Checks a record and returns a copy that shares nothing with it. Unknown properties are dropped. */
export function copyRecord(record: unknown): StoreRecord {
  const { kind, meta, payload, version } = Object(record) as Record<string, unknown>
  if (kind === 'meta') return { kind, meta: copyMeta(meta) }
  if (kind !== 'entry') return refuse(`A record has the kind 'meta' or 'entry', not ${describe(kind)}.`)
  if (typeof version !== 'string') refuse(`The version of an entry is a string, not ${describe(version)}.`)
  return { kind, payload: copyPayload(payload), version: version as string }
}

/** Checks the metadata of a document and returns its known properties. 1.x of kyneta calls the mode `syncProtocol`. */
export function copyMeta(given: unknown): StoreMeta {
  const { replicaType, syncMode, syncProtocol, schemaHash } = Object(given) as Record<string, unknown>
  const [name, major, minor] = Array.isArray(replicaType) ? (replicaType as unknown[]) : []
  if (typeof name !== 'string' || !Number.isInteger(major) || !Number.isInteger(minor))
    refuse(`meta.replicaType is [name, major, minor], not ${describe(replicaType)}.`)
  if (typeof schemaHash !== 'string') refuse(`meta.schemaHash is a string, not ${describe(schemaHash)}.`)
  checkText(name as string, 'The name of meta.replicaType')
  checkText(schemaHash as string, 'meta.schemaHash')
  return {
    replicaType: [name as string, major as number, minor as number],
    syncMode: copyMode(syncMode ?? syncProtocol),
    schemaHash: schemaHash as string,
  }
}

function copyMode(given: unknown): SyncMode {
  const { writerModel, delivery, durability } = Object(given) as Record<string, unknown>
  return {
    writerModel: oneOf('writerModel', writerModel, ['serialized', 'concurrent']),
    delivery: oneOf('delivery', delivery, ['delta-capable', 'snapshot-only']),
    durability: oneOf('durability', durability, ['persistent', 'transient']),
  }
}

function oneOf<const V extends string>(name: string, value: unknown, values: readonly V[]): V {
  return values.includes(value as V)
    ? (value as V)
    : refuse(`meta.syncMode.${name} is '${values.join("' or '")}', not ${describe(value)}.`)
}

function copyPayload(given: unknown): StorePayload {
  const { kind, encoding, data, lineage } = Object(given) as Record<string, unknown>
  if (kind !== 'entirety' && kind !== 'since')
    refuse(`The kind of a payload is 'entirety' or 'since', not ${describe(kind)}.`)
  if (encoding !== 'json' && encoding !== 'binary')
    refuse(`The encoding of a payload is 'json' or 'binary', not ${describe(encoding)}.`)
  if (lineage !== undefined && typeof lineage !== 'string')
    refuse(`The lineage of a payload is a string, not ${describe(lineage)}.`)
  const copy = { kind, encoding, data: typeof data === 'string' ? data : copyBytes(data) } as StorePayload
  return lineage === undefined ? copy : { ...copy, lineage: lineage as string }
}

/** Returns bytes in a buffer of their own, of any view or buffer, also of another realm. */
export function copyBytes(value: unknown): Uint8Array {
  const tag = Object.prototype.toString.call(value).slice(8, -1)
  if (tag === 'ArrayBuffer') return new Uint8Array((value as ArrayBuffer).slice(0))
  // A slice of a Buffer shares its memory, and its class is another one.
  if (tag === 'Uint8Array') return Uint8Array.from(value as Uint8Array)
  return refuse(`The data of a payload are a string or bytes, not ${describe(value)}.`)
}

/**
 * Returns the metadata that a document has after some records.
 *
 * @throws KantaError `invalid_input` if the document has none, `conflict` if a record changes what cannot change.
 */
export function resolveMeta(
  docId: string,
  records: readonly StoreRecord[],
  existing: StoreMeta | undefined,
): StoreMeta {
  let current = existing
  for (const record of records) {
    if (record.kind === 'meta') current = nextMeta(docId, record.meta, current, current === existing)
    else if (current === undefined) refuseEntry(docId)
  }
  return current ?? refuse(`Store: a batch for doc '${docId}' must contain at least one meta record.`)
}

/** Throws the error of an entry for a document that has no metadata. */
export function refuseEntry(docId: string): never {
  refuse(`Store: first record for doc '${docId}' must be meta, got entry. Append the metadata first.`)
}

/** Returns the metadata of a replacement, of which at least one record must be metadata. */
export function resolveReplacement(
  docId: string,
  records: readonly StoreRecord[],
  existing: StoreMeta | undefined,
): StoreMeta {
  const metas = records.filter((record) => record.kind === 'meta')
  if (metas.length === 0) refuse(`Store: replace of doc '${docId}': batch must contain at least one meta record.`)
  return resolveMeta(docId, metas, existing)
}

function nextMeta(docId: string, next: StoreMeta, current: StoreMeta | undefined, isStored: boolean): StoreMeta {
  if (current === undefined) return next
  const [name, major] = next.replicaType
  const place = isStored ? '' : ' within batch'
  if (name !== current.replicaType[0] || major !== current.replicaType[1])
    mismatch(docId, `replicaType mismatch${place}`, current.replicaType, next.replicaType)
  const [was, is] = [JSON.stringify(copyMode(current.syncMode)), JSON.stringify(copyMode(next.syncMode))]
  if (was !== is) mismatch(docId, `syncMode mismatch${place}`, current.syncMode, next.syncMode)
  return next
}

function mismatch(docId: string, what: string, existing: unknown, given: unknown): never {
  throw new KantaError(
    'conflict',
    `Store: ${what} for doc '${docId}': it has ${JSON.stringify(existing)}, not ${JSON.stringify(given)}. Delete the document to change that.`,
  )
}
