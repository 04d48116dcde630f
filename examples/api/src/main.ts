import { randomBytes } from 'node:crypto'
import { serve } from '@hono/node-server'
import { gracefulShutdown } from 'kanta/infra'
import { createApp } from './app.ts'
import { openDatabase } from './database.ts'

// SQLite in a file next to the program, unless DATABASE_URL names a server.
const db = await openDatabase(process.env.DATABASE_URL ?? 'books.db')
const app = createApp(db, process.env.CURSOR_SECRET ?? randomBytes(32).toString('hex'))
const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3_000) }, ({ port }) => {
  console.log(`Books at http://localhost:${port}/books, who asks by the headers x-shop, x-user and x-role`)
})
gracefulShutdown(db, {
  signals: ['SIGTERM', 'SIGINT'],
  timeout: 10_000,
  intake: () => new Promise<void>((resolve) => server.close(() => resolve())),
})
