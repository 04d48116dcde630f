import type { DatabaseHandle } from '../extend/internal/index.ts'
import type { sql } from '../sql/index.ts'

/** Runs a query and returns its first row. */
export async function firstRow(
  db: DatabaseHandle,
  text: ReturnType<typeof sql>,
): Promise<Record<string, unknown> | undefined> {
  const { rows } = (await text.execute(db)) as { rows: Record<string, unknown>[] }
  return rows[0]
}
