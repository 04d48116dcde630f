import { connect, createServer, type Socket } from 'node:net'

/** A proxy between a client and a server, which can lose data. */
export interface Proxy {
  readonly host: string
  readonly port: number
  /** Stops forwarding without closing connections, so that both ends wait. */
  freeze(): void
  /** Forwards the held data, and continues. */
  thaw(): void
  /** Accepts new connections but does not forward them. Existing ones continue. */
  stall(): void
  /** Cuts every connection after forwarding the next client data that contains `text`. */
  cutAfter(text: string): Promise<void>
  /** Cuts every connection now. */
  cut(): void
  /** Resets every connection now: the other side gets an error instead of an end. */
  reset(): void
  /** Holds back what both sides send by some milliseconds. */
  delay(milliseconds: number): void
  close(): Promise<void>
}

/** Starts a proxy on a free port of the loopback address. */
export function startProxy(target: { readonly host: string; readonly port: number }): Promise<Proxy> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let isFrozen = false
  let delayed = 0
  let cutter: { readonly text: string; readonly done: () => void } | undefined
  const stalled = new Set<Socket>()
  let isStalling = false
  const cut = (): void => {
    for (const socket of stalled) socket.destroy()
    stalled.clear()
    for (const pair of pairs) for (const socket of pair) socket.destroy()
    pairs.clear()
  }
  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (isStalling) {
      client.on('error', () => {})
      client.on('close', () => stalled.delete(client))
      stalled.add(client)
      return
    }
    const upstream = connect({ host: target.host, port: target.port, allowHalfOpen: true })
    const pair = [client, upstream] as const
    pairs.add(pair)
    for (const [from, to] of [pair, [upstream, client] as const]) {
      from.on('error', () => {})
      from.on('end', () => {
        if (!isFrozen) to.end()
        else waiting.push(() => to.end())
      })
      from.on('close', () => {
        to.destroy()
        pairs.delete(pair)
      })
      from.on('data', (bytes: Buffer) => {
        if (from === client && cutter !== undefined && bytes.includes(cutter.text)) {
          const { done } = cutter
          cutter = undefined
          // Cut the connection before the client can receive the answer.
          from.pause()
          upstream.removeAllListeners('data')
          upstream.write(bytes, () => {
            upstream.once('data', () => {
              cut()
              done()
            })
          })
          return
        }
        if (delayed > 0) setTimeout(() => to.write(bytes), delayed)
        else if (!isFrozen) to.write(bytes)
        else waiting.push(() => to.write(bytes))
      })
    }
  })
  const waiting: (() => void)[] = []
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (typeof address !== 'object' || address === null) return reject(new Error('The system gave no port.'))
      resolve({
        host: '127.0.0.1',
        port: address.port,
        freeze: () => {
          isFrozen = true
        },
        thaw: () => {
          isFrozen = false
          isStalling = false
          for (const write of waiting.splice(0)) write()
        },
        stall: () => {
          isStalling = true
        },
        cutAfter: (text) =>
          new Promise((done) => {
            cutter = { text, done }
          }),
        cut,
        reset: () => {
          for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy()
          pairs.clear()
        },
        delay: (milliseconds) => {
          delayed = milliseconds
        },
        close: () =>
          new Promise((done) => {
            cut()
            server.close(() => done())
          }),
      })
    })
  })
}
