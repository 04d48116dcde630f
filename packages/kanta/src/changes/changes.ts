import type { QueryEvent } from '../run/index.ts'
import type { Mark } from './mark.ts'

/**
 * The changes that are not committed yet. Each transaction reports its own once, at the commit: without those that a
 * rollback undid, be it of a nested transaction or to a savepoint. A transaction that is retried starts with none.
 */
export class Changes {
  readonly #report: (marks: readonly Mark[]) => unknown
  readonly #pending = new WeakMap<object, Set<Mark>>()

  /** `report` gets the changes that last, or may: after a commit whose outcome is unknown, too. */
  constructor(report: (marks: readonly Mark[]) => unknown) {
    this.#report = report
  }

  /** Adds what a statement changes, before it runs. */
  add({ transaction, onLasting, afterRollback }: QueryEvent, marks: readonly Mark[]): void {
    if (marks.length === 0) return
    if (transaction === undefined) return onLasting(() => this.#report(marks))
    const pending = this.#pending.get(transaction) ?? this.#begin(transaction, onLasting)
    for (const mark of marks) {
      if (pending.has(mark)) continue
      pending.add(mark)
      // A mark that was there before a savepoint stays when later work is undone.
      afterRollback(() => pending.delete(mark))
    }
  }

  #begin(transaction: object, onLasting: QueryEvent['onLasting']): Set<Mark> {
    const pending = new Set<Mark>()
    this.#pending.set(transaction, pending)
    onLasting(() => {
      if (pending.size > 0) return this.#report([...pending])
    })
    return pending
  }
}
