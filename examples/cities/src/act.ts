import { setTimeout } from 'node:timers/promises'
import type { Exemption } from 'kanta'
import { capability } from 'kanta/plugins'
import { type Stage, setStage } from './stage.ts'
import { checkAnswer, type Step } from './step.ts'
import { createTrips, dropTrips, type Ran, type TripsFile } from './trips.ts'

/** What a step came to. */
export interface Played {
  readonly statements: readonly Ran[]
  readonly rows: readonly object[]
}

/**
 * Plays steps in their order, in tables of their own, which are gone afterwards. `ran` is where the file puts the
 * statements that run.
 */
export async function play(
  steps: readonly Step[],
  file: TripsFile,
  ran: Ran[],
  tell: (step: Step, played: Played) => void,
  signal: AbortSignal,
): Promise<void> {
  // What a run that was killed has left.
  await dropTrips(file)
  ran.length = 0
  try {
    await createTrips(file)
    const told: Exemption[] = []
    const reports = capability('figures of all agencies')
    const ended = new Map<string, Date>()
    const after = (step: string): Date => ended.get(step) ?? refuse(step)
    const stage: Stage = { ...(await setStage(file, reports, told)), reports, told, after }
    for (const step of steps) {
      const rows = await step.code(stage)
      checkAnswer(step, rows)
      tell(step, { statements: ran.splice(0), rows })
      ended.set(step.name, new Date())
      // What comes next is later, by the clock of SQLite, which counts milliseconds.
      await setTimeout(2)
      signal.throwIfAborted()
    }
  } finally {
    await dropTrips(file)
  }
}

function refuse(step: string): never {
  throw new Error(`There was no step '${step}' yet.`)
}
