import { arrayDecoder, type Decoding, objectDecoder, type RowDecoder } from './decode.ts'
import type { Plan } from './plan.ts'

/** The most texts, and the most plans, that are kept of one plan. */
const MOST = 64

/** The types of arrays by column. */
export type RowTypes = ReadonlyMap<string, string>

/** What is worked out of a plan when it runs. It stands beside the plan, which never changes, and is bounded. */
export class PlanMemos {
  /** The decoder of the last result. */
  decoder: RowDecoder | undefined
  isDecoderKnown = false
  /** Tells whether hooks go around it, under the hooks and the notes of plugins that were last. */
  around:
    | {
        readonly hooks: object
        readonly notes: object
        readonly goes: boolean
        /** Tells whether all of them do nothing just now; none where one is never idle. */
        readonly isIdle: (() => boolean) | undefined
      }
    | undefined
  /** The types of the arrays in which a bulk insert passes its rows, once the database has told them. */
  rowTypes: RowTypes | undefined
  #columns: readonly string[] | undefined
  #texts: Map<string, string> | undefined
  #plans: Map<string, Plan | undefined> | undefined

  /** Returns the decoder for these columns; rows that come as objects name their columns themselves. */
  decoderFor(columns: readonly string[] | undefined, decoding: Decoding): RowDecoder | undefined {
    if (this.isDecoderKnown && isSame(columns, this.#columns)) return this.decoder
    this.decoder = columns === undefined ? objectDecoder(decoding) : arrayDecoder(columns, decoding)
    this.isDecoderKnown = true
    this.#columns = columns
    return this.decoder
  }

  /** Returns the text that was kept under a key, such as the number of rows. */
  text(key: string): string | undefined {
    return this.#texts?.get(key)
  }

  keepText(key: string, text: string): string {
    this.#texts = kept(this.#texts, key, text)
    return text
  }

  /** Returns a plan that is made of this one, such as that of an insert's rows which give some columns alone. */
  plan<P extends Plan | undefined>(key: string, make: () => P): P {
    if (this.#plans?.has(key)) return this.#plans.get(key) as P
    const made = make()
    this.#plans = kept<Plan | undefined>(this.#plans, key, made)
    return made
  }
}

/** Keeps a value, and drops the oldest where there are too many. */
function kept<T>(map = new Map<string, T>(), key: string, value: T): Map<string, T> {
  if (map.size >= MOST) map.delete(map.keys().next().value!)
  return map.set(key, value)
}

function isSame(one: readonly string[] | undefined, other: readonly string[] | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return one.length === other.length && one.every((name, i) => name === other[i])
}
