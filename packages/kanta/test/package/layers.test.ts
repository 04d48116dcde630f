import { basename, dirname } from 'node:path'
import { expect, test } from 'vitest'
import { layers, type Source, sources, target } from './sources.ts'

/** Where a lower number does not say it all: what a folder may import. */
const ONLY: Readonly<Record<string, readonly string[]>> = {
  dialect: ['error', 'ir', 'table', 'sql'],
  driver: ['error', 'dialect', 'table'],
}

const files = sources()
const byPath = new Map(files.map((file) => [file.path, file]))
const folder = (path: string): string => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '')

/** What is wrong, each on a line of its own, so that a failure reads as a list. */
function report(find: (file: Source, wrong: (why: string, line?: number) => void) => void): string {
  const found: string[] = []
  for (const file of files) find(file, (why, line) => found.push(`src/${file.path}${line ? `:${line}` : ''}  ${why}`))
  return found.join('\n')
}

test('every folder has a layer', () => {
  const unknown = new Set(files.map((file) => folder(file.path)).filter((name) => name !== '' && !(name in layers)))
  expect([...unknown]).toEqual([])
})

test('a folder imports only from lower layers', () => {
  const wrong = report((file, wrong) => {
    const from = folder(file.path)
    if (from === '') return
    const layer = layers[from]!
    const only = ONLY[from]
    for (const { from: name, line } of file.imports) {
      const path = target(file.path, name)
      if (path === undefined) continue
      const to = folder(path)
      if (to === from) continue
      if (to === '')
        wrong(`${from}/ imports ${path}; the files at the top are entries, which nothing inside imports.`, line)
      else if (layers[to]! >= layer) wrong(`${from}/ is layer ${layer} and imports ${to}/, layer ${layers[to]!}.`, line)
      else if (only !== undefined && !only.includes(to))
        wrong(`${from}/ may import ${only.join(', ')}, not ${to}/.`, line)
    }
  })
  expect(wrong).toBe('')
})

test('a folder is entered only through its index.ts', () => {
  const wrong = report((file, wrong) => {
    for (const { from, line } of file.imports) {
      const path = target(file.path, from)
      if (path === undefined || basename(path) === 'index.ts') continue
      const inside = dirname(path)
      const here = dirname(file.path)
      if (here !== inside && !here.startsWith(`${inside}/`)) wrong(`imports ${path}; import ${inside}/index.ts.`, line)
    }
  })
  expect(wrong).toBe('')
})

test('face/ has types only', () => {
  const wrong = report((file, wrong) => {
    if (folder(file.path) !== 'face') return
    for (const { from, typeOnly, line } of file.imports) if (!typeOnly) wrong(`imports ${from} without "type".`, line)
    for (const match of file.code.matchAll(
      /^export\s+(?:default\b|(?:async\s+)?function\b|class\b|const\b|let\b|enum\b)/gm,
    )) {
      wrong(`has a value: ${match[0].trim()}.`, file.code.slice(0, match.index).split('\n').length)
    }
  })
  expect(wrong).toBe('')
})

/** The folder of a driver, which alone imports its library. */
const LIBRARY = /^driver\/[^/]+\//

/** Entries of their own, for what only a runtime with files has. */
const ENTRIES_OF_NODE = ['ambient.ts', 'migrate/files.ts', 'debug/scope.ts']

/** The optional packages of features that are no drivers, each in one file. */
const PEERS: Readonly<Record<string, string>> = {
  'infra/breaker.ts': 'cockatiel',
  'debug/format.ts': 'sql-formatter',
  'otel/otel.ts': '@opentelemetry/api',
}

test('only files of driver/ import modules from outside, and what is part of a runtime', () => {
  const wrong = report((file, wrong) => {
    for (const { from, line } of file.imports) {
      if (target(file.path, from) !== undefined || LIBRARY.test(file.path)) continue
      if (PEERS[file.path] === from) continue
      if (ENTRIES_OF_NODE.includes(file.path) && from.startsWith('node:')) continue
      wrong(`imports '${from}'; only driver/<library>/ may.`, line)
    }
  })
  expect(wrong).toBe('')
})

test('outside driver/ nothing needs the globals of Node', () => {
  const wrong = report((file, wrong) => {
    if (folder(file.path) === 'driver') return
    for (const match of file.code.matchAll(
      /(?<![\w.$])(?:process|Buffer|__dirname|__filename|setImmediate)(?=[.([])/g,
    )) {
      const line = file.code.slice(0, match.index).split('\n').length
      wrong(`uses ${match[0]}, which edge runtimes and browsers lack; go by way of globalThis.${match[0]}?.`, line)
    }
  })
  expect(wrong).toBe('')
})

test('no file imports itself by way of others', () => {
  const cycles: string[] = []
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path)
    if (at >= 0) {
      cycles.push([...trail.slice(at), path].join(' → '))
      return
    }
    if (done.has(path)) return
    for (const { from, typeOnly } of byPath.get(path)?.imports ?? []) {
      const next = target(path, from)
      if (next !== undefined && !typeOnly) visit(next, [...trail, path])
    }
    done.add(path)
  }
  for (const { path } of files) visit(path, [])
  expect(cycles.join('\n')).toBe('')
})

const CATCH_ALL = /(?:^|-)(?:utils?|helpers?|common|misc|managers?|shared|types)(?:-|$)/

test('a file is named for its one subject', () => {
  const wrong = report((file, wrong) => {
    const name = basename(file.path)
    if (!/^[a-z0-9]+(?:-[a-z0-9]+)*\.ts$/.test(name)) wrong('is not in kebab case.')
    for (const part of file.path.replace(/\.ts$/, '').split('/')) {
      if (CATCH_ALL.test(part)) wrong(`'${part}' can hold anything; name what is in it.`)
    }
  })
  expect(wrong).toBe('')
})

const MOST_LINES = 700

test(`no file has more than ${MOST_LINES} lines`, () => {
  const wrong = report(({ text }, wrong) => {
    const lines = text.split('\n').length - 1
    if (lines > MOST_LINES) wrong(`has ${lines} lines; split it by subject.`)
  })
  expect(wrong).toBe('')
})
