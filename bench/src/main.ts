import { writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import * as around from './cases/around.ts'
import * as audit from './cases/audit.ts'
import * as build from './cases/build.ts'
import * as cache from './cases/cache.ts'
import * as chosen from './cases/chosen.ts'
import * as commits from './cases/commit.ts'
import * as firstUse from './cases/first-use.ts'
import * as frames from './cases/frames.ts'
import * as generate from './cases/generate.ts'
import * as heap from './cases/heap.ts'
import * as include from './cases/include.ts'
import * as insert from './cases/insert.ts'
import * as mariadb from './cases/mariadb.ts'
import * as pages from './cases/pages.ts'
import * as plugins from './cases/plugins.ts'
import * as point from './cases/point.ts'
import * as postgres from './cases/postgres.ts'
import * as postgresStream from './cases/postgres-stream.ts'
import * as repository from './cases/repository.ts'
import * as rows from './cases/rows.ts'
import * as shapes from './cases/shapes.ts'
import * as size from './cases/size.ts'
import * as store from './cases/store.ts'
import * as timeTravel from './cases/time-travel.ts'
import { type Case, judge, median, print } from './harness.ts'

const cases: Record<string, Case> = {
  point,
  build,
  insert,
  include,
  pages,
  repository,
  around,
  audit,
  rows,
  chosen,
  frames,
  generate,
  heap,
  shapes,
  'first-use': firstUse,
  size,
  plugins,
  postgres,
  'postgres-stream': postgresStream,
  mariadb,
  'time-travel': timeTravel,
  cache,
  store,
  commit: commits,
}

const help = `npm run bench -- [names…] [--rounds 7] [--json file] [--help]

Compares Kanta with statements written by hand, with Kysely and with Drizzle, in one interleaved run.

${Object.entries(cases)
  .map(([name, { about }]) => `  ${name.padEnd(17)}${about}`)
  .join('\n')}

  --rounds n  rounds of each comparison (7 or more for figures to keep)
  --json file writes every figure of every round to a file`

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '7' }, json: { type: 'string' }, help: { type: 'boolean' } },
})
const rounds = Number(options.rounds)
const unknown = names.find((name) => !Object.hasOwn(cases, name))

if (options.help) console.log(help)
else if (unknown !== undefined || !Number.isInteger(rounds) || rounds < 1) {
  console.error(
    `${unknown === undefined ? '--rounds takes a whole number' : `There is no case ${unknown}`}.\n\n${help}`,
  )
  process.exitCode = 2
} else await main()

async function main(): Promise<void> {
  const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length, load: loadavg()[0] }
  console.log(
    `Node ${machine.node}, ${machine.cores} x ${machine.cpu}, load ${machine.load!.toFixed(2)}, ${rounds} rounds\n`,
  )
  const results = []
  let short = 0
  for (const name of names.length ? names : Object.keys(cases)) {
    for await (const report of cases[name]!.run(rounds)) {
      console.log(print(report))
      const judgements = judge(report)
      short += judgements.filter(({ verdict }) => verdict === 'short').length
      const medians = Object.fromEntries(Object.entries(report.values).map(([key, all]) => [key, median(all)]))
      results.push({ case: name, ...report, medians, judgements })
    }
  }
  if (short) console.log(`${short} short of the target`)
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ machine, rounds, results }, undefined, 2)}\n`)
}
