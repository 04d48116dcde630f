import { KantaError } from '../error/index.ts'

/**
 * Imports a library when it is first needed.
 *
 * @throws KantaError `unsupported` if it is not installed.
 */
export async function importPeer<T>(entry: string, name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    if (!isMissing(cause, name)) throw cause
    throw new KantaError('unsupported', `${entry} needs the package '${name}'. Install it: npm install ${name}`, {
      cause,
    })
  }
}

/** Checks if the package itself is missing, not one that it needs. */
function isMissing(cause: unknown, name: string): boolean {
  const { code, message } = cause as { code?: unknown; message?: unknown }
  return (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') && String(message).includes(`'${name}'`)
}
