import { parseArgs } from 'node:util'

/** An error in the arguments or the configuration. */
export class UsageError extends Error {}

export const HELP = `kanta migrate <command>

  latest                apply all pending migrations
  up [n]                apply the next one, or the next n
  down [n]              revert the last one, or the last n
  to <name>             apply or revert until it is the last applied; 'none' reverts all
  status                show the state of each migration; with --check, exit with 3 unless all are applied
  make <name>           write the file of a new migration (--kind ts, js or sql)
  baseline <name>       mark it and all before it as applied, without running them
  resolve <name> <as>   record the state of a dirty migration: applied or rolled-back

  --config <path>       the configuration; by default kanta.config.ts or .js of this folder
  --dry-run             print the SQL of latest, up, down or to, and change nothing
  --help, --version
`

/** The minimum and maximum number of arguments of each command. */
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

/** A parsed call. */
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

/** The commands that an option applies to. */
const COMMANDS_OF: Readonly<Record<'dry-run' | 'check' | 'kind', readonly Command[]>> = {
  'dry-run': ['latest', 'up', 'down', 'to'],
  check: ['status'],
  kind: ['make'],
}

/** Parses the arguments of a call. */
export function readCall(args: readonly string[]): Call | 'help' | 'version' {
  const { values, positionals } = parse(args)
  if (values.version) return 'version'
  const [group, command, ...words] = positionals
  if (values.help || group === undefined) return 'help'
  if (group !== 'migrate') throw new UsageError(`Unknown command '${group}'. Use: kanta migrate`)
  if (command === undefined) return 'help'
  if (!Object.hasOwn(COMMANDS, command))
    throw new UsageError(`Unknown command 'migrate ${command}'. Use one of: ${Object.keys(COMMANDS).join(', ')}.`)
  const [min, max] = COMMANDS[command as Command]
  if (words.length < min) throw new UsageError(`migrate ${command} needs more arguments. See kanta --help.`)
  if (words.length > max) throw new UsageError(`migrate ${command} does not take '${words[max]}'.`)
  for (const [option, commands] of Object.entries(COMMANDS_OF))
    if (values[option as keyof typeof COMMANDS_OF] !== undefined && !commands.includes(command as Command))
      throw new UsageError(`--${option} applies to ${commands.join(', ')}, not to ${command}.`)
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
