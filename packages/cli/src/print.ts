import type { MigrationEvent, MigrationRun, MigrationStatus } from 'kanta/migrate'

const plural = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`

/** Returns a line for an event, or `undefined` to print nothing. */
export function progress(event: MigrationEvent): string | undefined {
  if (event.kind === 'waiting') return `waiting for ${event.holder} (${Math.round(event.waited / 1000)} s)`
  if (event.kind !== 'end') return undefined
  const { name, direction, status, duration, statementCount } = event.result
  const place = `${String(event.number).padStart(String(event.of).length)}/${event.of}`
  const how = status === 'done' || status === 'planned' ? '' : `  ${status}`
  return `${place} ${direction.padEnd(4)} ${name}  ${Math.round(duration)} ms, ${plural(statementCount, 'statement')}${how}`
}

/** Returns a summary of a run. */
export function summary({ results, applied }: MigrationRun): string {
  const appliedText =
    applied.length === 0 ? 'none is applied' : `${applied.length} applied, the last is ${applied.at(-1)}`
  return results.length === 0 ? `Nothing to do: ${appliedText}.` : `Done: ${appliedText}.`
}

/** Returns the SQL of a dry run as a readable script. */
export function script({ results }: MigrationRun): string {
  if (results.length === 0) return '-- Nothing to do.\n'
  return results
    .map(({ name, direction, statements }) => {
      const lines = statements.map(({ sql, parameters, ran }) => {
        const values = parameters === undefined || parameters.length === 0 ? '' : ` -- ${showValues(parameters)}`
        return `${sql};${values}${ran ? '' : ' -- not tried'}`
      })
      return [`-- ${direction} ${name}`, ...lines, ''].join('\n')
    })
    .join('\n')
}

const showValues = (values: readonly unknown[]): string =>
  JSON.stringify(values, (_, value) => (typeof value === 'bigint' ? String(value) : value))

/** Returns a line for each migration. */
export function table(statuses: readonly MigrationStatus[]): string {
  if (statuses.length === 0) return 'There are no migrations.\n'
  const width = Math.max(...statuses.map(({ name }) => name.length))
  return statuses
    .map(({ name, state, drift, appliedAt, duration }) => {
      const when = appliedAt === undefined ? '' : appliedAt.toISOString().replace('T', ' ').slice(0, 19)
      const durationText = duration === undefined ? (state === 'applied' ? 'not run' : '') : `${duration} ms`
      const line = `${state.padEnd(7)}  ${name.padEnd(width)}  ${when.padEnd(19)}  ${durationText.padStart(9)}  ${drift.join(', ')}`
      return `${line.trimEnd()}\n`
    })
    .join('')
}
