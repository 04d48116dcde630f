import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compare, type Exact, exact, minus, over, plus, remainder, round, text, times, toNumber } from './exact.ts'
import { grounds, item, line, type Open, open } from './ground.ts'

interface Row {
  readonly id: number
  readonly price: Exact
  readonly rate: Exact
  readonly other: Exact | null
  readonly quantity: number
}

/** Numbers that come again: a linear congruence. */
function randomOf(seed: number): (most: number) => number {
  let state = seed
  return (most) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * (most + 1))
  }
}

function rowsOf(seed: number): Row[] {
  const random = randomOf(seed)
  const decimal = (most: number, scale: number): Exact => ({
    units: BigInt(random(most)) * (random(1) === 0 ? 1n : -1n),
    scale,
  })
  return Array.from({ length: 40 }, (_, i) => ({
    id: i + 1,
    price: decimal([9, 300, 99_999, 9_999_999][random(3)]!, 2),
    rate: decimal([50, 30_000, 9_999_999][random(2)]!, 4),
    other: random(3) === 0 ? null : decimal(5_000, 2),
    quantity: random(20) - 10,
  }))
}

const whole = (value: number): Exact => ({ units: BigInt(value), scale: 0 })

type Value = Exact | string | number | boolean | null

/** An expression, and what it is of a row. */
interface Case {
  readonly name: string
  readonly build: (eb: any) => any
  readonly value: (row: Row) => Value
  /** The digits after the point up to which a result is compared. */
  readonly to?: number
}

const orZero = (value: Exact | null): Exact => value ?? whole(0)

const numbers: readonly Case[] = [
  { name: 'price', build: (eb) => eb.ref('price'), value: (r) => r.price },
  { name: 'price + other scale', build: (eb) => eb('price', '+', eb.ref('rate')), value: (r) => plus(r.price, r.rate) },
  {
    name: 'price - other scale',
    build: (eb) => eb('price', '-', eb.ref('rate')),
    value: (r) => minus(r.price, r.rate),
  },
  {
    name: 'price + integer',
    build: (eb) => eb('price', '+', eb.ref('quantity')),
    value: (r) => plus(r.price, whole(r.quantity)),
  },
  {
    name: 'integer - price',
    build: (eb) => eb('quantity', '-', eb.ref('price')),
    value: (r) => minus(whole(r.quantity), r.price),
  },
  { name: 'price + value', build: (eb) => eb('price', '+', eb.val('0.5')), value: (r) => plus(r.price, exact('0.5')) },
  { name: 'price + number', build: (eb) => eb('price', '+', 0.25), value: (r) => plus(r.price, exact('0.25')) },
  {
    name: 'value - price',
    build: (eb) => eb(eb.val('7.05'), '-', eb.ref('price')),
    value: (r) => minus(exact('7.05'), r.price),
  },
  {
    name: 'price + constant',
    build: (eb) => eb('price', '+', eb.lit(0.125)),
    value: (r) => plus(r.price, exact('0.125')),
  },
  { name: 'price * rate', build: (eb) => eb('price', '*', eb.ref('rate')), value: (r) => times(r.price, r.rate) },
  {
    name: 'price * integer',
    build: (eb) => eb('price', '*', eb.ref('quantity')),
    value: (r) => times(r.price, whole(r.quantity)),
  },
  {
    name: 'price * value',
    build: (eb) => eb('price', '*', eb.val('1.0825')),
    value: (r) => times(r.price, exact('1.0825')),
  },
  {
    name: 'number * price',
    build: (eb) => eb(eb.val(3), '*', eb.ref('price')),
    value: (r) => times(whole(3), r.price),
  },
  {
    name: 'price * constant',
    build: (eb) => eb('price', '*', eb.lit(1.5)),
    value: (r) => times(r.price, exact('1.5')),
  },
  {
    name: '(price + 1) * rate - other',
    build: (eb) =>
      eb(eb(eb.parens(eb('price', '+', eb.lit(1))), '*', eb.ref('rate')), '-', eb.fn.coalesce('other', eb.val('0.00'))),
    value: (r) => minus(times(plus(r.price, whole(1)), r.rate), orZero(r.other)),
  },
  { name: 'price / value', build: (eb) => eb('price', '/', eb.val('3')), value: (r) => over(r.price, whole(3)), to: 4 },
  { name: 'price / number', build: (eb) => eb('price', '/', 0.7), value: (r) => over(r.price, exact('0.7')), to: 4 },
  {
    name: 'price / constant',
    build: (eb) => eb('price', '/', eb.lit(7)),
    value: (r) => over(r.price, whole(7)),
    to: 4,
  },
  {
    name: 'price % value',
    build: (eb) => eb('price', '%', eb.val('0.7')),
    value: (r) => remainder(r.price, exact('0.7')),
  },
  {
    name: 'price + -value',
    build: (eb) => eb('price', '+', eb.neg(eb.val('1.05'))),
    value: (r) => minus(r.price, exact('1.05')),
  },
  {
    name: 'price + -constant',
    build: (eb) => eb('price', '+', eb.neg(eb.lit(0.5))),
    value: (r) => minus(r.price, exact('0.5')),
  },
  {
    name: 'price * (integer + number)',
    build: (eb) => eb('price', '*', eb.parens(eb('quantity', '+', 3))),
    value: (r) => times(r.price, whole(r.quantity + 3)),
  },
  {
    name: 'price * one of two values',
    build: (eb) => eb('price', '*', eb.case().when('quantity', '>', 0).then(eb.val('1.25')).else(eb.val('0.5')).end()),
    value: (r) => times(r.price, exact(r.quantity > 0 ? '1.25' : '0.5')),
  },
  {
    name: 'price / one of two values',
    build: (eb) => eb('price', '/', eb.case().when('quantity', '>', 0).then(eb.val('-4')).else(eb.val('0.5')).end()),
    value: (r) => times(r.price, exact(r.quantity > 0 ? '-0.25' : '2')),
    to: 4,
  },
  { name: '-price', build: (eb) => eb.neg(eb.ref('price')), value: (r) => times(whole(-1), r.price) },
  {
    name: 'abs(price)',
    build: (eb) => eb.fn('abs', ['price']),
    value: (r) => ({ ...r.price, units: r.price.units < 0n ? -r.price.units : r.price.units }),
  },
  { name: 'round(rate, 2)', build: (eb) => eb.fn('round', ['rate', eb.lit(2)]), value: (r) => round(r.rate, 2) },
  { name: 'round(rate, value)', build: (eb) => eb.fn('round', ['rate', eb.val(1)]), value: (r) => round(r.rate, 1) },
  { name: 'round(rate)', build: (eb) => eb.fn('round', ['rate']), value: (r) => round(r.rate, 0) },
  {
    name: 'floor(rate)',
    build: (eb) => eb.fn('floor', ['rate']),
    value: (r) => {
      const cut = round(minus(r.rate, exact('0.5')), 0)
      const up = plus(cut, whole(1))
      return compare(up, r.rate) <= 0 ? up : compare(cut, r.rate) <= 0 ? cut : minus(cut, whole(1))
    },
  },
  {
    name: 'ceiling(rate)',
    build: (eb) => eb.fn('ceiling', ['rate']),
    value: (r) => {
      const cut = round(plus(r.rate, exact('0.5')), 0)
      const down = minus(cut, whole(1))
      return compare(down, r.rate) >= 0 ? down : cut
    },
  },
  { name: 'coalesce(other, price)', build: (eb) => eb.fn.coalesce('other', 'price'), value: (r) => r.other ?? r.price },
  { name: 'coalesce(other, rate)', build: (eb) => eb.fn.coalesce('other', 'rate'), value: (r) => r.other ?? r.rate },
  {
    name: 'coalesce(other, value)',
    build: (eb) => eb.fn.coalesce('other', eb.val('1.50')),
    value: (r) => r.other ?? exact('1.50'),
  },
  {
    name: 'nullif(price, value)',
    build: (eb) => eb.fn('nullif', ['price', eb.val('0.00')]),
    value: (r) => (r.price.units === 0n ? null : r.price),
  },
  {
    name: 'case',
    build: (eb) =>
      eb
        .case()
        .when('price', '>', '100.00')
        .then(eb.ref('rate'))
        .when('price', '<', '0.00')
        .then(eb.val('0.01'))
        .else(eb.ref('price'))
        .end(),
    value: (r) => (compare(r.price, exact('100')) > 0 ? r.rate : r.price.units < 0n ? exact('0.01') : r.price),
  },
  { name: 'cast to fewer digits', build: (eb) => eb.cast('rate', 'decimal(10, 1)'), value: (r) => round(r.rate, 1) },
  { name: 'cast to more digits', build: (eb) => eb.cast('price', 'decimal(12, 4)'), value: (r) => r.price },
  { name: 'cast of an integer', build: (eb) => eb.cast('quantity', 'decimal(10, 2)'), value: (r) => whole(r.quantity) },
  { name: 'cast to integer', build: (eb) => eb.cast('price', 'integer'), value: (r) => round(r.price, 0) },
  {
    name: 'a scalar subquery',
    build: (eb) => eb.selectFrom('line').select((e: any) => e.fn.max('line.price').as('m')),
    value: () => exact('12.345'),
  },
]

const conditions: readonly Case[] = [
  ...(['=', '<>', '<', '<=', '>', '>='] as const).flatMap((op): Case[] => {
    const holds = (sign: number): boolean =>
      ({ '=': sign === 0, '<>': sign !== 0, '<': sign < 0, '<=': sign <= 0, '>': sign > 0, '>=': sign >= 0 })[op]
    return [
      {
        name: `price ${op} value`,
        build: (eb) => eb('price', op, '2.50'),
        value: (r) => holds(compare(r.price, exact('2.5'))),
      },
      {
        name: `price ${op} value of more digits`,
        build: (eb) => eb('price', op, '-0.005'),
        value: (r) => holds(compare(r.price, exact('-0.005'))),
      },
      {
        name: `price ${op} value of other form`,
        build: (eb) => eb('price', op, '3'),
        value: (r) => holds(compare(r.price, exact('3'))),
      },
      {
        name: `price ${op} a huge value`,
        build: (eb) => eb('price', op, '123456789012345678901234567890'),
        value: (r) => holds(compare(r.price, exact('123456789012345678901234567890'))),
      },
      {
        name: `price ${op} rate`,
        build: (eb) => eb('price', op, eb.ref('rate')),
        value: (r) => holds(compare(r.price, r.rate)),
      },
      {
        name: `price ${op} integer`,
        build: (eb) => eb('price', op, eb.ref('quantity')),
        value: (r) => holds(compare(r.price, whole(r.quantity))),
      },
      {
        name: `price ${op} constant`,
        build: (eb) => eb('price', op, eb.lit(1.005)),
        value: (r) => holds(compare(r.price, exact('1.005'))),
      },
      {
        name: `price * rate ${op} value`,
        build: (eb) => eb(eb('price', '*', eb.ref('rate')), op, '10.5'),
        value: (r) => holds(compare(times(r.price, r.rate), exact('10.5'))),
      },
      {
        name: `value ${op} price`,
        build: (eb) => eb(eb.val('2.50'), op, eb.ref('price')),
        value: (r) => holds(compare(exact('2.5'), r.price)),
      },
    ]
  }),
  {
    name: 'in',
    build: (eb) => eb('price', 'in', ['1', '2.50', '3.005', '-0.01']),
    value: (r) => ['1', '2.5', '3.005', '-0.01'].some((each) => compare(exact(each), r.price) === 0),
  },
  {
    name: 'between',
    build: (eb) => eb.between('price', '-1.005', '20'),
    value: (r) => compare(r.price, exact('-1.005')) >= 0 && compare(r.price, exact('20')) <= 0,
  },
  {
    name: 'in a query',
    build: (eb) => eb('price', 'in', eb.selectFrom('line').select('price')),
    value: (r) => [exact('12.345'), exact('1.5')].some((each) => compare(each, r.price) === 0),
  },
  {
    name: 'price = a value in parentheses',
    build: (eb) => eb('price', '<', eb.parens(eb.val('2.5'))),
    value: (r) => compare(r.price, exact('2.5')) < 0,
  },
  {
    name: 'price < -value',
    build: (eb) => eb('price', '<', eb.neg(eb.val('0.005'))),
    value: (r) => compare(r.price, exact('-0.005')) < 0,
  },
  {
    name: 'price < -constant',
    build: (eb) => eb('price', '<', eb.neg(eb.lit(1))),
    value: (r) => compare(r.price, exact('-1')) < 0,
  },
  {
    name: 'price < one of two values',
    build: (eb) => eb('price', '<', eb.case().when('quantity', '>', 0).then('9.005').else('100').end()),
    value: (r) => compare(r.price, exact(r.quantity > 0 ? '9.005' : '100')) < 0,
  },
  {
    name: 'price > the first value there is',
    build: (eb) => eb('price', '>', eb.fn.coalesce(eb.val(null), eb.val('9.5'))),
    value: (r) => compare(r.price, exact('9.5')) > 0,
  },
  {
    name: 'a value beside a constant in a subquery',
    build: (eb) =>
      eb.exists(
        eb
          .selectFrom(
            eb
              .selectFrom('line')
              .select([eb.lit(9).as('nine')])
              .as('s'),
          )
          .select('s.nine')
          .whereRef('item.price', '>', 's.nine'),
      ),
    value: (r) => compare(r.price, exact('9')) > 0,
  },
  {
    name: 'a row in a query',
    build: (eb) => eb(eb.refTuple('price', 'id'), 'in', eb.selectFrom('line').select(['price', 'id'])),
    value: (r) => [exact('12.345'), exact('1.5')].some((each, i) => compare(each, r.price) === 0 && r.id === i + 1),
  },
  {
    name: 'a row in rows',
    build: (eb) => eb(eb.refTuple('price', 'quantity'), 'in', [eb.tuple('1.50', 1), eb.tuple('2.50', 2)]),
    value: (r) =>
      (compare(r.price, exact('1.5')) === 0 && r.quantity === 1) ||
      (compare(r.price, exact('2.5')) === 0 && r.quantity === 2),
  },
]

const matches = (found: unknown, wanted: Value, to: number | undefined): boolean => {
  if (wanted === null || found === null) return wanted === found
  if (typeof wanted !== 'object') return found === wanted
  const value = exact(String(found))
  if (to === undefined) return compare(value, wanted) === 0
  return compare(round(value, to), round(wanted, to)) === 0
}

describe.each(grounds)('decimals on $name equal exact arithmetic', (ground) => {
  const rows = rowsOf(ground.name.length)
  let db: Open
  let drop: () => Promise<void> = async () => {}

  beforeAll(async () => {
    if (ground.missing !== undefined) return
    const place = await ground.create()
    drop = place.drop
    db = open(place.driver())
    for (const each of [item, line]) await db.schema.createTable(each).execute()
    await db
      .insertInto('line')
      .values([
        { id: 1, price: '12.345' },
        { id: 2, price: '1.5' },
      ])
      .execute()
    await db
      .insertInto('item')
      .values(
        rows.map((row) => ({
          ...row,
          price: text(row.price),
          rate: text(row.rate),
          other: row.other && text(row.other),
          weight: toNumber(row.price),
        })),
      )
      .execute()
  })
  afterAll(async () => {
    await db?.destroy()
    await drop()
  })

  test.each(numbers)('$name', async ({ build, value, to }) => {
    const found = await db
      .selectFrom('item')
      .select(['id', ((eb: never) => build(eb).as('v')) as never])
      .orderBy('id')
      .execute()
    const wrong = found.flatMap((row: any, i) =>
      matches(row.v, value(rows[i]!), to) ? [] : [[row.v, value(rows[i]!)]],
    )
    expect(wrong).toEqual([])
  })

  test.each(numbers.filter((each) => each.to === undefined))('the order by $name', async ({ build, value }) => {
    const found = await db
      .selectFrom('item')
      .select('id')
      .where(((eb: any) => eb(build(eb), 'is not', null)) as never)
      .orderBy(build as never)
      .orderBy('id')
      .execute()
    const wanted = rows
      .filter((row) => value(row) !== null)
      .sort((a, b) => compare(value(a) as Exact, value(b) as Exact) || a.id - b.id)
    expect(found.map((row: any) => row.id)).toEqual(wanted.map((row) => row.id))
  })

  test.each(conditions)('where $name', async ({ build, value }) => {
    const found = await db
      .selectFrom('item')
      .select('id')
      .where(build as never)
      .orderBy('id')
      .execute()
    expect(found.map((row: any) => row.id)).toEqual(rows.filter((row) => value(row) === true).map((row) => row.id))
  })

  test('aggregates', async () => {
    const found = await db
      .selectFrom('item')
      .select((eb: any) => [
        eb.fn.sum('price').as('sum'),
        eb.fn.sum(eb('price', '*', eb.ref('rate'))).as('product'),
        eb.fn.min('price').as('min'),
        eb.fn.max('rate').as('max'),
        eb.fn.avg('price').as('avg'),
        eb.fn.count('price').as('count'),
        eb.fn.count('price').distinct().as('different'),
      ])
      .executeTakeFirstOrThrow()
    const sorted = [...rows].sort((a, b) => compare(a.price, b.price))
    const sum = rows.map((row) => row.price).reduce(plus)
    const wanted = {
      sum,
      product: rows.map((row) => times(row.price, row.rate)).reduce(plus),
      min: sorted[0]!.price,
      max: rows
        .map((row) => row.rate)
        .sort(compare)
        .at(-1)!,
    }
    for (const [name, value] of Object.entries(wanted))
      expect(compare(exact((found as any)[name]), value), name).toBe(0)
    expect((found as any).avg).toBeCloseTo(toNumber(sum) / rows.length, 6)
    expect((found as any).count).toBe(rows.length)
    expect((found as any).different).toBe(new Set(rows.map((row) => text(row.price))).size)
  })

  test('a union of scales', async () => {
    const found = await db
      .selectFrom('item')
      .select('price as v')
      .unionAll(db.selectFrom('item').select('rate as v'))
      .unionAll(db.selectFrom('item').select('quantity as v') as never)
      .execute()
    const wanted = rows.flatMap((row) => [row.price, row.rate, whole(row.quantity)]).sort(compare)
    const sorted = found.map((row) => exact(String(row.v))).sort(compare)
    expect(sorted.every((value, i) => compare(value, wanted[i]!) === 0)).toBe(true)
  })

  test('a subquery, a common table expression and JSON', async () => {
    const inner = db.selectFrom('item').select((eb: any) => ['id', eb('price', '*', eb.ref('rate')).as('v')])
    const wanted = rows.map((row) => times(row.price, row.rate))
    const outer = await db
      .selectFrom(inner.as('t'))
      .select((eb: any) => ['t.id', eb('t.v', '+', eb.val('1.5')).as('v')] as never)
      .orderBy('t.id')
      .execute()
    outer.forEach((row: any, i) => expect(compare(exact(row.v), plus(wanted[i]!, exact('1.5')))).toBe(0))
    const cte = await db
      .with('t', () => inner)
      .selectFrom('t')
      .select(['id', 'v'] as never)
      .where('v' as never, '>', '10.5' as never)
      .orderBy('id' as never)
      .execute()
    expect(cte.map((row: any) => row.id)).toEqual(
      rows.filter((_, i) => compare(wanted[i]!, exact('10.5')) > 0).map((row) => row.id),
    )
  })

  test('writes', async () => {
    await db.transaction().execute(async (tx) => {
      await tx
        .updateTable('item')
        .set((eb: any) => ({ rate: eb('price', '*', eb.val('0.01')), price: eb('price', '+', eb.val('0.01')) }))
        .where('id', '<', 5)
        .execute()
      const found = await tx.selectFrom('item').select(['price', 'rate']).where('id', '<', 5).orderBy('id').execute()
      found.forEach((row, i) => {
        expect(compare(exact(row.price), plus(rows[i]!.price, exact('0.01')))).toBe(0)
        expect(compare(exact(row.rate), times(rows[i]!.price, exact('0.01')))).toBe(0)
      })
      await tx
        .insertInto('line')
        .columns(['id', 'price'])
        .expression((eb: any) => eb.selectFrom('item').select((e: any) => [e('id', '+', e.lit(100)).as('id'), 'rate']))
        .execute()
      const copied = await tx.selectFrom('line').select('price').where('id', '>', 100).orderBy('id').execute()
      copied
        .slice(4)
        .forEach((row, i) => expect(compare(exact(row.price), round(rows[i + 4]!.rate, 3)), row.price).toBe(0))
    })
  })
})
