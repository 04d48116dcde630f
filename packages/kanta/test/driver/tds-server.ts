import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { parseRequest, type TdsRequest } from './tds-request.ts'
import { attention, login, PRELOGIN, packet } from './tds-token.ts'

/**
 * What the server answers to a request: the bytes of its tokens; `undefined` for none, such as where a statement never
 * ends; or tokens one after the other, sent as the client takes them, until it asks to stop.
 */
export type Answer = (request: TdsRequest, socket: Socket) => Buffer | undefined | Iterable<Buffer>

const HEADER = 8
const BATCH = 0x01
const RPC = 0x03
const ATTENTION = 0x06
const LOGIN = 0x10
const END_OF_MESSAGE = 0x01

/**
 * A server that plays back tokens of SQL Server's protocol on a loopback port, so that the real library talks over a
 * real socket. It knows no SQL: this is a recorded wire, and no server.
 *
 * Source: [MS-TDS] Tabular Data Stream Protocol, https://learn.microsoft.com/openspecs/windows_protocols/ms-tds;
 * packets are of section 2.2.3, the order of messages of 3.2.5 and 3.3.5.
 */
export class TdsServer {
  readonly requests: TdsRequest[] = []
  /** How many parts of answers were sent that are given one after the other. */
  sent = 0
  readonly #server: Server
  readonly #answer: Answer
  /** What is said to a login. */
  readonly login: Buffer
  readonly #sockets = new Set<Socket>()

  private constructor(answer: Answer, welcome: Buffer) {
    this.#answer = answer
    this.login = welcome
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.#sockets.delete(socket))
      new Talk(socket, this).start()
    })
  }

  static async start(answer: Answer, welcome: Buffer = login()): Promise<TdsServer> {
    const server = new TdsServer(answer, welcome)
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    return server
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** How many clients are connected. */
  get clients(): number {
    return this.#sockets.size
  }

  answer(request: TdsRequest, socket: Socket): ReturnType<Answer> {
    this.requests.push(request)
    return this.#answer(request, socket)
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** What is said on one connection. */
class Talk {
  readonly #socket: Socket
  readonly #server: TdsServer
  #bytes = Buffer.alloc(0)
  #message: Buffer[] = []
  /** Whether the client asked to stop the answer that is being sent. */
  #stopped = false
  #answering: Promise<void> = Promise.resolve()
  /** The request before the first one sets up the session. */
  #isReady = false

  constructor(socket: Socket, server: TdsServer) {
    this.#socket = socket
    this.#server = server
  }

  start(): void {
    this.#socket.on('data', (bytes) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes])
      this.#read()
    })
  }

  #read(): void {
    while (this.#bytes.length >= HEADER && this.#bytes.length >= this.#bytes.readUInt16BE(2)) {
      const length = this.#bytes.readUInt16BE(2)
      const type = this.#bytes[0]!
      const isLast = (this.#bytes[1]! & END_OF_MESSAGE) !== 0
      this.#message.push(this.#bytes.subarray(HEADER, length))
      this.#bytes = this.#bytes.subarray(length)
      if (!isLast) continue
      const message = Buffer.concat(this.#message)
      this.#message = []
      this.#take(type, message)
    }
  }

  #take(type: number, message: Buffer): void {
    if (type === ATTENTION) {
      this.#stopped = true
      // The answer that is stopped ends before the attention is acknowledged.
      void this.#answering.then(() => this.#write(attention()))
      return
    }
    if (type === LOGIN) return this.#write(this.#server.login)
    if (type !== BATCH && type !== RPC) return this.#write(PRELOGIN)
    const request = parseRequest(type === RPC, message)
    if (!this.#isReady) {
      this.#isReady = true
      return this.#write(attention(0))
    }
    this.#stopped = false
    this.#answering = this.#send(this.#server.answer(request, this.#socket))
  }

  async #send(answer: ReturnType<Answer>): Promise<void> {
    if (Buffer.isBuffer(answer)) return this.#write(answer)
    if (answer === undefined) {
      while (!this.#stopped && !this.#socket.destroyed) await new Promise(setImmediate)
      return this.#write(attention(0))
    }
    for (const part of answer) {
      if (this.#stopped || this.#socket.destroyed) break
      this.#server.sent++
      if (!this.#socket.write(packet(part, false)))
        await Promise.race([once(this.#socket, 'drain'), once(this.#socket, 'close')])
      // The client's wish to stop is only heard between two writes.
      await new Promise(setImmediate)
    }
    this.#write(attention(0))
  }

  #write(tokens: Buffer): void {
    if (!this.#socket.destroyed) this.#socket.write(packet(tokens, true))
  }
}
