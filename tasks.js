// What the scripts of package.json do. Whatever Node npm runs on, a task runs on the Node that `npm install` brought
// along. No task calls npm, since the npm of a distribution does not run on another Node than its own.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(fileURLToPath(import.meta.url))
const windows = process.platform === 'win32'
/** What runs TypeScript and has node:sqlite. */
const LEAST = [22, 18]

/** The random tests, and the settings by which they run longer: those of the environment, or these many times more. */
const RANDOM = [
  'test/props',
  'test/escape',
  'test/rls/props',
  'test/diff/props',
  'test/values/differential',
  'test/testing/generate-random',
  'test/commit',
  'test/store',
  'test/types/types',
  'test/compat/types',
  'test/package/contents',
  'test/engine/sharded',
  'test/engine/kysely-dialect',
]
const LONG = {
  FUZZ_RUNS: 20_000,
  KANTA_ESCAPE: 20_000,
  KANTA_INTERFERENCE: 50_000,
  RLS_RUNS: 200,
  VALUES_RUNS: 2_000,
  DIFF_PAIRS: 1_000,
  GENERATE_RUNS: 1_000,
  SHARDED_CASES: 10_000,
  DIALECT_CASES: 10_000,
  COMMIT_SECONDS: 60,
}
/** Settings of tests that then run all of something in place of a part. */
const WHOLE = { COMMIT_KILLS: 'all', STORE_LONG: '1', TYPE_VERSIONS: 'all' }
const HELP_LONG = `npm run test:long -- [--times <number>] [name …]

Runs the random tests long, about an hour on two cores: queries, writes and diffs against oracles, policies
against what they hide, all cases on sharded engines, programs that are killed at each call. With --times 20
the statements under policies are 1,000,000 an engine, and it takes a night; names choose among the test files.
The environment sets the runs and the seeds one by one:
  ${Object.entries(LONG)
    .map(([name, runs]) => `${name}=${runs}`)
    .join('  ')}
  FUZZ_SEED  KANTA_ESCAPE_SEED  RLS_SEED  VALUES_SEED  GENERATE_SEED`

const tasks = {
  demo(args) {
    tasks.build()
    run('node', ['--disable-warning=ExperimentalWarning', 'src/main.ts', ...args], 'examples/cities')
  },
  api() {
    const options = ['--disable-warning=ExperimentalWarning', '--conditions=kanta-source']
    run('node', [...options, 'src/main.ts'], 'examples/api')
  },
  build() {
    step('build')
    for (const name of ['kanta', 'cli']) {
      rmSync(join(root, `packages/${name}/dist`), { recursive: true, force: true })
      tsc(`packages/${name}/tsconfig.build.json`)
    }
  },
  check() {
    step('format and lint')
    run('biome', ['check', '.'])
    step('types')
    tsc('tsconfig.json')
  },
  format() {
    run('biome', ['check', '--write', '.'])
  },
  test(args) {
    tasks.check()
    tasks.build()
    step('tests (about a quarter of an hour on two cores; a line for each file)')
    run('vitest', ['run', ...args])
  },
  'test:long'(args) {
    if (args.includes('--help')) return console.log(HELP_LONG)
    const at = args.indexOf('--times')
    const times = at < 0 ? 1 : Number(args.splice(at, 2)[1])
    if (!(times > 0)) fail('--times takes how many times longer the tests run, such as 20.')
    for (const [name, runs] of Object.entries(LONG)) process.env[name] ??= String(Math.ceil(runs * times))
    for (const [name, value] of Object.entries(WHOLE)) process.env[name] ??= value
    run('vitest', ['run', '--project', 'all', ...(args.length > 0 ? args : RANDOM)])
  },
  'test:watch'(args) {
    run('vitest', args)
  },
  bench(args) {
    tasks.build()
    run('node', ['--run', 'bench', '--', ...args], 'bench')
  },
  'bench:types'(args) {
    tasks.build()
    run('node', ['bench/types/compare.ts', ...args])
  },
}

/** The folder of the Node of this repository, or of the one that runs this. */
function folderOfNode() {
  try {
    const name = `node-${windows ? 'win' : process.platform}-${process.arch}`
    return join(dirname(createRequire(join(root, 'package.json')).resolve(`${name}/package.json`)), 'bin')
  } catch {
    const [major, minor] = process.versions.node.split('.').map(Number)
    if (major < LEAST[0] || (major === LEAST[0] && minor < LEAST[1])) {
      fail(
        `No Node came with npm install for ${process.platform} ${process.arch}. Use Node ${LEAST.join('.')} or later.`,
      )
    }
    return dirname(process.execPath)
  }
}

const path = [folderOfNode(), join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter)

const started = Date.now()

/** Says what begins, and how long the task has run. */
function step(what) {
  console.log(`\n${Math.round((Date.now() - started) / 1000)} s: ${what}`)
}

/** Runs a command in a folder of the repository; where it fails, everything ends. */
function run(command, args, folder = '.') {
  const env = { ...process.env, PATH: path }
  const { status, error } = spawnSync(command, args, { cwd: join(root, folder), env, shell: windows, stdio: 'inherit' })
  if (error !== undefined) fail(`${command}: ${error.message}. Run npm install first.`)
  if (status !== 0) process.exit(status ?? 1)
}

/** By its path, since other versions of TypeScript, which tests use, go by the same name. */
function tsc(config) {
  run('node', ['node_modules/typescript/bin/tsc', '-p', config])
}

function fail(message) {
  console.error(message)
  process.exit(1)
}

// What is interrupted is the task; this waits until it has tidied up.
process.on('SIGINT', () => {})

const [name, ...args] = process.argv.slice(2)
if (!Object.hasOwn(tasks, name ?? '')) fail(`There is no task ${name}. There are: ${Object.keys(tasks).join(', ')}.`)
tasks[name](args)
