import { createServer, type Server } from 'node:net'

/**
 * The ports to choose from. Connections get their own ports above these, so that none takes one that was found free and
 * is not used yet.
 */
const FIRST = 10_000
const COUNT = 20_000

/** Returns a free port of the loopback address. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1)
  return port!
}

/** Returns free ports of the loopback address. */
export async function freePorts(count: number): Promise<number[]> {
  // Hold each port until the last one is found, so that they differ.
  const holders = await Promise.all(Array.from({ length: count }, hold))
  return Promise.all(holders.map(release))
}

async function hold(): Promise<Server> {
  for (;;) {
    const server = await listen(FIRST + Math.floor(Math.random() * COUNT))
    if (server !== undefined) return server
  }
}

/** Listens on a port; `undefined` if another has it. */
function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(undefined) : reject(error),
    )
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

function release(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    const address = server.address()
    server.close(() => {
      if (typeof address === 'object' && address !== null) resolve(address.port)
      else reject(new Error('The system gave no port.'))
    })
  })
}
