import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { factory, generate, sandbox } from 'kanta/testing'
import { findPostgres, startPostgres } from 'kanta-servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../src/app.ts'
import { type Db, openDatabase } from '../src/database.ts'
import { author, book } from '../src/schema.ts'

type Json = any

const engines = [
  { name: 'SQLite', open: async () => ({ url: undefined, stop: async () => {} }) },
  {
    name: 'PostgreSQL',
    open: async () => {
      const server = await startPostgres()
      const { host, port, user, database } = server
      return { url: `postgres://${user}@${host}:${port}/${database}`, stop: () => server.stop() }
    },
  },
]

describe.each(engines)('the service on $name', ({ name, open }) => {
  if (name === 'PostgreSQL' && findPostgres() === undefined) {
    test.skip('left out: PostgreSQL is not installed. It comes with npm install on Linux and macOS.', () => {})
    return
  }
  let place: { readonly url: string | undefined; readonly stop: () => Promise<unknown> }
  let db: Db
  let base: string
  let server: ReturnType<typeof serve>
  beforeAll(async () => {
    place = await open()
    db = await openDatabase(place.url)
    const app = createApp(db, 'a secret of thirty-two characters')
    base = await new Promise((resolve) => {
      server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, (at: AddressInfo) =>
        resolve(`http://127.0.0.1:${at.port}`),
      )
    })
  })
  afterAll(async () => {
    await new Promise((resolve) => server?.close(resolve))
    await db?.destroy()
    await place?.stop()
  })

  const as =
    (shop: number, user: number, role = '') =>
    async (path: string, method = 'GET', body?: unknown, headers: Record<string, string> = {}) => {
      const answer = await fetch(base + path, {
        method,
        headers: {
          ...{ 'x-shop': String(shop), 'x-user': String(user), 'x-role': role, 'content-type': 'application/json' },
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await answer.text()
      const isJson = answer.headers.get('content-type')?.includes('json') === true
      return { status: answer.status, headers: answer.headers, body: (isJson ? JSON.parse(text) : text) as Json }
    }
  const staff = as(1, 1, 'staff')
  const reader = as(1, 2)
  const other = as(2, 1, 'staff')

  test('a book is created with its author and tags, read, changed, deleted and restored', async () => {
    const made = await staff('/books', 'POST', {
      ...{ title: 'Kalevala', price: '12.50', author: { name: 'Elias Lönnrot' }, tags: ['epic', 'poem'] },
    })
    expect([made.status, made.body.version]).toEqual([201, 1])
    const at = made.headers.get('location')!
    const second = await staff('/books', 'POST', {
      ...{ title: 'Kanteletar', price: '9', author: { name: 'Elias Lönnrot' }, tags: ['poem'] },
    })
    expect(second.body.author_id).toBe(made.body.author_id)
    const read = await reader(at)
    expect(read.body).toMatchObject({
      title: 'Kalevala',
      price: '12.50',
      author: { name: 'Elias Lönnrot' },
      reviews: [],
    })
    expect(read.body.tags.map((tag: Json) => tag.name).sort()).toEqual(['epic', 'poem'])

    const changed = await staff(at, 'PATCH', { price: '15.00', tags: ['poem', 'old'] }, { 'if-match': '"1"' })
    expect([changed.status, changed.body.version, changed.body.price]).toEqual([200, 2, '15.00'])
    expect((await staff(at, 'PATCH', { price: '1.00' }, { 'if-match': '"1"' })).status).toBe(409)
    expect((await reader(at)).body.tags.map((tag: Json) => tag.name).sort()).toEqual(['old', 'poem'])

    expect((await staff(`${at}/status`, 'POST', { to: 'sold_out' })).status).toBe(409)
    expect((await staff(`${at}/status`, 'POST', { to: 'published' })).body.status).toBe('published')
    expect((await staff(at, 'DELETE')).status).toBe(204)
    expect((await reader(at)).status).toBe(404)
    expect((await staff(`${at}/restore`, 'POST')).body.title).toBe('Kalevala')
    expect((await reader(at)).status).toBe(200)
  })

  test('pages by number and by cursor, with filters and an order of the URL', async () => {
    for (let i = 0; i < 25; i++)
      await as(3, 1, 'staff')('/books', 'POST', { title: `Book ${i}`, price: `${i}.00`, author: { name: 'A' } })
    const shop = as(3, 9)
    const page = await shop('/books?page=2&limit=10&sort=-price&price[gte]=5')
    expect(page.body).toMatchObject({ method: 'offset', page: 2, total: 20, pages: 2, hasNext: false })
    expect(page.body.data.map((row: Json) => row.price)[0]).toBe('14.00')
    expect(page.body.data[0].author.name).toBe('A')
    const walked: string[] = []
    let after: string | undefined
    do {
      const next: Json = (await shop(`/books?limit=7&sort=price${after === undefined ? '' : `&after=${after}`}`)).body
      walked.push(...next.data.map((row: Json) => row.price))
      after = next.next ?? undefined
    } while (after !== undefined)
    expect(walked).toEqual(Array.from({ length: 25 }, (_, i) => `${i}.00`))
    const statistics = await shop('/books/statistics')
    expect(statistics.body.rows).toEqual([expect.objectContaining({ status: 'draft', books: 25 })])
  })

  test('shops do not see each other', async () => {
    const own = await staff('/books', 'POST', { title: 'Mine', price: '1.00', author: { name: 'X' } })
    const at = own.headers.get('location')!
    expect((await other(at)).status).toBe(404)
    expect((await other(at, 'PATCH', { price: '0.01' })).status).toBe(404)
    expect((await other(at, 'DELETE')).status).toBe(404)
    expect((await other(`${at}/reviews`, 'POST', { stars: 1, text: 'bad' })).status).toBe(404)
    const stolen = await other('/books', 'POST', { title: 'T', price: '1.00', author: { id: own.body.author_id } })
    expect(stolen.status).toBe(404)
    expect((await other('/books')).body.data).toEqual([])
    const same = await other('/books', 'POST', { title: 'T', price: '1.00', author: { name: 'X' } })
    expect(same.body.author_id).not.toBe(own.body.author_id)
    const forged = await staff('/books', 'POST', { title: 'T', price: '1.00', author: { name: 'X' }, shop_id: 2 })
    expect(forged.status).toBe(422)
  })

  test('readers write reviews of their own, and nothing else', async () => {
    const { headers } = await staff('/books', 'POST', { title: 'Read me', price: '1.00', author: { name: 'X' } })
    const at = headers.get('location')!
    expect((await reader('/books', 'POST', { title: 'T', price: '1.00', author: { name: 'Y' } })).status).toBe(403)
    expect((await reader(at, 'DELETE')).status).toBe(404)
    const review = await reader(`${at}/reviews`, 'POST', { stars: 5, text: 'good' })
    expect([review.status, review.body.user_id]).toEqual([201, 2])
    expect((await as(1, 3)(`${at}/reviews/${review.body.id}`, 'DELETE')).status).toBe(404)
    expect((await reader(`${at}/reviews/${review.body.id}`, 'DELETE')).status).toBe(204)
    expect((await reader('/books/report')).status).toBe(403)
    expect((await staff('/books/report')).body).toContain('select')
  })

  test('health and the document of the interface', async () => {
    const health = await fetch(`${base}/health`)
    expect([health.status, ((await health.json()) as Json).status]).toEqual([200, 'healthy'])
    const openApi: Json = await (await fetch(`${base}/openapi.json`)).json()
    expect(Object.keys(openApi.components.schemas)).not.toEqual([])
  })

  test('what is wrong is a problem of the client that says what, and never an error of the server', async () => {
    const first: Json = (await as(3, 9)('/books?limit=1')).body
    const attacks: [string, string, unknown?, Record<string, string>?][] = [
      ['/books?price[gt]=abc', 'GET'],
      ['/books?price[$gt]=1', 'GET'],
      ['/books?deleted_at[gt]=2020-01-01', 'GET'],
      ['/books?shop_id=2', 'GET'],
      ['/books?__proto__[x]=1', 'GET'],
      ['/books?constructor=1', 'GET'],
      ['/books?sort=__proto__', 'GET'],
      ['/books?limit=-1', 'GET'],
      ['/books?limit=1e9', 'GET'],
      ['/books?page=0', 'GET'],
      ['/books?page=1&after=x', 'GET'],
      ['/books?after=forged', 'GET'],
      [`/books?after=${first.next.slice(0, -3)}`, 'GET'],
      [`/books?after=${first.next}&sort=-price`, 'GET'],
      [`/books?filter=${encodeURIComponent('{"op":"raw","sql":"1=1"}')}`, 'GET'],
      [`/books?filter=${encodeURIComponent('['.repeat(3000))}`, 'GET'],
      [`/books?title=${'x'.repeat(10_000)}`, 'GET'],
      ["/books/1'%20or%201=1", 'GET'],
      ['/books/99999999999999999999', 'GET'],
      ['/books/1e3', 'DELETE'],
      ['/books', 'POST', '{'],
      ['/books', 'POST', 'null'],
      ['/books', 'POST', '[]'],
      ['/books', 'POST', { title: '', price: '1.00', author: { name: 'X' } }],
      ['/books', 'POST', { title: 'T', price: '-1', author: { name: 'X' } }],
      ['/books', 'POST', { title: 'T', price: '1.00', author: { name: 'X', books: { delete: true } } }],
      ['/books', 'POST', { title: 'T', price: '1.00', author: { id: 12345678 } }],
      ['/books', 'POST', { title: 'T', price: '1.00', author: { id: 2 ** 40 } }],
      ['/books', 'POST', '{"__proto__":{"admin":true},"title":"T","price":"1.00","author":{"name":"X"}}'],
      ['/books/1', 'PATCH', { version: 9 }],
      ['/books/1/status', 'POST', { to: 'burnt' }],
      ['/books/1/reviews', 'POST', { stars: 6, text: '' }],
      ['/books', 'POST', { title: 'T', price: '1.00', author: { name: 'X' }, tags: Array(100).fill('x') }],
      ['/books', 'GET', undefined, { 'x-shop': '' }],
      ['/books', 'GET', undefined, { 'x-shop': '1 or 1=1' }],
      ['/nothing', 'GET'],
      ['/books', 'POST', `{"title":"${'x'.repeat(200_000)}"}`],
    ]
    for (const [path, method, body, headers] of attacks) {
      const answer = await staff(path, method, body, headers)
      const what = `${method} ${path.slice(0, 80)} ${JSON.stringify(body)?.slice(0, 80)}`
      expect([answer.status >= 400 && answer.status < 500, answer.status, what]).toEqual([true, answer.status, what])
      expect(answer.headers.get('content-type'), what).toContain('application/problem+json')
      expect(answer.body, what).toMatchObject({ status: answer.status, title: expect.any(String) })
      expect(JSON.stringify(answer.body), what).not.toMatch(/select |insert |sqlite|postgres|node_modules/i)
    }
  })

  test('in a sandbox requests are undone, and need no server', async () => {
    const before = (await as(7, 1)('/books')).body
    {
      await using box = await sandbox(db)
      const app = createApp(box.db, 'a secret of thirty-two characters')
      const shop = box.db.as({ shop: 7, user: 1, roles: ['staff'] })
      const cheap = factory(shop, book, { price: '0.50' }, { parents: { author: factory(shop, author, {}) } })
      await cheap.createMany(3)
      await generate(shop, { seed: 1, rows: { author: 5, book: 200 }, values: { book: { price: (n) => `${n}.00` } } })
      const headers = { 'x-shop': '7', 'x-user': '1' }
      const answer = await app.request('/books?price[lt]=1&page=1', { headers })
      expect(((await answer.json()) as Json).total).toBe(3)
      const all = await app.request('/books?page=3&limit=100', { headers })
      expect(((await all.json()) as Json).total).toBe(203)
    }
    expect((await as(7, 1)('/books')).body).toEqual(before)
  })

  test('a URL of 100 KB is refused', async () => {
    const answer = await fetch(`${base}/books?title=${'x'.repeat(100_000)}`, {
      headers: { 'x-shop': '1', 'x-user': '1' },
    })
    expect([400, 413, 414, 422, 431]).toContain(answer.status)
    await answer.text()
  })
})
