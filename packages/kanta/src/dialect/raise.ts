import type { Node } from '../ir/index.ts'
import type { Dialect } from './dialect.ts'

/** What the message of an error that a statement raises by itself begins with. */
export const RAISED = 'kanta refused'

const text = (value: string): Node => ({ kind: 'literal', value })
const word = (value: string): Node => ({ kind: 'word', text: value })
const plus = (left: Node, right: Node): Node => ({ kind: 'binary', left, op: '+', right })
const call = (name: string, ...args: readonly Node[]): Node => ({ kind: 'call', name, args })

/**
 * An expression that fails when it is computed, and only then: no database has one, but each says what it could not
 * read in the message of some error. It takes a value that is not known before, so that no planner computes it early.
 *
 * The errors: https://www.sqlite.org/json1.html#path_arguments (bad JSON path),
 * https://www.postgresql.org/docs/current/errcodes-appendix.html 22P02,
 * https://mariadb.com/kb/en/mariadb-error-code-reference/ 1690.
 */
export function raise(why: string, dialect: Dialect): Node {
  const said = `${RAISED}: ${why}.`
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
      // Text that is not constant is refused by others; the error of this one repeats the expression.
      return call('exp', plus(plus(word('10000'), call('length', text(said))), call('rand')))
    default:
      return {
        kind: 'cast',
        operand: call('concat', text(said), call('left', call('newid'), word('0'))),
        type: word('int'),
      }
  }
}

const SAID = new RegExp(`${RAISED}: ([^.]*)\\.`)

/** Why a statement refused by itself, from the message of its error. */
export function raised(message: string): string | undefined {
  return SAID.exec(message)?.[1]?.replace(/\\'|''/g, "'")
}
