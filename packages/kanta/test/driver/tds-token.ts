/**
 * Tokens of the Tabular Data Stream Protocol as a server writes them, by the sections of [MS-TDS],
 * https://learn.microsoft.com/openspecs/windows_protocols/ms-tds. Numbers are little-endian unless said.
 */

const u8 = (value: number): Buffer => Buffer.from([value])
const u16 = (value: number): Buffer => Buffer.from([value & 0xff, value >> 8])
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value >>> 0)
  return bytes
}
const u64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value))
  return bytes
}
const ucs2 = (text: string): Buffer => Buffer.from(text, 'ucs2')
/** B_VARCHAR, 2.2.5.1.2: the number of characters in a byte. */
const short = (text: string): Buffer => Buffer.concat([u8(text.length), ucs2(text)])
/** US_VARCHAR: the number of characters in two. */
const long = (text: string): Buffer => Buffer.concat([u16(text.length), ucs2(text)])

const RESPONSE = 0x04
const MOST = 4_096 - 8

/** Packets of a message, 2.2.3.1: type, status (1 ends the message), length in big-endian, process, number, window. */
export function packet(tokens: Buffer, ends: boolean): Buffer {
  const packets: Buffer[] = []
  for (let at = 0; at < tokens.length || at === 0; at += MOST) {
    const data = tokens.subarray(at, at + MOST)
    const isLast = ends && at + MOST >= tokens.length
    const length = Buffer.alloc(2)
    length.writeUInt16BE(data.length + 8)
    packets.push(Buffer.concat([u8(RESPONSE), u8(isLast ? 1 : 0), length, Buffer.from([0, 0, 1, 0]), data]))
  }
  return Buffer.concat(packets)
}

/**
 * PRELOGIN, 2.2.6.5: the options and where they are, in big-endian: VERSION (0) at 11, ENCRYPTION (1) at 17 with
 * ENCRYPT_NOT_SUP (2), and the end (0xff).
 */
export const PRELOGIN = Buffer.from([0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff, 16, 0, 0, 0, 0, 0, 2])

/** LOGINACK, 2.2.7.14: the interface is T-SQL (1), the version of the protocol 7.4. */
export function login(): Buffer {
  const body = Buffer.concat([u8(1), Buffer.from([0x74, 0, 0, 4]), short('Recorded'), Buffer.from([16, 0, 0, 0])])
  return Buffer.concat([u8(0xad), u16(body.length), body, done()])
}

const DONE_MORE = 0x01
const DONE_ERROR = 0x02
const DONE_COUNT = 0x10
const DONE_ATTN = 0x20

interface DoneOptions {
  readonly rows?: number
  readonly more?: boolean
  readonly error?: boolean
}

function doneToken(token: number, status: number, rows: number): Buffer {
  return Buffer.concat([u8(token), u16(status), u16(0), u64(BigInt(rows))])
}

function statusOf({ rows, more, error }: DoneOptions): number {
  return (more ? DONE_MORE : 0) | (error ? DONE_ERROR : 0) | (rows === undefined ? 0 : DONE_COUNT)
}

/** DONE, 2.2.7.6. */
export function done(options: DoneOptions = {}): Buffer {
  return doneToken(0xfd, statusOf(options), options.rows ?? 0)
}

/** DONEINPROC, 2.2.7.7, after a statement inside `sp_executesql`. */
export function doneInProc(options: DoneOptions = {}): Buffer {
  return doneToken(0xff, statusOf({ ...options, more: true }), options.rows ?? 0)
}

/** RETURNSTATUS, 2.2.7.18, and DONEPROC, 2.2.7.8, which end `sp_executesql`. */
export function doneProc(options: DoneOptions = {}): Buffer {
  return Buffer.concat([u8(0x79), u32(0), doneToken(0xfe, statusOf(options), 0)])
}

/** The DONE that acknowledges an attention, or a plain one. */
export function attention(status = DONE_ATTN): Buffer {
  return doneToken(0xfd, status, 0)
}

/** ERROR, 2.2.7.10. */
export function error(number: number, message: string, level = 16): Buffer {
  const body = Buffer.concat([u32(number), u8(1), u8(level), long(message), short('recorded'), short(''), u32(1)])
  return Buffer.concat([u8(0xaa), u16(body.length), body])
}

const TRANSACTION = { begin: 8, commit: 9, rollback: 10 } as const
const DESCRIPTOR = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8])

/** ENVCHANGE, 2.2.7.9, of a transaction: the new descriptor and the old one. */
export function transaction(what: keyof typeof TRANSACTION): Buffer {
  const [now, before] = what === 'begin' ? [DESCRIPTOR, Buffer.alloc(0)] : [Buffer.alloc(0), DESCRIPTOR]
  const body = Buffer.concat([u8(TRANSACTION[what]), u8(now.length), now, u8(before.length), before])
  return Buffer.concat([u8(0xe3), u16(body.length), body])
}

/** A type, 2.2.5.4, and how its values are written. */
export interface Type<T> {
  readonly info: Buffer
  write(value: T | null): Buffer
}

const sized = (bytes: Buffer): Buffer => Buffer.concat([u8(bytes.length), bytes])
/** Types whose values stand after their length in a byte; 0 is null. */
const type = <T>(info: readonly number[], write: (value: T) => Buffer): Type<T> => ({
  info: Buffer.from(info),
  write: (value) => (value === null ? u8(0) : sized(write(value))),
})

const COLLATION = [0x09, 0x04, 0xd0, 0x00, 0x34]
const NULL = u16(0xffff)
/** The days from 0001-01-01, in three bytes. */
const days = (iso: string): Buffer => {
  const count = Math.round((Date.parse(`${iso}T00:00:00Z`) - Date.parse('0001-01-01T00:00:00Z')) / 86_400_000)
  return u32(count).subarray(0, 3)
}
/** Tenths of microseconds since midnight, in five bytes: the time of a scale of 7. */
const ticks = (clock: string): Buffer => {
  const [, hours, minutes, seconds, fraction] = /^(\d\d):(\d\d):(\d\d)\.(\d{7})$/.exec(clock)!
  const whole = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)
  return u64(BigInt(whole) * 10_000_000n + BigInt(fraction!)).subarray(0, 5)
}

export const int = type<number>([0x26, 4], u32)
export const bigint = type<bigint>([0x26, 8], u64)
export const bit = type<boolean>([0x68, 1], (value) => u8(value ? 1 : 0))
export const float = type<number>([0x6d, 8], (value) => {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return bytes
})
export const date = type<string>([0x28], days)
export const time = type<string>([0x29, 7], ticks)
export const datetime2 = type<string>([0x2a, 7], (value) =>
  Buffer.concat([ticks(value.slice(11)), days(value.slice(0, 10))]),
)
/** The moment in UTC, and the offset in minutes. */
export const datetimeoffset = (minutes: number): Type<string> =>
  type([0x2b, 7], (value) => Buffer.concat([ticks(value.slice(11)), days(value.slice(0, 10)), u16(minutes)]))
/** Days since 1900 and three-hundredths of seconds. */
export const datetime = type<readonly [days: number, ticks: number]>([0x6f, 8], ([day, tick]) =>
  Buffer.concat([u32(day), u32(tick)]),
)
export const guid = type<Buffer>([0x24, 16], (value) => value)
/** A sign (1 is plus) and the digits without their point. */
export const decimal = (precision: number, scale: number): Type<bigint> =>
  type([0x6a, 17, precision, scale], (value) => {
    const digits = value < 0n ? -value : value
    return Buffer.concat([u8(value < 0n ? 0 : 1), u64(digits), u64(digits >> 64n)])
  })
export const nvarchar: Type<string> = {
  info: Buffer.from([0xe7, 0x40, 0x1f, ...COLLATION]),
  write: (value) => (value === null ? NULL : Buffer.concat([u16(2 * value.length), ucs2(value)])),
}
/** Partially length-prefixed, 2.2.5.2.3: the length of all, parts with theirs, and a part of none. */
export const nvarcharMax: Type<string> = {
  info: Buffer.from([0xe7, 0xff, 0xff, ...COLLATION]),
  write: (value) => {
    if (value === null) return u64(-1n)
    const bytes = ucs2(value)
    return Buffer.concat([u64(BigInt(bytes.length)), u32(bytes.length), bytes, u32(0)])
  },
}
export const varbinary: Type<Uint8Array> = {
  info: Buffer.from([0xa5, 0x40, 0x1f]),
  write: (value) => (value === null ? NULL : Buffer.concat([u16(value.length), value])),
}

/** COLMETADATA, 2.2.7.4: for each column its user type, its flags, its type and its name. */
export function columns(given: Readonly<Record<string, Type<never>>>): Buffer {
  const names = Object.entries(given)
  return Buffer.concat([
    u8(0x81),
    u16(names.length),
    ...names.flatMap(([name, { info }]) => [u32(0), u16(1), info, short(name)]),
  ])
}

/** ROW, 2.2.7.19. */
export function row(types: Readonly<Record<string, Type<never>>>, values: readonly unknown[]): Buffer {
  return Buffer.concat([u8(0xd1), ...Object.values(types).map((type, i) => type.write(values[i] as never))])
}
