import type { Node } from '../run/index.ts'

/** Functions that return another value at each call in one statement. */
const VOLATILE =
  /^(?:rand|random|random_normal|randomblob|uuid\w*|sys_guid|gen_random_\w+|nextval|lastval|setval|clock_timestamp|timeofday|sysdate|newid|newsequentialid)$/i
const WORDS = /[\p{L}_][\p{L}\p{N}_$]*/gu

/** Returns the volatile function that a node itself calls, not its parts. */
export function volatileFunctionIn(part: Node): string | undefined {
  switch (part.kind) {
    case 'call':
    case 'aggregate':
      return [part.name.slice(part.name.lastIndexOf('.') + 1)].find((name) => VOLATILE.test(name))
    case 'raw':
      return part.strings.flatMap((text) => text.match(WORDS) ?? []).find((name) => VOLATILE.test(name))
    case 'identifier':
      return part.names.find((name) => VOLATILE.test(name))
    case 'word':
      return part.text.match(WORDS)?.find((name) => VOLATILE.test(name))
    default:
      return undefined
  }
}
