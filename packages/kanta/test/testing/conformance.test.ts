import { afterAll, beforeAll, describe, test } from 'vitest'
import { audit } from '../../src/audit/index.ts'
import { repository } from '../../src/repository/index.ts'
import { driverConformance, repositoryConformance } from '../../src/testing/conformance/index.ts'
import { engines } from '../relations/ground.ts'
import type { Any, Ground } from '../tenant/ground.ts'

// A PGlite for each test would take minutes; the driver of PostgreSQL has its dialect.
describe.each(engines.filter(({ name }) => name !== 'pglite'))('$name', (engine: Ground) => {
  if (engine.missing !== undefined) {
    test.skip(`${engine.name}: ${engine.missing}`, () => {})
    return
  }
  let place: Awaited<ReturnType<Ground['create']>>
  beforeAll(async () => {
    place = await engine.create()
  })
  afterAll(async () => {
    await place?.drop()
  })
  driverConformance({ describe, test }, { make: () => place.driver() as Any })
  repositoryConformance({ describe, test }, { make: () => place.driver() as Any })
  describe('with plugins', () => {
    const plugins = [audit()]
    repositoryConformance(
      { describe, test },
      {
        make: () => place.driver() as Any,
        repository: (db, rows) => repository(db.withPlugins(plugins), rows) as Any,
      },
    )
  })
})
