import { titleOf } from '../dialect/index.ts'
import { refuse, show } from '../error/index.ts'
import { DatabaseHandle, dialectOf, pluginsOf, poolOf } from '../extend/internal/index.ts'
import type { Database } from '../face/index.ts'
import { HeldConnections } from './held-connections.ts'
import { NPlusOnePlugin } from './n-plus-one.ts'
import { Profiler } from './profiler.ts'

/**
 * Returns all that the plugins of this entry know of a database as one page of text: its pool, what holds connections,
 * N+1 findings, and the statements with the most time.
 *
 * @example
 * ```ts
 * const live = db.withPlugins([profiler(), nPlusOne(), heldConnections()])
 * console.log(report(live))
 * ```
 */
export function report(db: Pick<Database<{}>, 'destroy'>): string {
  const pool = db instanceof DatabaseHandle ? poolOf(db) : undefined
  if (!(db instanceof DatabaseHandle) || pool === undefined)
    return refuse(`report() takes a whole database, not ${show(db)}.`)
  const { max, open, idle, inUse, waiting, readers, held } = pool.facts
  const counted = (facts: { max: number; open: number; idle: number; inUse: number; waiting: number }): string =>
    `${facts.open} of ${facts.max} open, ${facts.inUse} in use, ${facts.idle} idle, ${facts.waiting} waiting`
  const sections = [
    `${titleOf(dialectOf(db))}`,
    `Connections: ${counted({ max, open, idle, inUse, waiting })}${readers === undefined ? '' : `; for reads ${counted(readers)}`}`,
    ...held.map(({ purpose, milliseconds }) => `  held by ${purpose} for ${Math.round(milliseconds)} ms`),
  ]
  for (const plugin of pluginsOf(db)) sections.push(...sectionOf(plugin))
  return `${sections.join('\n')}\n`
}

function sectionOf(plugin: object): readonly string[] {
  if (plugin instanceof HeldConnections)
    return [
      '',
      `Held connections: ${plugin.held.length}`,
      ...plugin.held.map(
        ({ kind, milliseconds, frames }) => `  ${kind} for ${Math.round(milliseconds)} ms, begun at ${frames[0]}`,
      ),
    ]
  if (plugin instanceof NPlusOnePlugin)
    return [
      '',
      `N+1: ${plugin.findings.length}`,
      ...plugin.findings.flatMap(({ count, at, sql, remedy }) => [
        `  ${count} × ${sql}`,
        `    at ${at}`,
        `    ${remedy}`,
      ]),
    ]
  return plugin instanceof Profiler ? ['', 'Statements, those with the most time first', plugin.table()] : []
}
