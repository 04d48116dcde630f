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

kanta pull              write the tables of the database as TypeScript (--out <file>, or to the output)
kanta diff [module]     show the SQL that leads from the database to the table() values of a module; by default the
                        schema of the configuration
  --out <name>          write it as a migration of this name
  --rename <old>=<new>  a table or a table.column that has a new name; without a new one it is dropped
  --check               exit with 3 if the database differs

kanta doctor            check the connection, the pool, settings that hurt, migrations and tables; exit with 3 if
                        something should be mended, with 1 if the database cannot be reached
  --json                write the checks as JSON

kanta seed [file]       write rows that meet every constraint: those of a file (options of generate(), or a function
                        of the database), and those of --rows
  --rows <table>=<n>    how many rows of a table; may be given several times
  --seed <seed>         another seed gives other rows; by default that of the file, or 1
  --dry-run             make all rows, and write none

  --config <path>       the configuration; by default kanta.config.ts or .js of this folder
  --dry-run             print the SQL of latest, up, down or to, and change nothing
  --help, --version
`

/** The minimum and maximum number of arguments of each command of `kanta migrate`. */
const MIGRATE = {
  latest: [0, 0],
  up: [0, 1],
  down: [0, 1],
  to: [1, 1],
  status: [0, 0],
  make: [1, 1],
  baseline: [1, 1],
  resolve: [2, 2],
} as const

/** The same of the commands that stand alone. */
const ALONE = { pull: [0, 0], diff: [0, 1], doctor: [0, 0], seed: [0, 1] } as const

export type Command = keyof typeof MIGRATE | keyof typeof ALONE

/** A parsed call. */
export interface Call {
  readonly command: Command
  readonly words: readonly string[]
  readonly config: string | undefined
  readonly dryRun: boolean
  readonly check: boolean
  readonly kind: string | undefined
  readonly json: boolean
  readonly out: string | undefined
  readonly renames: readonly string[]
  readonly rows: readonly string[]
  readonly seed: string | undefined
}

const OPTIONS = {
  config: { type: 'string' },
  'dry-run': { type: 'boolean' },
  check: { type: 'boolean' },
  json: { type: 'boolean' },
  kind: { type: 'string' },
  out: { type: 'string' },
  rename: { type: 'string', multiple: true },
  rows: { type: 'string', multiple: true },
  seed: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const

/** The commands that an option applies to. */
const COMMANDS_OF: Readonly<Record<Exclude<keyof typeof OPTIONS, 'config' | 'help' | 'version'>, readonly Command[]>> =
  {
    'dry-run': ['latest', 'up', 'down', 'to', 'seed'],
    check: ['status', 'diff'],
    json: ['doctor'],
    kind: ['make'],
    out: ['pull', 'diff'],
    rename: ['diff'],
    rows: ['seed'],
    seed: ['seed'],
  }

/** Parses the arguments of a call. */
export function readCall(args: readonly string[]): Call | 'help' | 'version' {
  const { values, positionals } = parse(args)
  if (values.version) return 'version'
  const [group, ...others] = positionals
  if (values.help || group === undefined || (group === 'migrate' && others.length === 0)) return 'help'
  const isAlone = Object.hasOwn(ALONE, group)
  if (!isAlone && group !== 'migrate')
    throw new UsageError(
      `Unknown command '${group}'. Use one of: kanta migrate, ${Object.keys(ALONE)
        .map((each) => `kanta ${each}`)
        .join(', ')}.`,
    )
  const [command, words] = isAlone ? [group, others] : [others[0]!, others.slice(1)]
  const called = isAlone ? command : `migrate ${command}`
  const limits: Readonly<Record<string, readonly [number, number]>> = isAlone ? ALONE : MIGRATE
  if (!Object.hasOwn(limits, command))
    throw new UsageError(`Unknown command '${called}'. Use one of: ${Object.keys(MIGRATE).join(', ')}.`)
  const [min, max] = limits[command]!
  if (words.length < min) throw new UsageError(`${called} needs more arguments. See kanta --help.`)
  if (words.length > max) throw new UsageError(`${called} does not take '${words[max]}'.`)
  for (const [option, commands] of Object.entries(COMMANDS_OF))
    if (values[option as keyof typeof COMMANDS_OF] !== undefined && !commands.includes(command as Command))
      throw new UsageError(`--${option} applies to ${commands.join(', ')}, not to ${command}.`)
  const { config, kind, out, seed, rename = [], rows = [] } = values
  return {
    command: command as Command,
    words,
    config,
    dryRun: values['dry-run'] === true,
    check: values.check === true,
    json: values.json === true,
    kind,
    out,
    renames: rename,
    rows,
    seed,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}
