// The cost of Kanta's types as counts of instantiations, which do not vary from run to run, on every compiler at hand:
// what a program costs in each of three forms, how the cost grows with the schema, and what one wrong call costs.
//
//   node bench/types/measure.mjs [--in FOLDER] [--json]
//
// FOLDER is one from which 'kanta' resolves to a build; without it, that of this workspace.
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chain, columns, errors, heads, objects, schemas } from './workload.mjs'

const { values: options } = parseArgs({
  options: { in: { type: 'string' }, json: { type: 'boolean', default: false } },
})
const here = dirname(fileURLToPath(import.meta.url))
const root = resolve(options.in ?? dirname(here))
const out = join(root, '.type-cost')

// A folder has one compiler, so the older ones have folders of their own.
const compilers = ['bench', 'packages/typescript-6', 'packages/typescript-5'].map((folder) => {
  const require = createRequire(join(dirname(dirname(here)), folder, 'x.js'))
  const file = require.resolve('typescript/package.json')
  return { version: require(file).version, tsc: join(dirname(file), 'bin', 'tsc') }
})

const compilerOptions = {
  strict: true,
  noEmit: true,
  target: 'es2022',
  lib: ['es2023'],
  module: 'nodenext',
  moduleResolution: 'nodenext',
  skipLibCheck: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  types: [],
}

/** The instantiations of a program, and its errors. */
function count(tsc, schema, queries) {
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, 'package.json'), '{"type":"module"}')
  writeFileSync(join(out, 'schema.ts'), schema)
  writeFileSync(join(out, 'queries.ts'), queries)
  writeFileSync(join(out, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['queries.ts'] }))
  let text
  try {
    text = execFileSync(process.execPath, [tsc, '-p', out, '--extendedDiagnostics'], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    })
  } catch (error) {
    text = String(error.stdout)
  }
  const figure = (label) => Number(new RegExp(`^${label}:\\s+([\\d.]+)`, 'm').exec(text)?.[1])
  const found = text.match(/error TS\d+: .*/g) ?? []
  return {
    instantiations: figure('Instantiations'),
    types: figure('Types'),
    seconds: figure('Check time'),
    errors: found.length,
    first: found[0],
  }
}

const forms = {
  'interface, names': [schemas.interfaces, heads.interfaces, chain],
  'schema, names': [schemas.tables, heads.tables, chain],
  'schema, columns': [schemas.tables, heads.tables, objects],
}
const limits = { 'interface, names': 180_000, 'schema, names': 180_000, 'schema, columns': 300_000 }

const results = []
try {
  for (const { version, tsc } of compilers) {
    const result = { version, forms: {}, growth: {}, errors: {} }
    results.push(result)
    for (const [name, [schema, head, statements]] of Object.entries(forms)) {
      // The queries are over the first 100 tables, whatever the schema holds besides.
      const queries = head + Array.from({ length: 300 }, (_, i) => statements(i, 100)).join('\n')
      const small = count(tsc, schema(100, columns), queries)
      const large = count(tsc, schema(500, columns), queries)
      result.forms[name] = { ...small, limit: limits[name] }
      result.growth[name] = large.instantiations / small.instantiations
    }
    const alone = count(tsc, schemas.interfaces(100, columns), heads.interfaces + errors.base)
    for (const [name, statement] of Object.entries(errors.statements)) {
      const wrong = count(tsc, schemas.interfaces(100, columns), `${heads.interfaces}${errors.base}${statement}\n`)
      result.errors[name] = {
        instantiations: wrong.instantiations - alone.instantiations,
        found: wrong.errors,
        message: wrong.first,
      }
    }
  }
} finally {
  rmSync(out, { recursive: true, force: true })
}

if (options.json) console.log(JSON.stringify(results, undefined, 2))
else {
  for (const { version, forms, growth, errors } of results) {
    console.log(`TypeScript ${version}: 100 tables, 300 functions of 3 statements`)
    for (const [name, r] of Object.entries(forms)) {
      const note = r.errors > 0 ? `  ${r.errors} ERRORS, first: ${r.first}` : ''
      console.log(
        `  ${name.padEnd(18)}${String(r.instantiations).padStart(8)} instantiations (limit ${r.limit})  ${r.types} types  ${r.seconds} s  ${growth[name].toFixed(3)}x at 500 tables${note}`,
      )
    }
    for (const [name, r] of Object.entries(errors)) {
      console.log(
        `  ${name.padEnd(18)}${String(r.instantiations).padStart(8)} instantiations (limit 2000)${r.found === 1 ? '' : `  ${r.found} ERRORS`}`,
      )
      console.log(`    ${r.message?.slice(0, 160)}`)
    }
  }
}
