import { parseArgs } from 'node:util'

/** A call that cannot be meant. */
export class UsageError extends Error {}

export const HELP = `kanta migrate <command>

  latest                apply all pending migrations
  up [n]                apply the next one, or the next n
  down [n]              revert the last one, or the last n
  to <name>             apply or revert until this is the last one; 'none' reverts all
  status                how each migration stands; with --check it ends with 3 unless all are applied
  make <name>           write the file of a new migration (--kind ts, js or sql)
  baseline <name>       mark it and all before it as applied, without running them
  resolve <name> <as>   say how a dirty migration stands: applied or rolled-back

  --config <path>       the configuration; kanta.config.ts or .js of this folder unless said
  --dry-run             print the SQL of latest, up, down or to, and change nothing
  --help, --version
`

/** How many words each command takes after it: at least and at most. */
const COMMANDS = {
  latest: [0, 0],
  up: [0, 1],
  down: [0, 1],
  to: [1, 1],
  status: [0, 0],
  make: [1, 1],
  baseline: [1, 1],
  resolve: [2, 2],
} as const

export type Command = keyof typeof COMMANDS

/** A call as it was meant. */
export interface Call {
  readonly command: Command
  readonly words: readonly string[]
  readonly config: string | undefined
  readonly dryRun: boolean
  readonly check: boolean
  readonly kind: string | undefined
}

const OPTIONS = {
  config: { type: 'string' },
  'dry-run': { type: 'boolean' },
  check: { type: 'boolean' },
  kind: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const

/** For which commands an option is. */
const FOR: Readonly<Record<'dry-run' | 'check' | 'kind', readonly Command[]>> = {
  'dry-run': ['latest', 'up', 'down', 'to'],
  check: ['status'],
  kind: ['make'],
}

/** Reads the words of a call. */
export function readCall(args: readonly string[]): Call | 'help' | 'version' {
  const { values, positionals } = parse(args)
  if (values.version) return 'version'
  const [group, command, ...words] = positionals
  if (values.help || group === undefined) return 'help'
  if (group !== 'migrate') throw new UsageError(`There is no '${group}'. There is: kanta migrate`)
  if (command === undefined) return 'help'
  if (!Object.hasOwn(COMMANDS, command))
    throw new UsageError(`There is no 'migrate ${command}'. There are: ${Object.keys(COMMANDS).join(', ')}.`)
  const [least, most] = COMMANDS[command as Command]
  if (words.length < least) throw new UsageError(`migrate ${command} needs more: see kanta --help.`)
  if (words.length > most) throw new UsageError(`migrate ${command} does not take '${words[most]}'.`)
  for (const [option, commands] of Object.entries(FOR))
    if (values[option as keyof typeof FOR] !== undefined && !commands.includes(command as Command))
      throw new UsageError(`--${option} is for ${commands.join(', ')}, and not for ${command}.`)
  const { config, kind } = values
  return {
    command: command as Command,
    words,
    config,
    dryRun: values['dry-run'] === true,
    check: values.check === true,
    kind,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}
