/** What the types cost: the work of the compiler for one program, as each library has it written. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Workload, workloads } from './libraries.ts'

const help = `npm run bench:types [-- --tables 100 --functions 300 --only kanta]

Counts what TypeScript does for functions of three statements each, over tables of 20 columns. The counts are the same
in every run; times are not, so read them as ratios.`

const { values: options } = parseArgs({
  options: {
    tables: { type: 'string', default: '100' },
    functions: { type: 'string', default: '300' },
    only: { type: 'string', default: '' },
    help: { type: 'boolean' },
  },
})

/** What the compiler says of a program. */
interface Figures {
  readonly instantiations: number
  readonly types: number
  readonly memory: number
  readonly seconds: number
}

const folder = join(import.meta.dirname, '.programs')
const tsc = join(createRequire(import.meta.url).resolve('typescript/package.json'), '../bin/tsc')
const compilerOptions = {
  ...{ allowImportingTsExtensions: true, exactOptionalPropertyTypes: true, lib: ['es2023', 'esnext.disposable'] },
  ...{ module: 'nodenext', noEmit: true, noUncheckedIndexedAccess: true, skipLibCheck: true, strict: true },
  ...{ target: 'es2023', types: [] },
}

function measure(name: string, { schema, queries }: Workload): Figures {
  const place = join(folder, name.replaceAll(/\W+/g, '-'))
  mkdirSync(place, { recursive: true })
  writeFileSync(join(place, 'schema.ts'), schema)
  writeFileSync(join(place, 'queries.ts'), queries)
  writeFileSync(join(place, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['queries.ts'] }))
  const args = [tsc, '-p', place, '--extendedDiagnostics', '--pretty', 'false']
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (status !== 0) throw new Error(`${name} does not compile:\n${stdout.split('\n').slice(0, 5).join('\n')}`)
  const figure = (label: string): number => Number(new RegExp(`^${label}:\\s+([\\d.]+)`, 'm').exec(stdout)?.[1])
  return {
    instantiations: figure('Instantiations'),
    types: figure('Types'),
    memory: figure('Memory used'),
    seconds: figure('Check time'),
  }
}

function main(): void {
  const [tables, functions] = [Number(options.tables), Number(options.functions)]
  console.log(`${tables} tables, ${functions} functions of 3 statements\n`)
  const title = ['instantiations', 'of Kysely', 'types', 'memory', 'check', 'of Kysely']
  console.log(`${''.padEnd(30)}${title.map((word) => word.padStart(15)).join('')}`)
  let kysely: Figures | undefined
  for (const [name, workload] of Object.entries(workloads(tables, functions))) {
    if (name !== 'kysely' && !name.startsWith(options.only)) continue
    const it = measure(name, workload)
    kysely ??= it
    const cells = [
      it.instantiations.toLocaleString('en'),
      (it.instantiations / kysely.instantiations).toFixed(3),
      it.types.toLocaleString('en'),
      `${Math.round(it.memory / 1024)} MB`,
      `${it.seconds.toFixed(2)} s`,
      (it.seconds / kysely.seconds).toFixed(2),
    ]
    console.log(`${name.padEnd(30)}${cells.map((cell) => cell.padStart(15)).join('')}`)
  }
}

if (options.help) console.log(help)
else {
  try {
    main()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
