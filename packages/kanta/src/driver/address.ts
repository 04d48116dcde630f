import type { Address } from './driver.ts'

/** Returns the address in the options of a library, or in its URL. */
export function addressOf(options: object | undefined): Address {
  const { connectionString, host, port, database } = (options ?? {}) as Readonly<Record<string, unknown>>
  const url =
    typeof connectionString === 'string' && URL.canParse(connectionString) ? new URL(connectionString) : undefined
  const given = (value: unknown, inUrl: string | undefined): string | undefined => {
    const text = typeof value === 'string' || typeof value === 'number' ? String(value) : inUrl
    return text === '' ? undefined : text
  }
  const number = Number(given(port, url?.port))
  return {
    host: given(host, url?.hostname),
    port: Number.isInteger(number) ? number : undefined,
    database: given(database, url && decodeURIComponent(url.pathname.slice(1))),
  }
}
