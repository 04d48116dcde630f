import { facetsOf } from '../../dialect/index.ts'

/** The facts of a database that a sandbox needs. */
export interface SandboxFacet {
  /** Tells whether a statement that fails ends the transaction, so that each one needs a savepoint. */
  readonly failureEndsTransaction?: boolean
  /** Tells whether a statement that begins with these words ends the transaction. */
  endsTransaction?(words: readonly string[]): boolean
}

const COMMITTING: ReadonlySet<string> = new Set([
  ...['alter', 'create', 'drop', 'rename', 'truncate', 'grant', 'revoke', 'lock', 'unlock', 'analyze', 'optimize'],
  ...['repair', 'cache', 'install', 'uninstall', 'flush', 'reset', 'change', 'stop'],
])

const mysql: SandboxFacet = {
  endsTransaction([first = '', second, third, fourth]) {
    if (first === 'set') return second === 'autocommit' || second === 'password'
    if (first === 'load') return second === 'index'
    if (first === 'start') return second !== 'transaction'
    const isTemporary = second === 'temporary' || (second === 'or' && third === 'replace' && fourth === 'temporary')
    return COMMITTING.has(first) && !((first === 'create' || first === 'drop') && isTemporary)
  },
}

export const sandboxFacets = facetsOf<SandboxFacet>('sandbox()', {
  sqlite: {},
  postgres: {
    failureEndsTransaction: true,
    endsTransaction: ([first, second]) => first === 'prepare' && second === 'transaction',
  },
  mysql,
  mariadb: mysql,
  mssql: undefined,
})
