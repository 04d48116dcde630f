import type { TransactionFrame, TransactionSettings, TransactionSql } from '../../dialect/index.ts'

/** Runs a statement and returns its rows. */
export type Ask = (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>

/** Two-phase commit of a database. */
export interface TwoPhase {
  /** Returns the names of the transactions that are prepared in this database. */
  list(ask: Ask): Promise<readonly string[]>
  commit(id: string): string
  rollback(id: string): string
}

/** The abilities of a database in a commit over several databases. */
export interface Ability {
  /** Is missing where transactions cannot be prepared: what they did is then kept with the decision, to be redone. */
  readonly twoPhase: TwoPhase | undefined
  /** Is true if a query may write, by a function of the database. */
  readonly queriesMayWrite: boolean
  /**
   * Returns the statements around a transaction whose commit is on the disk when it returns. With `id` it can be
   * prepared under that name.
   */
  frame(settings: TransactionSettings, id: string | undefined): TransactionFrame | undefined
  /** Refuses in a transaction what the commit would refuse: constraints that are checked at its end. */
  validate(ask: Ask): Promise<void>
}

/** A database in a commit over several databases. */
export interface CommitFacet {
  /**
   * Asks a server what it can do.
   *
   * @throws KantaError `unsupported` for settings under which a commit may be lost.
   */
  ability(ask: Ask, sql: TransactionSql): Promise<Ability>
}

/** Returns the statements that a dialect puts around a transaction. */
export const frameOf = (sql: TransactionSql, settings: TransactionSettings): TransactionFrame => ({
  begin: sql.begin(settings),
  commit: [sql.commit],
  rollback: [sql.rollback],
  after: sql.after(settings),
})
