import { gzipSync } from 'node:zlib'
import { type BuildFailure, build } from 'esbuild'
import { failed, type Report } from '../harness.ts'

export const about = 'size of library and SQLite driver, bundled, minified, gzipped'

const entries = {
  kysely: `export { Kysely, SqliteDialect } from 'kysely'`,
  drizzle: `export { drizzle } from 'drizzle-orm/better-sqlite3'
    export { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
    export { eq } from 'drizzle-orm'`,
  kanta: `export { kanta } from 'kanta'; export { sqlite } from 'kanta/sqlite'`,
  'kanta, better-sqlite3': `export { kanta } from 'kanta'; export { betterSqlite3 } from 'kanta/better-sqlite3'`,
  'kanta with table and sql': `export { kanta, sql, table } from 'kanta'; export { sqlite } from 'kanta/sqlite'`,
}

const kantaAlone = entries.kanta
/** What each of these adds to Kanta with the driver for SQLite. */
const additions = {
  camelCase: 'kanta/plugins',
  softDelete: 'kanta/plugins',
  version: 'kanta/plugins',
  timestamps: 'kanta/plugins',
  tenant: 'kanta/plugins',
  schemaPerTenant: 'kanta/plugins',
  ttl: 'kanta/plugins',
  rls: 'kanta/rls',
  audit: 'kanta/audit',
  timeTravel: 'kanta/time-travel',
  cache: 'kanta/cache',
  fullText: 'kanta/search',
  vector: 'kanta/search',
  store: 'kanta/store',
  createSqliteStore: 'kanta/store',
  problemOf: 'kanta/problem',
  relations: 'kanta/relations',
  whereOf: 'kanta/filter',
  matches: 'kanta/filter',
  parseFilter: 'kanta/filter',
  parseUrl: 'kanta/filter',
  repository: 'kanta/repository',
  paginate: 'kanta/page',
  paginateCursor: 'kanta/page',
  parallel: 'kanta/dal',
  batched: 'kanta/dal',
  batch: 'kanta/dal',
  createTransactionalQuery: 'kanta/dal',
  pipe: 'kanta/pipe',
  queryLog: 'kanta/debug',
  profiler: 'kanta/debug',
  nPlusOne: 'kanta/debug',
  otel: 'kanta/otel',
  commit: 'kanta/commit',
  health: 'kanta/infra',
  retry: 'kanta/infra',
  breaker: 'kanta/infra',
  bulkhead: 'kanta/infra',
  gracefulShutdown: 'kanta/infra',
}

export async function* run(): AsyncIterable<Report> {
  const targets = [
    { of: 'kanta', max: 24_000 },
    { of: 'kanta', to: 'kysely' },
  ]
  const report: Report = { title: 'size, minified and gzipped', unit: 'bytes', values: {}, targets, notes: [] }
  for (const [name, contents] of Object.entries(entries)) await weigh(report, name, contents)
  yield report
  const added: Report = { title: 'what a plugin adds to kanta', unit: 'bytes', values: {}, targets: [], notes: [] }
  for (const [name, entry] of Object.entries(additions))
    await weigh(added, `${name} of ${entry}`, `${kantaAlone}; export { ${name} } from '${entry}'`)
  const steps = ['pipe', 'from', 'where', 'select', 'orderBy', 'limit'].join(', ')
  await weigh(added, 'a pipe of five steps', `${kantaAlone}; export { ${steps} } from 'kanta/pipe'`)
  const several = ['softDelete', 'tenant', 'timestamps', 'createExecutor'].join(', ')
  await weigh(added, 'soft delete, tenant, timestamps', `${kantaAlone}; export { ${several} } from 'kanta/plugins'`)
  const alone = report.values.kanta?.[0] ?? 0
  for (const [name, [bytes]] of Object.entries(added.values)) added.values[name] = [bytes! - alone]
  yield added
}

async function weigh(report: Report, name: string, contents: string): Promise<void> {
  try {
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: import.meta.dirname },
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'es2023',
      external: ['better-sqlite3', 'cockatiel', 'sql-formatter', '@opentelemetry/api'],
      logLevel: 'silent',
    })
    report.values[name] = [gzipSync(outputFiles[0]!.contents, { level: 9 }).length]
  } catch (error) {
    const [first] = (error as BuildFailure).errors ?? []
    const code = first?.text.startsWith('Could not resolve') ? 'ERR_MODULE_NOT_FOUND' : undefined
    report.notes.push(failed(name, first ? { code, message: first.text } : error))
  }
}
