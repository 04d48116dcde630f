import type { Driver } from '../../src/driver/index.ts'
import type { Dialect } from '../case.ts'

/** A database besides SQLite that tests run on. */
export interface Engine {
  readonly name: string
  readonly dialect: Dialect
  /** Why it cannot be run on this machine. */
  readonly missing?: string | undefined
  /** Whether another engine of the same dialect has the texts of the cases in its snapshot. */
  readonly textsElsewhere?: boolean
  /** Cases that are left out, by name or as `clause: name`, each with the reason. */
  readonly lacks?: Readonly<Record<string, string>>
  /** Makes an empty database, with the settings of the driver that a test needs. */
  create(): Promise<Place>
}

/** An empty database of its own on an engine. */
export interface Place {
  /** Its name on its server. */
  readonly database: string
  driver(options?: { readonly max?: number }): Driver
  /** Creates tables by their texts, where that takes more than the texts, such as shards. */
  createTables?(texts: readonly string[]): Promise<void>
  /** Removes it, once nothing is connected. */
  drop(): Promise<void>
}

/** Runs several statements as text, apart from what is under test as far as that goes. */
export async function script(driver: Driver, texts: readonly string[]): Promise<void> {
  const connection = await driver.connect('write')
  try {
    for (const text of texts) await connection.script(text)
  } finally {
    await connection.close()
  }
}
