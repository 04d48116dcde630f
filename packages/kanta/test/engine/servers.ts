/** Where a server answers, or why there is none on this machine. */
export type Address =
  | {
      readonly host: string
      readonly port: number
      readonly user: string
      readonly password?: string
      readonly database: string
    }
  | { readonly missing: string }

/** The servers of a test run. */
export interface Servers {
  readonly postgres: Address
  readonly mariadb: Address
}

declare module 'vitest' {
  export interface ProvidedContext {
    servers: Servers
  }
}
