// What must not compile. Each line marked is one mistake.
import { eq } from '../../src/filter/index.ts'
import { repository } from '../../src/repository/index.ts'
import { novel, novels, shelf } from './repository.accepts.ts'
import { person } from './world.ts'

export async function read() {
  // @ts-expect-error a table of another database
  repository(shelf, person)
  // @ts-expect-error a column of the key that the table lacks
  await novels.getById({ nr: 1 })
  // @ts-expect-error undefined as a key
  await novels.getById(undefined)
  // @ts-expect-error an unknown column in a filter
  await novels.findAll(eq('titel', 'x'))
  // @ts-expect-error data are no filter
  await novels.findAll({ title: 'x' })
  // @ts-expect-error an unknown relation
  await novels.getById(1, { include: { authors: true } })
  // @ts-expect-error an unknown column of a relation
  await novels.getById(1, { include: { writer: (rows) => rows.select('nam') } })
  // @ts-expect-error an unknown column in an order
  await novels.findAll(undefined, { sort: [{ column: 'titel' }] })
  // @ts-expect-error what was not included
  return (await novels.getById(1))?.writer
}

export async function written() {
  // @ts-expect-error a column that is missing
  await novels.create({ title: 'x' })
  // @ts-expect-error an unknown column
  await novels.create({ title: 'x', writer_id: 1, nonsense: 1 })
  // @ts-expect-error a value of another type
  await novels.create({ title: 5, writer_id: 1 })
  // @ts-expect-error an unknown verb
  await novels.create({ title: 'x', writer: { connekt: 1 } })
  // @ts-expect-error an unknown column of a relation
  await novels.create({ title: 'x', writer: { create: { nam: 'x' } } })
  // @ts-expect-error a list for a relation to one row
  await novels.create({ title: 'x', writer: { connect: [1] } })
  // @ts-expect-error a new row has nothing to disconnect
  await novels.create({ title: 'x', writer_id: 1, editor: { disconnect: true } })
  // @ts-expect-error an unknown column
  await novels.update(1, { titel: 'x' })
  // @ts-expect-error an empty filter
  await novels.deleteMany()
  // @ts-expect-error an unknown column
  await novels.increment(1, 'nonsense')
  // @ts-expect-error no plugin adds it here
  await novels.restore(1)
  // @ts-expect-error an unknown option
  repository(shelf, novel, { hoks: [] })
}
