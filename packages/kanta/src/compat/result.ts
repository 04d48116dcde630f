/** The default error of `executeTakeFirstOrThrow` for a query without rows. */
export class NoResultError extends Error {
  /** The query, as an opaque object to compare. */
  readonly node: object

  constructor(node: object) {
    super('no result')
    this.name = 'NoResultError'
    this.node = node
  }
}

export type NoResultErrorConstructor = new (node: object) => Error

/** Checks if the error maker is a class. */
export function isNoResultErrorConstructor(
  maker: NoResultErrorConstructor | ((node: object) => Error),
): maker is NoResultErrorConstructor {
  return Object.hasOwn(maker, 'prototype')
}
