import type { Node } from '../ir/index.ts'
import type { Dialect } from './dialect.ts'

const text = (value: string): Node => ({ kind: 'literal', value })
const word = (value: string): Node => ({ kind: 'word', text: value })
const call = (name: string, ...args: readonly Node[]): Node => ({ kind: 'call', name, args })

/** Why statements refuse, by the short sign that databases say in a message. */
const reasons = new Map<string, string>()
const MARK = 'kanta refused'

/**
 * An expression that fails when it is computed, and only then: no database has one, but each says what it could not
 * read in the message of some error. It takes a value that is not known before, so that no planner computes it early.
 * In MariaDB a random one keeps a query in `from` from being looked into: there a number from a row does better.
 *
 * The errors: https://www.sqlite.org/json1.html#path_arguments (bad JSON path),
 * https://www.postgresql.org/docs/current/errcodes-appendix.html 22P02,
 * https://mariadb.com/kb/en/mariadb-error-codes/ 1690 (out of range in an expression, which it repeats).
 */
export function raise(why: string, dialect: Dialect, unknown: Node = call('rand')): Node {
  const sign = signOf(why)
  const said = `${MARK} ${sign}`
  switch (dialect.name) {
    case 'sqlite':
      return call('json_extract', text('{}'), {
        kind: 'binary',
        left: text(said),
        op: '||',
        right: call('substr', call('random'), word('1'), word('0')),
      })
    case 'postgres':
      return {
        kind: 'cast',
        operand: call('concat', text(said), call('left', call('concat', call('random')), word('0'))),
        type: word('integer'),
      }
    case 'mysql':
    case 'mariadb':
      return call('exp', {
        kind: 'binary',
        left: word(String(Number.parseInt(sign, 16))),
        op: '+',
        right: unknown,
      })
    default:
      return {
        kind: 'cast',
        operand: call('concat', text(said), call('left', call('newid'), word('0'))),
        type: word('int'),
      }
  }
}

/** FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/; the next free one where two reasons have the same. */
function signOf(why: string): string {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(why)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  // A number of which `exp` is out of range.
  hash = (hash | 0x1000) >>> 0
  for (;;) {
    const sign = hash.toString(16).padStart(8, '0')
    const known = reasons.get(sign)
    if (known === undefined) reasons.set(sign, why)
    if (known === undefined || known === why) return sign
    hash = (hash + 1) >>> 0
  }
}

const SAID = new RegExp(`${MARK} ([0-9a-f]{8})`)
const OUT_OF_RANGE = /out of range in 'exp\(\(?(\d{4,10}) \+ /

/** Why a statement refused by itself, from the message of its error. */
export function raised(message: string): string | undefined {
  const number = OUT_OF_RANGE.exec(message)?.[1]
  const sign = SAID.exec(message)?.[1] ?? (number && Number(number).toString(16).padStart(8, '0'))
  return sign === undefined ? undefined : reasons.get(sign)
}
