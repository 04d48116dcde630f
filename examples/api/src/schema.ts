import { index, primaryKey, type TablesOf, table, unique } from 'kanta'
import { many, one, relations } from 'kanta/relations'
import { open, policies } from 'kanta/rls'

// Every table belongs to a shop. The plugin tenant() writes shop_id and keeps shops apart.
export const author = table(
  'author',
  (c) => ({
    shop_id: c.integer().$optional(),
    id: c.integer().primaryKey(),
    name: c.varchar(120),
  }),
  (t) => [unique([t.shop_id, t.name])],
)

export const book = table(
  'book',
  (c) => ({
    shop_id: c.integer().$optional(),
    id: c.integer().primaryKey(),
    author_id: c.integer().references(() => author.id),
    title: c.varchar(200),
    price: c.decimal(10, 2),
    status: c.enum(['draft', 'published', 'sold_out']).default('draft'),
    version: c.integer().default(1),
    created_at: c.timestamp().$optional(),
    updated_at: c.timestamp().$optional(),
    deleted_at: c.timestamp().nullable(),
  }),
  (t) => [index([t.shop_id, t.price]), index([t.author_id])],
)

export const tag = table(
  'tag',
  (c) => ({ shop_id: c.integer().$optional(), id: c.integer().primaryKey(), name: c.varchar(40) }),
  (t) => [unique([t.shop_id, t.name])],
)

export const book_tag = table(
  'book_tag',
  (c) => ({
    shop_id: c.integer().$optional(),
    book_id: c.integer().references(() => book.id),
    tag_id: c.integer().references(() => tag.id),
  }),
  (t) => [primaryKey([t.book_id, t.tag_id])],
)

export const review = table('review', (c) => ({
  shop_id: c.integer().$optional(),
  id: c.integer().primaryKey(),
  book_id: c.integer().references(() => book.id),
  user_id: c.integer(),
  stars: c.integer(),
  text: c.varchar(1_000),
}))

const related = relations({
  author: { books: many(book, book.author_id) },
  book: {
    author: one(author, book.author_id),
    tags: many(tag, { through: book_tag }),
    reviews: many(review, review.book_id),
  },
})

export const tables = [author, book, tag, book_tag, review] as const
export const schema = { author, book, tag, book_tag, review, related }

/** The rules within a shop: everybody reads, staff writes books, each user writes reviews of their own. */
export const rules = policies<TablesOf<typeof schema>, { user: number; roles: readonly string[] }>({
  author: ({ allow }) => [allow('select'), allow('all', undefined, { roles: ['staff'] })],
  book: ({ allow }) => [allow('select'), allow('all', undefined, { roles: ['staff'] })],
  tag: ({ allow }) => [allow('select'), allow('all', undefined, { roles: ['staff'] })],
  book_tag: open,
  review: ({ allow }) => [
    allow('select'),
    allow(['insert', 'update', 'delete'], ({ row, context }) => row.user_id.eq(context.user)),
  ],
})
