import { expect, test } from 'vitest'
import type { Generated } from '../../src/index.ts'
import { and, can, not, open, or, policies, rls, setContext } from '../../src/rls/index.ts'

interface Tables {
  post: { id: Generated<number>; author: number | null; title: string; shared: boolean; at: Date }
  member: { person: number; team: number }
}
interface Who {
  user: number
  teams: readonly number[]
  name: string
}

test('policies are checked against the tables and the context', () => {
  const rules = policies<Tables, Who>({
    post: ({ allow, deny, columns }) => [
      allow('select', ({ row, context, exists }) =>
        and(
          or(row.author.eq(context.user), row.id.in(context.teams), row.at.lt(new Date(0))),
          not(row.title.eq(context.name)),
          exists('member', (other) => other.row.person.eq(row.author)),
        ),
      ),
      deny('delete', { using: ({ row }) => row.shared.eq(true) }),
      columns({ title: { write: ['editor'] } }),
    ],
    member: open,
  })
  expect(rules.tables.size).toBe(2)
  rls(rules)
})

test('what does not fit does not compile', () => {
  const wrong = () => {
    policies<Tables, Who>({
      // @ts-expect-error no such table
      posts: open,
    })
    policies<Tables, Who>({
      post: ({ allow, columns }) => [
        // @ts-expect-error no such column
        allow('select', ({ row }) => row.owner.eq(1)),
        // @ts-expect-error a number is not compared with a text
        allow('select', ({ row }) => row.author.eq('1')),
        // @ts-expect-error null has isNull()
        allow('select', ({ row }) => row.author.eq(null)),
        // @ts-expect-error texts have no order here
        allow('select', ({ row }) => row.title.lt('a')),
        // @ts-expect-error the context has no such value
        allow('select', ({ row, context }) => row.author.eq(context.id)),
        // @ts-expect-error a text of the context is not a number
        allow('select', ({ row, context }) => row.author.eq(context.name)),
        // @ts-expect-error a list is not a value
        allow('select', ({ row, context }) => row.author.eq(context.teams)),
        // @ts-expect-error a list of other values
        allow('select', ({ row, context }) => row.title.in(context.teams)),
        // @ts-expect-error no such operation
        allow('read'),
        // @ts-expect-error a truth value is no condition
        allow('select', () => true),
        // @ts-expect-error no such related table
        allow('select', ({ exists }) => exists('members', ({ row }) => row.person.eq(1))),
        // @ts-expect-error no such column of the related table
        allow('select', ({ exists }) => exists('member', ({ row }) => row.author.eq(1))),
        // @ts-expect-error no such column
        columns({ salary: { read: [] } }),
      ],
    })
    const rules = policies<Tables, Who>({ post: ({ allow }) => [allow('all')] })
    const who: Who = { user: 1, teams: [], name: 'x' }
    can(rules, { ...who }, 'select', 'post', { author: 1 })
    // @ts-expect-error no such table
    can(rules, { ...who }, 'select', 'posts', {})
    // @ts-expect-error the context lacks values
    can(rules, { user: 1 }, 'select', 'post', {})
    // @ts-expect-error another type
    can(rules, { ...who }, 'select', 'post', { author: '1' })
    // @ts-expect-error no such column
    can(rules, { ...who }, 'update', 'post', {}, { changes: { owner: 1 } })
    // @ts-expect-error what policies() made
    rls({ tables: new Map() })
    return setContext
  }
  expect(wrong).toThrow()
})
