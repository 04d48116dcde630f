import type { Client } from 'pg'

interface Cancelling {
  connect(port: number | string, host?: string): void
  requestSsl(): void
  cancel(processId: number, secretKey: number): void
  end(): void
  once(event: 'connect' | 'sslconnect' | 'end', listener: () => void): unknown
  once(event: 'error', listener: (error: unknown) => void): unknown
}

/**
 * Cancels the running statement of a client by a cancel request of the protocol, which needs neither a free connection
 * nor a password. The server answers by closing the socket.
 *
 * See "Canceling Requests in Progress" in PostgreSQL's documentation.
 */
export async function requestCancel(client: Client): Promise<void> {
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number }
  const library = (await import('pg')).default
  const { Connection } = library as unknown as { Connection: new (config: { ssl: unknown }) => Cancelling }
  const wire = new Connection({ ssl: client.ssl })
  return new Promise((resolve, reject) => {
    wire.once('end', resolve)
    wire.once('error', reject)
    wire.once('connect', () => (client.ssl ? wire.requestSsl() : wire.cancel(processID, secretKey)))
    wire.once('sslconnect', () => wire.cancel(processID, secretKey))
    if (client.host.startsWith('/')) wire.connect(`${client.host}/.s.PGSQL.${client.port}`)
    else wire.connect(client.port, client.host)
  })
}
