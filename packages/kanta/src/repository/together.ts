import { KantaError, refuse } from '../error/index.ts'
import { type DatabaseHandle, Executor, QueryRunner, runQueriesInBatch, withRunner } from '../extend/internal/index.ts'
import { Chain } from '../sql/index.ts'

/** A statement that waits for the others of its batch. */
interface Waiting {
  /** The place of its work among the others: statements run in the order of the works. */
  readonly place: number
  readonly query: Chain
  readonly isFirst: boolean
  resolve(result: unknown): void
  reject(error: unknown): void
}

type Work = (db: DatabaseHandle) => Promise<unknown>

/**
 * Runs works of one statement each in one round trip that takes effect together or not at all, and gives what each made
 * of its result.
 *
 * @throws KantaError `unsupported` if the database cannot, or a work has another statement.
 */
export async function together(db: DatabaseHandle, works: readonly Work[]): Promise<unknown[]> {
  const meeting = new Meeting(works.length)
  const started = works.map((work, place) =>
    meeting.join(work(withRunner(db, (executor) => new MeetingRunner(executor, meeting, place)))),
  )
  const results = await Promise.allSettled(started)
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value)
}

/** The place where statements wait until each work has one, or has ended. */
class Meeting {
  readonly #waiting: Waiting[] = []
  #missing: number
  #failure: unknown
  #isOver = false

  constructor(works: number) {
    this.#missing = works
  }

  /** Follows a work, which sends nothing if another one has failed before. */
  join(work: Promise<unknown>): Promise<unknown> {
    const ended = (): void => {
      if (!this.#isOver) this.#arrive()
    }
    work.then(ended, (error: unknown) => {
      this.#failure ??= error
      ended()
    })
    return work
  }

  add(place: number, query: Chain, isFirst: boolean): Promise<unknown> {
    if (this.#isOver) throw severalStatements()
    return new Promise((resolve, reject) => {
      this.#waiting.push({ place, query, isFirst, resolve, reject })
      this.#arrive()
    })
  }

  #arrive(): void {
    this.#missing--
    if (this.#missing > 0) return
    this.#isOver = true
    void this.#send()
  }

  async #send(): Promise<void> {
    try {
      if (this.#failure !== undefined) throw this.#failure
      if (this.#waiting.length === 0) return
      this.#waiting.sort((a, b) => a.place - b.place)
      const results = await runQueriesInBatch(
        this.#waiting.map(({ query }) => query),
        undefined,
      )
      if (results === undefined) throw severalStatements()
      for (const [i, { isFirst, resolve }] of this.#waiting.entries()) resolve(isFirst ? results[i]![0] : results[i])
    } catch (error) {
      for (const { reject } of this.#waiting) reject(error)
    }
  }
}

const severalStatements = (): KantaError =>
  new KantaError(
    'unsupported',
    'An operation of the batch takes several statements, and this database has no transactions. Do it outside of the batch.',
  )

/** Takes the statements of a batch to where they wait for each other. */
class MeetingRunner extends QueryRunner {
  readonly #meeting: Meeting
  readonly #place: number
  readonly #plain: QueryRunner

  constructor(executor: Executor, meeting: Meeting, place: number) {
    super(executor)
    this.#place = place
    this.#meeting = meeting
    const { settings, session } = executor
    this.#plain = new QueryRunner(new Executor({ ...settings, makeRunner: undefined }, session))
  }

  override async execute(query: Chain): Promise<unknown[]> {
    return (await this.#meeting.add(this.#place, this.#own(query), false)) as unknown[]
  }

  override async first(query: Chain): Promise<unknown> {
    return this.#meeting.add(this.#place, this.#own(query), true)
  }

  override stream(): never {
    return refuse('A batch gives no streams.')
  }

  #own({ shape, args }: Chain): Chain {
    return new Chain(shape, args, this.#plain)
  }
}
