import { z } from 'zod'

/** The body of a new book: its columns, the author by id or name, and tags by name. */
export const NewBook = z.strictObject({
  title: z.string().min(1).max(200),
  price: z.string().regex(/^\d{1,8}(\.\d{1,2})?$/, 'is a price such as "12.50"'),
  author: z.union([z.strictObject({ id: z.int() }), z.strictObject({ name: z.string().min(1).max(120) })]),
  tags: z.array(z.string().min(1).max(40)).max(20).default([]),
})

/** The body of a change. */
export const BookChange = NewBook.omit({ author: true }).partial()

/** A move of a book to another state. */
export const StatusChange = z.strictObject({ to: z.enum(['draft', 'published', 'sold_out']) })

export const NewReview = z.strictObject({ stars: z.int().min(1).max(5), text: z.string().max(1_000) })
