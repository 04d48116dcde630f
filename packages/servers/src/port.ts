import { createServer, type Server } from 'node:net'

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

function hold(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(server))
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
