/** The folder of this package, whose frames say nothing to a reader; `undefined` where it is bundled. */
const own = /((?:file:\/\/)?[^\s(]*)\/debug\/stack\.[jt]s/.exec(String(new Error().stack))?.[1]

/** The number of frames that are looked at: those of this package come first. */
const FRAMES = 60

/** Returns the frames of the code that called this package, the innermost first. */
export function callerFrames(): readonly string[] {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = FRAMES
  const { stack = '' } = new Error()
  Error.stackTraceLimit = stackTraceLimit
  return stack
    .split('\n')
    .slice(1)
    .map((line) => line.trim().replace(/^at /, ''))
    .filter((line) => !(own !== undefined && line.includes(`${own}/`)) && !/node:internal|\/cockatiel\//.test(line))
}
