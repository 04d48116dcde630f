// Repositories: what goes in, what comes out, and what plugins add.
import { and, eq, gt, inc, set } from '../../src/filter/index.ts'
import { kanta, table } from '../../src/index.ts'
import { softDelete } from '../../src/plugins/index.ts'
import { many, one, relations } from '../../src/relations/index.ts'
import { repository, type StandardSchema } from '../../src/repository/index.ts'
import { equal } from './world.ts'

export const writer = table('writer', (c) => ({ id: c.integer().primaryKey(), name: c.text() }))
export const novel = table('novel', (c) => ({
  id: c.integer().primaryKey(),
  writer_id: c.integer().references(() => writer.id),
  editor_id: c
    .integer()
    .nullable()
    .references(() => writer.id),
  title: c.text(),
}))
const related = relations({
  writer: { novels: many(novel, novel.writer_id) },
  novel: { writer: one(writer, novel.writer_id), editor: one(writer, novel.editor_id) },
})
export const shelf = kanta({ driver: null as never, schema: { writer, novel, related } })
export const novels = repository(shelf, novel)
interface Novel {
  id: number
  writer_id: number
  editor_id: number | null
  title: string
}

export async function read() {
  const one = await novels.getById(1)
  const title: string | undefined = one?.title
  const rows = await novels.findAll(and(eq('title', 'x'), gt('id', 5)), {
    include: { writer: true, editor: (rows) => rows.select('name') },
    sort: [{ column: 'title', direction: 'desc' }],
  })
  const [first] = rows
  equal<NonNullable<typeof first>['editor'], { name: string } | null>(true)
  const name: string | undefined = first?.writer.name
  const byKey = await novels.getByIds([1, 2])
  const found: Novel | undefined = byKey.get(1)
  const titles = await novels.distinct('title')
  equal<typeof titles, string[]>(true)
  return [title, name, found]
}

export async function written() {
  const made = await novels.create({ title: 'x', writer_id: 1 })
  const row: Novel = made
  await novels.create({ title: 'x', writer: { create: { name: 'y', novels: { create: [{ title: 'z' }] } } } })
  await novels.create({ title: 'x', writer: { connect: { id: 1 } }, editor: { connect: 2 } })
  await novels.update(1, { title: 'y', editor: { disconnect: true } })
  await novels.update(1, inc({ writer_id: 1 }))
  await novels.updateMany(eq('id', 1), set({ title: 'x' }))
  await repository(shelf, writer).update(1, {
    novels: { set: [1, { id: 2 }], update: { where: 1, data: { title: 'x' } } },
  })
  const { created, row: got } = await novels.getOrCreate({ id: 1 }, { title: 'x', writer_id: 1 })
  return [row, created, got.title]
}

export async function withinTransactions(schema: StandardSchema<{ title: string }>) {
  const checked = repository(shelf, novel, { validate: { create: schema } })
  await checked.withTransaction(async (inner, trx) => {
    await inner.create({ title: 'x', writer_id: 1 })
    await trx.selectFrom('novel').selectAll().execute()
  })
  return shelf.transaction().execute((trx) => repository(trx, novel).count())
}

export async function softly() {
  const soft = repository(shelf.withPlugins([softDelete({ tables: ['novel'] })]), novel)
  const restored: Novel | null = await soft.restore(1)
  return restored
}
