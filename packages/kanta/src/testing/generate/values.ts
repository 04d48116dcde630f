import { type NumberDomain, numberOfStored, storedNumber, type TextDomain } from './domain.ts'
import type { ColumnModel } from './model.ts'

/** Gives a random number from 0 up to 1 for each draw. */
export type Draw = (draw: number) => number

const FIRST =
  'Ada Aino Alan Amina Bela Chen Dana Elsa Emil Fatima Grace Hugo Ines Ivan Jun Kofi Lena Maya Nils Olga Omar Priya Rosa Sami Tove Yuki'.split(
    ' ',
  )
const LAST =
  'Adler Bauer Costa Dahl Evans Fischer Garcia Hall Ito Jensen Khan Larsen Meyer Novak Okoye Park Quist Rossi Silva Tanaka Urban Virtanen Wang Young Zhou'.split(
    ' ',
  )
const PLACES =
  'Aarhus Bergen Cork Delft Espoo Florence Ghent Haifa Izmir Jena Kemi Lund Malmo Nice Oulu Porto Quito Riga Seville Turku Utrecht Vaasa York Zadar'.split(
    ' ',
  )
const WORDS =
  'amber bridge cloud dawn ember forest garden harbor island journey lantern meadow north ocean paper quiet river silver tower under valley winter yellow zephyr'.split(
    ' ',
  )

const pick = <T>(items: readonly T[], random: number): T => items[Math.floor(random * items.length)]!

/** Returns a word or two that fit the name of a column. */
function wordsFor(name: string, draw: Draw): string {
  const lower = name.toLowerCase()
  const has = (...parts: readonly string[]): boolean => parts.some((part) => lower.includes(part))
  if (has('mail')) return `${pick(FIRST, draw(1))}.${pick(LAST, draw(2))}`.toLowerCase()
  if (has('first')) return pick(FIRST, draw(1))
  if (has('last', 'surname', 'family')) return pick(LAST, draw(1))
  if (has('city', 'place', 'town', 'address', 'street')) return pick(PLACES, draw(1))
  if (has('country')) return pick(PLACES, draw(1))
  if (has('url', 'link', 'slug', 'code', 'path', 'user', 'login', 'key', 'token'))
    return `${pick(WORDS, draw(1))}-${pick(WORDS, draw(2))}`
  if (has('name', 'author', 'owner', 'person')) return `${pick(FIRST, draw(1))} ${pick(LAST, draw(2))}`
  if (has('text', 'body', 'description', 'comment', 'content', 'note', 'bio'))
    return sentence(Array.from({ length: 5 + Math.floor(draw(0) * 10) }, (_, i) => pick(WORDS, draw(i + 1))))
  return sentence([pick(WORDS, draw(1)), pick(WORDS, draw(2))])
}

const sentence = (words: readonly string[]): string => `${words[0]![0]!.toUpperCase()}${words.join(' ').slice(1)}`

const ending = (name: string): string => (/mail/i.test(name) ? '@example.com' : '')

/** Returns a random value of the domain of a column, as it is stored. */
export function sampleOf({ name, domain, codec }: ColumnModel, draw: Draw): unknown {
  switch (domain.kind) {
    case 'number':
      return storedNumber(sampleNumber(domain, draw(0)), domain, codec)
    case 'list':
      return pick(domain.values, draw(0))
    case 'text':
      return fitText(wordsFor(name, draw), domain, name, '', draw)
    case 'uuid':
      return uuidOf(draw, undefined)
    case 'bytes':
      return Uint8Array.from({ length: 8 }, (_, i) => Math.floor(draw(i) * 256))
    case 'json': {
      const value = { [pick(WORDS, draw(0))]: Math.floor(draw(1) * 100) }
      return codec === undefined ? JSON.stringify(value) : codec.encode(value)
    }
    case 'unknown':
      return null
  }
}

/** Returns a random number of a domain, of its usual part if the domain has values there. */
export function sampleNumber({ min, max, step, usual }: NumberDomain, random: number): number {
  const [low, high] = [Math.max(min, usual[0]), Math.min(max, usual[1])]
  const [from, to] = low <= high ? [low, high] : [min, Math.min(max, min + 10_000 * step)]
  const count = Math.floor((to - from) / step + 1e-9) + 1
  return onStep(from + Math.floor(random * count) * step, step)
}

const onStep = (number: number, step: number): number =>
  step >= 1 ? number : Number(number.toFixed(Math.max(0, Math.round(-Math.log10(step)))))

/** Returns the value of a domain at a place: another one at each place. */
export function valueAt({ name, domain, codec }: ColumnModel, place: number, draw: Draw): unknown {
  switch (domain.kind) {
    case 'number':
      return storedNumber(numberAt(domain, place), domain, codec)
    case 'list':
      return domain.values[place]
    case 'text':
      return fitText(wordsFor(name, draw), domain, name, placeText(place, domain), draw)
    case 'uuid':
      return uuidOf(draw, place)
    case 'bytes': {
      const bytes = Uint8Array.from({ length: 8 }, (_, i) => Math.floor(draw(i) * 256))
      new DataView(bytes.buffer).setUint32(4, place)
      return bytes
    }
    default:
      return null
  }
}

/** Counts from the usual part of a domain up to its end, then what is below. */
function numberAt({ min, max, step, usual, form }: NumberDomain, place: number): number {
  const first = form === 'integer' || form === 'real' || form === 'decimal' ? 1 : usual[0]
  const from = first >= min && first <= max ? Math.ceil(first / step) * step : min
  const above = Math.floor((max - from) / step + 1e-9) + 1
  return onStep(place < above ? from + place * step : from - (place - above + 1) * step, step)
}

const SHORT = 12

/** Returns the digits that tell the value at a place from all others. */
function placeText(place: number, { max, min, like }: TextDomain): string {
  const room = like === undefined ? max : max - like.replaceAll('%', '').length
  if (room >= SHORT) return String(place + 1)
  return place.toString(36).padStart(Math.max(1, Math.min(room, Math.max(min, room))), '0')
}

function fitText(words: string, domain: TextDomain, name: string, digits: string, draw: Draw): string {
  const { like } = domain
  if (like !== undefined) return fitPattern(like, words, digits, domain, draw)
  const end = ending(name)
  const { min, max } = domain
  const tail = digits.length + end.length <= max ? `${digits}${end}` : digits
  const isShort = digits !== '' && max < SHORT
  const text = isShort
    ? digits
    : `${words.slice(0, Math.max(0, max - tail.length)).trimEnd()}${spaced(words, digits, max, tail)}${tail}`
  return padded(text, min, max)
}

const spaced = (words: string, digits: string, max: number, tail: string): string =>
  digits !== '' && words.includes(' ') && words.length + 1 + tail.length <= max ? ' ' : ''

/** Makes a text at least as long as its column wants, in front, so that its digits stay at the end. */
const padded = (text: string, min: number, max: number): string =>
  text.length >= min ? text.slice(0, max) : text.padStart(min, 'x')

function fitPattern(like: string, words: string, digits: string, { min, max }: TextDomain, draw: Draw): string {
  const fixed = like.replaceAll('%', '').length
  const room = Math.max(0, max - fixed)
  const plain = words.toLowerCase().replace(/[^a-z]/g, '')
  const middle = `${plain.slice(0, Math.max(0, Math.min(room - digits.length, 20)))}${digits}`.slice(0, room)
  const filler = middle.padStart(min - fixed, 'x')
  let isFilled = false
  return [...like]
    .map((char, i) => {
      if (char === '_') return pick([...'abcdefghijklmnopqrstuvwxyz'], draw(i + 3))
      if (char !== '%') return char
      const text = isFilled ? '' : filler
      isFilled = true
      return text
    })
    .join('')
}

/** Returns a UUID of version 4 form; one with a place differs from those of all other places. */
function uuidOf(draw: Draw, place: number | undefined): string {
  const hex = (number: number, length: number): string => Math.floor(number).toString(16).padStart(length, '0')
  const half = (i: number): string => hex(draw(i) * 2 ** 16, 4)
  const end = place === undefined ? `${half(4)}${half(5)}${half(6)}` : hex(place, 12)
  const variant = hex(0x8000 + draw(3) * 0x4000, 4)
  return `${half(0)}${half(1)}-${half(2)}-${hex(0x4000 + draw(7) * 0x1000, 4)}-${variant}-${end}`
}

/** Returns values near those that stand in a condition, at which it changes, of those that the column can hold. */
export function interesting(
  { name, domain, codec }: ColumnModel,
  constants: readonly unknown[],
  draw: Draw,
): unknown[] {
  if (domain.kind === 'list') return [...domain.values]
  if (domain.kind === 'text') return domain.like === undefined ? interestingTexts(name, domain, constants, draw) : []
  if (domain.kind !== 'number') return []
  const numbers = constants.flatMap((constant) => {
    const number = numberOfStored(constant, domain)
    if (number === undefined) return []
    const spread = draw(60) * 10 ** (1 + Math.floor(draw(62) * 7)) * domain.step
    return [
      number,
      number + domain.step,
      number - domain.step,
      number / 2,
      number * 2,
      number + spread,
      number - spread,
    ]
  })
  return [...numbers, 0, domain.min, domain.max]
    .map((number) => onStep(Math.round(number / domain.step) * domain.step, domain.step))
    .filter((number) => number >= domain.min && number <= domain.max)
    .map((number) => storedNumber(number, domain, codec))
}

function interestingTexts(name: string, { min, max }: TextDomain, constants: readonly unknown[], draw: Draw): string[] {
  const words = wordsFor(name, draw)
  const texts = constants.flatMap((constant) => {
    if (typeof constant === 'string')
      return [constant, `${constant}x`, constant.replace(/[%^$]/g, ''), constant.toUpperCase()]
    const length = Number(constant)
    if (!Number.isInteger(length) || length < 0 || length > 300) return []
    return [length, length + 1, length - 1].map((each) =>
      words.toLowerCase().padEnd(each, 'x').slice(0, Math.max(0, each)),
    )
  })
  return [
    ...texts,
    '',
    words.toLowerCase(),
    words.toUpperCase(),
    words.replaceAll(' ', ''),
    String(Math.floor(draw(61) * 1000)),
  ]
    .map((text) => text.slice(0, max))
    .filter((text) => text.length >= min)
}
