import { identifierNode, textNode, wordNode } from '../dialect/index.ts'
import type { CatalogColumn } from '../introspect/index.ts'
import type { Node } from '../ir/index.ts'
import { statement } from './node.ts'

const SCALED = /^decimal_integer\s*\(\s*\d+\s*,\s*(\d+)\s*\)$/i

/** The digits after the point of a decimal that is kept as an integer of its smallest unit. */
function scaleOf({ type }: CatalogColumn): number | undefined {
  const scale = SCALED.exec(type.trim())?.[1]
  return scale === undefined ? undefined : Number(scale)
}

const unitOf = (scale: number): string => String(10n ** BigInt(scale))

/**
 * Returns a column of the old table as the new one keeps it. What the new type cannot hold becomes text that its check
 * refuses, so that the rebuild fails instead of changing values.
 */
export function copiedColumn(from: CatalogColumn, to: CatalogColumn): Node {
  const name = identifierNode(from.name)
  const [one, other] = [scaleOf(from), scaleOf(to)]
  if (other === undefined) return one === undefined ? name : released(name, one, to)
  return one === undefined ? scaled(name, other) : rescaled(name, one, other)
}

const misfit = (name: Node): Node => statement`'does not fit: ' || ${name}`

function rescaled(name: Node, from: number, to: number): Node {
  if (from === to) return name
  const unit = wordNode(unitOf(Math.abs(to - from)))
  if (from < to) return statement`${name} * ${unit}`
  return statement`case when ${name} % ${unit} = 0 then ${name} / ${unit} when ${name} is not null then ${misfit(name)} end`
}

/** Text and numbers of an older table as whole numbers of the smallest unit. */
function scaled(name: Node, scale: number): Node {
  const unit = wordNode(unitOf(scale))
  const digits = wordNode(String(scale))
  const real = statement`case when round(${name}, ${digits}) = ${name} then cast(round(${name} * ${unit}.0) as integer) else ${misfit(name)} end`
  return statement`case typeof(${name}) when 'integer' then ${name} * ${unit} when 'real' then ${real} when 'text' then ${parsed(name, scale)} else ${name} end`
}

/** Reads the digits of a text such as '-12.50'. */
function parsed(name: Node, scale: number): Node {
  const digits = wordNode(String(scale))
  const rest = wordNode(String(scale + 1))
  const zeros = textNode(`'${'0'.repeat(scale)}'`)
  const signs = statement`(select substr(${name}, 1, ${name} glob '[-+]*') as "s", substr(${name}, 1 + (${name} glob '[-+]*')) as "u")`
  const parts = statement`(select "s", "u", substr("u", 1, instr("u" || '.', '.') - 1) as "w", substr("u", instr("u" || '.', '.') + 1) as "f" from ${signs})`
  const isDecimal = statement`"w" glob '[0-9]*' and "w" not glob '*[^0-9]*' and "f" not glob '*[^0-9]*' and rtrim(substr("f", ${rest}), '0') = ''`
  return statement`(select case when ${isDecimal} then cast("s" || "w" || substr("f" || ${zeros}, 1, ${digits}) as integer) else ${misfit(name)} end from ${parts})`
}

/** Whole numbers of the smallest unit as values of another type. */
function released(name: Node, scale: number, { type }: CatalogColumn): Node {
  const unit = unitOf(scale)
  if (/int/i.test(type)) return rescaled(name, scale, 0)
  if (!/char|clob|text/i.test(type)) return statement`${name} / ${wordNode(`${unit}.0`)}`
  if (scale === 0) return statement`cast(${name} as text)`
  return statement`substr('-', 1, ${name} < 0) || (abs(${name}) / ${wordNode(unit)}) || '.' || substr(abs(${name}) % ${wordNode(unit)} + ${wordNode(unit)}, 2)`
}
