import { serverDriverSuite } from '../conformance/server-driver.ts'
import { postgres } from '../engine/postgres.ts'
import { postgresTexts } from './postgres-texts.ts'

serverDriverSuite('pg', { engine: postgres, texts: postgresTexts })
