// Tables that options of plugins list and the database does not have. Each line marked is one mistake.
import { audit } from '../../src/audit/index.ts'
import { cache, memoryStore } from '../../src/cache/index.ts'
import { type DatabaseOf, kanta } from '../../src/index.ts'
import {
  createExecutor,
  schemaPerTenant,
  softDelete,
  tenant,
  timestamps,
  ttl,
  version,
} from '../../src/plugins/index.ts'
import { createORM } from '../../src/repository/index.ts'
import { fullText, vector } from '../../src/search/index.ts'
import { timeTravel } from '../../src/time-travel/index.ts'
import { db, type person, type pet, type region } from './world.ts'

declare const sdb: DatabaseOf<{ person: typeof person; pet: typeof pet; region: typeof region }>
declare const options: { readonly driver: never; readonly schema: { readonly pet: typeof pet } }
declare const listed: string[]

export async function misspelt() {
  // @ts-expect-error a misspelt table
  await createExecutor(db, [softDelete({ tables: ['city', 'vsit'] })])
  // @ts-expect-error a misspelt table of a schema
  await createExecutor(sdb, [softDelete({ tables: ['pets'] })])
  // @ts-expect-error a misspelt table after a right plugin
  await createExecutor(db, [timestamps(), tenant({ column: 'owner', tables: ['city', 'vsit'] })])
  // @ts-expect-error a misspelt shared table
  await createExecutor(db, [tenant({ column: 'owner', tables: ['city'], shared: ['contry'] })])
  // @ts-expect-error a misspelt table
  db.withPlugins([timestamps({ tables: ['vsit'] })])
  // @ts-expect-error a misspelt table
  db.withPlugins([version({ tables: ['vsit'] })])
  // @ts-expect-error a misspelt table
  db.withPlugins([ttl({ tables: { vsit: { column: 'at' } } })])
  // @ts-expect-error a misspelt table
  db.withPlugins([schemaPerTenant({ shared: ['contry'] })])
  // @ts-expect-error a misspelt table
  db.withPlugins([audit({ tables: ['vsit'] })])
  // @ts-expect-error a misspelt table
  db.withPlugins([cache({ store: memoryStore(), ttl: 1, tables: ['vsit'] })])
  // @ts-expect-error a misspelt table
  db.withPlugins([fullText({ vsit: { columns: ['note'] } })])
  // @ts-expect-error a misspelt table
  db.withPlugins([vector({ vsit: { column: 'note', dimensions: 3 } })])
  // @ts-expect-error a misspelt table
  db.withPlugins([timeTravel({ tables: ['vsit'] })])
  // @ts-expect-error a misspelt table
  await createORM(db, [softDelete({ tables: ['vsit'] })])
  // @ts-expect-error a misspelt table
  kanta({ ...options, plugins: [softDelete({ tables: ['pets'] })] })
}

export async function right() {
  const db1 = await createExecutor(db, [timestamps(), softDelete({ tables: ['city', 'visit'] })])
  db1.restore('city')
  // A schema may be left out or added, and camelCase() has names of the database besides those of the program.
  db.withPlugins([softDelete({ tables: ['region'] }), version({ tables: ['geo.region', 'main.city'] })])
  db.withPlugins([timestamps({ tables: ['City'] }), tenant({ column: 'owner', tables: listed })])
  sdb.withPlugins([softDelete({ tables: ['pet'] }), softDelete()]).restore('pet')
  kanta({ ...options, plugins: [softDelete({ tables: ['pet'] })] }).restore('pet')
  kanta({ driver: options.driver }).withPlugins([softDelete({ tables: ['anything'] })])
}
