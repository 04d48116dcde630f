import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { report } from 'kanta/debug'
import { avg, count, crudSchemas, eq, parseUrl } from 'kanta/filter'
import { health } from 'kanta/infra'
import { repository } from 'kanta/repository'
import type { Db } from './database.ts'
import { BookChange, NewBook, NewReview, StatusChange } from './input.ts'
import { answerTo, bodyOf, problem } from './problem.ts'
import { book, review, tag } from './schema.ts'

/** The filters, orders and limits that a URL may ask of books. */
const ASKED = {
  filter: { price: ['gt', 'gte', 'lt', 'lte'], title: ['eq', 'contains', 'startsWith'], status: ['eq', 'in'] },
  sort: ['price', 'title', 'created_at', 'id'],
  maxLimit: 100,
} as const

/** The states to which each state of a book may lead. */
const MACHINE = { draft: ['published'], published: ['sold_out', 'draft'], sold_out: ['published'] }

const openApi = crudSchemas(book, { ...ASKED, omit: ['shop_id', 'version', 'created_at', 'updated_at', 'deleted_at'] })

type Handle = ReturnType<Db['as']>
type Variables = { db: Handle; subject: string }

/** Makes the service. `secret` signs cursors. */
export function createApp(db: Db, secret: string): Hono<{ Variables: Variables }> {
  const app = new Hono<{ Variables: Variables }>()
  app.onError((error, c) => answerTo(error, c))
  app.notFound((c) => problem(c, 404, 'There is nothing here'))
  app.use(bodyLimit({ maxSize: 100_000, onError: (c) => problem(c, 413, 'The body is too long') }))

  app.get('/health', async (c) => {
    const { status, body, error } = await health(db)
    if (error !== undefined) console.error(error)
    return c.json(body, status as 200)
  })
  app.get('/openapi.json', (c) => c.json(openApi.openApi))

  // In a real service this is a token that was checked. Here the headers say who asks.
  app.use('/books/*', async (c, next) => {
    const [shop, user] = ['x-shop', 'x-user'].map((name) => idOf(c.req.header(name) ?? ''))
    if (typeof shop !== 'number' || typeof user !== 'number')
      return problem(c, 401, 'Say who you are by the headers x-shop and x-user')
    const roles = c.req.header('x-role') === 'staff' ? ['staff'] : []
    c.set('db', db.as({ shop, user, roles }))
    c.set('subject', `${shop}/${user}`)
    return next()
  })

  // A page by its number with the total, or by a cursor with ?after=
  app.get('/books', async (c) => {
    const url = new URL(c.req.url)
    const asked = parseUrl(url.searchParams, { table: book, ...ASKED })
    const books = repository(c.get('db'), book)
    const include = { author: true, tags: true } as const
    const byCursor = asked.page === undefined && { method: 'cursor' as const, secret, subject: c.get('subject') }
    return c.json(await books.getAll({ ...asked, include, ...byCursor }))
  })

  app.get('/books/statistics', async (c) => {
    const books = repository(c.get('db').bulkhead('report'), book)
    const { rows } = await books.aggregate({
      groupBy: 'status',
      dateBuckets: { month: { field: 'created_at', interval: 'month' } },
      measures: { books: count(), price: avg('price') },
      sort: [{ column: 'month' }, { column: 'status' }],
    })
    return c.json({ rows })
  })

  app.get('/books/report', (c) =>
    c.get('db') && c.req.header('x-role') === 'staff' ? c.text(report(db)) : problem(c, 403, 'Only for staff'),
  )

  app.get('/books/:id', async (c) => {
    const books = repository(c.get('db'), book)
    const found = await books.getById(idOf(c.req.param('id')), {
      include: { author: true, tags: true, reviews: (reviews) => reviews.orderBy('id', 'desc').limit(10) },
    })
    return found === null ? problem(c, 404, 'There is no such book') : c.json(found)
  })

  app.post('/books', async (c) => {
    const body = await bodyOf(c, NewBook)
    if (body instanceof Response) return body
    const { author, tags, ...columns } = body
    const made = await repository(c.get('db'), book).create({
      ...columns,
      author: 'id' in author ? { connect: author.id } : { connectOrCreate: author },
      tags: { connectOrCreate: tags.map((name) => ({ name })) },
    })
    return c.json(made, 201, { location: `/books/${made.id}` })
  })

  // If-Match: "3" refuses the change of a book that somebody has changed since.
  app.patch('/books/:id', async (c) => {
    const body = await bodyOf(c, BookChange)
    if (body instanceof Response) return body
    const { tags, ...columns } = body
    const id = idOf(c.req.param('id'))
    const changed = await repository(c.get('db'), book).withTransaction(async (books, trx) => {
      const keys = tags === undefined ? undefined : await keysOfTags(trx, tags)
      const changes = { ...columns, ...(keys !== undefined && { tags: { set: keys } }) }
      return books.update(id, changes, versionOf(c.req.header('if-match')))
    })
    return changed === null ? problem(c, 404, 'There is no such book') : c.json(changed)
  })

  app.post('/books/:id/status', async (c) => {
    const body = await bodyOf(c, StatusChange)
    if (body instanceof Response) return body
    const books = repository(c.get('db'), book)
    const id = idOf(c.req.param('id'))
    const from = Object.entries(MACHINE).flatMap(([state, next]) => (next.includes(body.to) ? [state] : []))
    return c.json(await books.applyTransition(id, { machine: MACHINE, from, to: body.to }))
  })

  app.delete('/books/:id', async (c) => {
    const gone = await repository(c.get('db'), book).delete(idOf(c.req.param('id')))
    return gone === null ? problem(c, 404, 'There is no such book') : c.body(null, 204)
  })

  app.post('/books/:id/restore', async (c) => {
    const back = await repository(c.get('db'), book).restore(idOf(c.req.param('id')))
    return back === null ? problem(c, 404, 'No such book was deleted') : c.json(back)
  })

  app.post('/books/:id/reviews', async (c) => {
    const body = await bodyOf(c, NewReview)
    if (body instanceof Response) return body
    const db = c.get('db')
    const id = idOf(c.req.param('id'))
    if (!(await repository(db, book).exists(eq('id', id)))) return problem(c, 404, 'There is no such book')
    const user_id = Number(c.req.header('x-user'))
    return c.json(await repository(db, review).create({ ...body, book_id: id, user_id }), 201)
  })

  app.delete('/books/:id/reviews/:review', async (c) => {
    const reviews = repository(c.get('db'), review)
    const gone = await reviews.deleteMany(eq('id', idOf(c.req.param('review'))))
    return gone === 0 ? problem(c, 404, 'There is no such review of yours') : c.body(null, 204)
  })
  return app
}

/** The key in a path. What is no whole number is refused by the repository, which names it. */
const idOf = (text: string): number => (/^\d{1,15}$/.test(text) ? Number(text) : (text as never))

const versionOf = (header: string | undefined): { readonly ifVersion?: number } => {
  const [, digits] = /^"?(\d{1,15})"?$/.exec(header ?? '') ?? []
  return digits === undefined ? {} : { ifVersion: Number(digits) }
}

/** The keys of tags by their names; those that there are not are made. */
async function keysOfTags(db: Handle, names: readonly string[]): Promise<number[]> {
  const tags = repository(db, tag)
  const found: number[] = []
  for (const name of names) found.push((await tags.getOrCreate({ name }, { name })).row.id)
  return found
}
