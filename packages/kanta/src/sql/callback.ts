/** The expression builder that callbacks receive. Set once by `expression-builder.ts`, which needs every builder. */
let builder: unknown

export function provideBuilder(eb: unknown): void {
  builder = eb
}

/** What a callback makes of the expression builder. */
export function callBack(callback: Function): unknown {
  return callback(builder)
}
