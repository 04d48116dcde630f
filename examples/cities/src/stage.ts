import type { Capability, Exemption, Hook } from 'kanta'
import { audit } from 'kanta/audit'
import { createExecutor, softDelete, tenant, timestamps } from 'kanta/plugins'
import { timeTravel } from 'kanta/time-travel'
import type { TripsFile } from './trips.ts'

/** What the steps of the second act work with. */
export type Stage = Awaited<ReturnType<typeof setStage>> & {
  /** Whoever holds it reads past the agencies. */
  readonly reports: Capability
  /** What the hook was told of. */
  readonly told: readonly Exemption[]
  /** The instant at which a step had ended. */
  after(step: string): Date
}

/** The file with all plugins in force, for one agency and for the other. */
export async function setStage(
  file: TripsFile,
  reports: Capability,
  told: Exemption[],
) {
  const db = await createExecutor(file, [
    tenant({
      column: 'agency',
      context: 'agency',
      shared: ['city', 'country'],
      capability: reports,
    }),
    softDelete({
      cascade: true,
      deletedBy: { column: 'deleted_by', context: 'user' },
    }),
    timestamps(),
    audit({ actor: 'user', reason: 'why', statePolicies: ['softDelete'] }),
    timeTravel({ tables: ['trip', 'stop'], current: ['city', 'country'] }),
    { name: 'notice', hooks: [noticeOf(told)] },
  ])
  const lynx = db.as({ agency: 'Lynx', user: 'Aino' })
  const otter = db.as({ agency: 'Otter', user: 'Ben' })
  return { db, lynx, otter }
}

/** A hook that is told which policies a statement does without. */
const noticeOf = (told: Exemption[]): Hook => ({
  name: 'notice',
  around: (event, next) => {
    told.push(...event.exemptions)
    return next()
  },
})
