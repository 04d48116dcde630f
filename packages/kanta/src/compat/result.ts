/** The error of a query that found no row, where `executeTakeFirstOrThrow` is given no other. */
export class NoResultError extends Error {
  /** The query, as an object that is only compared. */
  readonly node: object

  constructor(node: object) {
    super('no result')
    this.name = 'NoResultError'
    this.node = node
  }
}

export type NoResultErrorConstructor = new (node: object) => Error

/** Whether what makes the error is a class. */
export function isNoResultErrorConstructor(
  maker: NoResultErrorConstructor | ((node: object) => Error),
): maker is NoResultErrorConstructor {
  return Object.hasOwn(maker, 'prototype')
}
