import { checkOptions, refuse, show } from '../error/index.ts'
import type { Hook, Operation, Plugin } from '../extend/index.ts'
import { ownPlugin, quietly } from '../extend/internal/index.ts'
import { callerFrames } from './stack.ts'

/** A transaction, a stream or a connection that is in use. */
export interface HeldConnection {
  readonly kind: Operation['kind']
  /** The milliseconds since it was begun, its wait for a connection included. */
  readonly milliseconds: number
  /** The lines of the program that began it. */
  readonly frames: readonly string[]
}

/** The options of `heldConnections()`. */
export interface HeldConnectionsOptions {
  /** The milliseconds after which it is reported. Default: 10,000. */
  readonly after?: number | undefined
  /** Receives each that is held for longer; by default the logger of the database gets a warning. */
  readonly found?: ((held: HeldConnection) => void) | undefined
}

interface Holder {
  readonly kind: Operation['kind']
  readonly since: number
  readonly frames: readonly string[]
}

const describe = ({ kind, since, frames }: Holder): HeldConnection => ({
  kind,
  milliseconds: performance.now() - since,
  frames,
})

/** The plugin that `heldConnections()` makes, with what is held now. */
export class HeldConnections implements Plugin {
  readonly name = 'heldConnections'
  readonly hooks: readonly Hook[]
  readonly #holders = new Set<Holder>()

  constructor(after: number, found: ((held: HeldConnection) => void) | undefined) {
    this.hooks = [
      {
        name: 'heldConnections',
        operations: ['stream', 'transaction', 'connection'],
        operation: async (operation, next) => {
          const holder: Holder = { kind: operation.kind, since: performance.now(), frames: callerFrames() }
          this.#holders.add(holder)
          const late = (): void =>
            quietly(operation.logger, 'found() of heldConnections()', () => {
              const held = describe(holder)
              if (found !== undefined) return found(held)
              const where = held.frames[0] ?? 'an unknown place'
              operation.logger.warn(
                `A ${held.kind} holds its connection for ${Math.round(held.milliseconds)} ms. It was begun at ${where}.`,
                held,
              )
            })
          const timer = setTimeout(late, after)
          const { unref } = timer as { unref?(): void }
          unref?.call(timer)
          try {
            return await next()
          } finally {
            clearTimeout(timer)
            this.#holders.delete(holder)
          }
        },
      },
    ]
    ownPlugin(this)
  }

  /** The connections that are held now, the longest first. */
  get held(): readonly HeldConnection[] {
    return [...this.#holders].map(describe)
  }
}

/**
 * Reports transactions that stay open, streams that are not read to their end, and connections that are not given back,
 * with the lines of the program that began them.
 *
 * @example
 * ```ts
 * import { kanta } from 'kanta'
 * import { heldConnections } from 'kanta/debug'
 * import { sqlite } from 'kanta/sqlite'
 *
 * const holders = heldConnections({ after: 5_000 })
 * const db = kanta({ driver: sqlite(':memory:'), plugins: [holders] })
 * holders.held.length // 0
 * ```
 */
export function heldConnections(options: HeldConnectionsOptions = {}): HeldConnections {
  checkOptions('heldConnections()', options, ['after', 'found'])
  const { after = 10_000, found } = options
  if (typeof after !== 'number' || !(after >= 0 && after <= 0x7fffffff))
    refuse(`heldConnections({ after }) takes a number of milliseconds, not ${show(after)}.`)
  if (found !== undefined && typeof found !== 'function')
    refuse(`heldConnections({ found }) takes a function, not ${show(found)}.`)
  return new HeldConnections(after, found)
}
