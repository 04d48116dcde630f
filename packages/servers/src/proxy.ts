import { connect, createServer, type Socket } from 'node:net'

/** What stands between a client and a server, and can lose what it passes on. */
export interface Proxy {
  readonly host: string
  readonly port: number
  /** Passes nothing on any more, and says so to nobody: both ends wait. */
  freeze(): void
  /** Passes on what waits, and goes on. */
  thaw(): void
  /** Takes new connections, and passes nothing of them on; those that are there go on. */
  stall(): void
  /** Cuts every connection, once what the client sends next that holds `text` has been passed on to the server. */
  cutAfter(text: string): Promise<void>
  /** Cuts every connection now. */
  cut(): void
  close(): Promise<void>
}

/** Starts a proxy on a free port of the loopback address. */
export function startProxy(target: { readonly host: string; readonly port: number }): Promise<Proxy> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let isFrozen = false
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
          // The answer never comes: it is cut off before the server can have given it.
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
        if (!isFrozen) to.write(bytes)
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
        close: () =>
          new Promise((done) => {
            cut()
            server.close(() => done())
          }),
      })
    })
  })
}
