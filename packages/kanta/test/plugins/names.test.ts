import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sql, table } from '../../src/index.ts'
import { camelCase, softDelete, tenant, timestamps, version } from '../../src/plugins/index.ts'
import { policies, rls } from '../../src/rls/index.ts'
import { type Any, engines, openOn } from '../tenant/ground.ts'
import { withoutSchema } from '../without-schema.ts'

const staffMember = table('staffMember', (c) => ({
  id: c.integer().primaryKey(),
  fullName: c.varchar(80),
  monthlySalary: c.integer(),
}))

const TABLES = [
  'create table staff_member (id int primary key, full_name varchar(80), monthly_salary int)',
  "insert into staff_member values (1, 'Aino', 777)",
  'create table post (id int primary key, tenant_id int not null, title varchar(80), row_version int, deleted_at varchar(30), created_at varchar(30), updated_at varchar(30))',
  "insert into post (id, tenant_id, title, row_version) values (1, 1, 'one', 1), (2, 2, 'two', 1)",
]
const order = { 'names last': (a: Any, b: Any) => [...b, a], 'names first': (a: Any, b: Any) => [a, ...b] }

describe.each(engines)('names in camel case on $name', (engine) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let opened: Awaited<ReturnType<typeof openOn>>
  let base: Any
  beforeAll(async () => {
    opened = await openOn(engine, TABLES, { schema: { staffMember } })
    base = opened.base
  })
  afterAll(() => opened?.close())

  describe.each(Object.entries(order))('%s', (_, inOrder) => {
    const changes: readonly object[] = [
      ...['tenantId', 'TenantId', 'tenant_id', 'TENANT_ID', 'tenant_Id'].map((name) => ({ [name]: 2 })),
      ...['rowVersion', 'row_version', 'RowVersion'].map((name) => ({ [name]: 9 })),
      ...['deletedAt', 'deleted_at', 'createdAt', 'created_at', 'updatedAt', 'UpdatedAt'].map((name) => ({
        [name]: '2026-01-01',
      })),
    ]
    const scoped = (column: (name: string) => string): Any =>
      withoutSchema(base)
        .withPlugins(
          inOrder(camelCase(), [
            tenant({ column: column('tenant_id'), tables: ['post'] }),
            version({ column: column('row_version'), tables: ['post'] }),
            softDelete({ column: column('deleted_at'), tables: ['post'] }),
            timestamps({ created: column('created_at'), updated: column('updated_at'), tables: ['post'] }),
          ]),
        )
        .as({ tenant: 1 })
    const camel = (name: string): string => name.replace(/_(.)/g, (_all, letter: string) => letter.toUpperCase())

    test.each([
      ['of the database', (name: string) => name],
      ['of the program', camel],
    ])('what a policy writes nobody else sets, whichever its name, with options %s', async (_name, column) => {
      const db = scoped(column)
      for (const change of changes)
        await expect(db.updateTable('post').set(change).execute(), JSON.stringify(change)).rejects.toMatchObject({
          code: 'policy',
        })
      const rows = await base.selectFrom('post').select(['tenant_id', 'deleted_at']).orderBy('id').execute()
      expect(rows).toEqual([
        { tenant_id: 1, deleted_at: null },
        { tenant_id: 2, deleted_at: null },
      ])
      expect(await db.updateTable('post').set({ title: 'One' }).executeTakeFirst()).toEqual({ numUpdatedRows: 1n })
    })

    const ways: Readonly<Record<string, (db: Any) => Any>> = {
      'its name in the program': (db) => db.selectFrom('staffMember').select('monthlySalary'),
      'its name in the database': (db) => db.selectFrom('staffMember').select('monthly_salary'),
      'another spelling': (db) => db.selectFrom('staffMember').select('MonthlySalary'),
      'a table by its other name': (db) => db.selectFrom('staff_member').select('monthly_salary'),
      'an alias': (db) => db.selectFrom('staffMember as theOne').select('theOne.monthly_salary'),
      'an alias by its other name': (db) => db.selectFrom('staffMember as theOne').select('the_one.monthlySalary'),
      'the star of an alias': (db) => db.selectFrom('staffMember as theOne').selectAll('the_one'),
      text: (db) => db.selectFrom('staffMember').select(sql`monthly_salary`.as('x')),
      'a reference in text': (db) => db.selectFrom('staffMember').select(sql`${sql.ref('monthly_salary')}`.as('x')),
      'an order': (db) => db.selectFrom('staffMember').select('id').orderBy('monthly_salary'),
      'a table expression': (db) =>
        db
          .with('x', (q: Any) => q.selectFrom('staffMember').select('monthly_salary'))
          .selectFrom('x')
          .selectAll(),
      'a query inside': (db) =>
        db
          .selectFrom('staffMember as theOuter')
          .select((eb: Any) => eb.selectFrom('staffMember as own').select('the_outer.monthly_salary').limit(1).as('s')),
      'an update': (db) => db.updateTable('staffMember').set({ monthly_salary: 1 }),
      'an insert': (db) => db.insertInto('staffMember').values({ id: 3, monthly_salary: 1 }),
    }
    test.each(Object.entries(ways))('a column that may not be used is not, by %s', async (_way, query) => {
      const rules = policies<Any>({
        staffMember: ({ allow, columns }: Any) => [
          allow('all'),
          columns({ monthlySalary: { read: ['boss'], write: ['boss'] } }),
        ],
      } as Any)
      const db = base.withPlugins(inOrder(camelCase(), [rls(rules)])).as({ roles: ['clerk'] })
      await expect(query(db).execute()).rejects.toMatchObject({ code: 'policy' })
      expect(await db.selectFrom('staffMember').select(['id', 'full_name']).execute()).toEqual([
        { id: 1, fullName: 'Aino' },
      ])
    })
  })
})
