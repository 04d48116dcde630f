import type { Plugin } from '../extend/index.ts'
import { renaming } from '../plugins/index.ts'
import { type KyselyPlugin, PLUGIN, type PluginTransformQueryArgs, type PluginTransformResultArgs } from './plugin.ts'

export interface CamelCasePluginOptions {
  /** Writes names in the database in capitals. */
  readonly upperCase?: boolean
  /** Writes `foo12` as `foo_12` in the database. */
  readonly underscoreBeforeDigits?: boolean
  /** Writes `fooBAR` as `foo_b_a_r` in the database. */
  readonly underscoreBetweenUppercaseLetters?: boolean
  /** Keeps the keys of nested objects in rows. */
  readonly maintainNestedObjectKeys?: boolean
}

const isUpper = (sign: string | undefined): boolean => sign !== undefined && sign !== sign.toLowerCase()
const isDigit = (sign: string | undefined): boolean => sign !== undefined && sign >= '0' && sign <= '9'

function snake(name: string, options: CamelCasePluginOptions): string {
  const { upperCase, underscoreBeforeDigits, underscoreBetweenUppercaseLetters } = options
  let made = ''
  for (const [i, sign] of [...name].entries()) {
    const before = name[i - 1]
    const splits = underscoreBetweenUppercaseLetters === true || !isUpper(before)
    const isPart = isUpper(sign) ? splits : underscoreBeforeDigits === true && isDigit(sign) && !isDigit(before)
    if (i > 0 && isPart && !(isDigit(sign) && made.endsWith('_'))) made += '_'
    made += sign.toLowerCase()
  }
  return upperCase === true ? made.toUpperCase() : made
}

function camel(name: string, { upperCase }: CamelCasePluginOptions): string {
  const given = upperCase === true && name === name.toUpperCase() ? name.toLowerCase() : name
  let made = given.slice(0, 1)
  for (let i = 1; i < given.length; i++)
    if (given[i] !== '_') made += given[i - 1] === '_' ? given[i]!.toUpperCase() : given[i]!
  return made
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype

/** Maps camel case in the program to snake case in the database. */
export class CamelCasePlugin implements KyselyPlugin {
  readonly opt: CamelCasePluginOptions

  constructor(opt: CamelCasePluginOptions = {}) {
    this.opt = opt
  }

  get [PLUGIN](): Plugin {
    const plugin = renaming(
      'CamelCasePlugin',
      (name) => this.snakeCase(name),
      (name) => this.camelCase(name),
    )
    if (this.opt.maintainNestedObjectKeys === true) return plugin
    const mapRows = (rows: unknown): unknown =>
      Array.isArray(rows) ? rows.map((row) => (isPlain(row) ? this.#mapValues(row) : row)) : rows
    return { ...plugin, hooks: [{ name: plugin.name, around: async (_, next) => mapRows(await next()) }] }
  }

  transformQuery({ node }: PluginTransformQueryArgs): object {
    return node
  }

  async transformResult({ result }: PluginTransformResultArgs): Promise<PluginTransformResultArgs['result']> {
    return { ...result, rows: result.rows.map((row) => this.mapRow(row)) }
  }

  protected mapRow(row: Record<string, unknown>): Record<string, unknown> {
    return Object.fromEntries(Object.entries(row).map(([key, value]) => [this.camelCase(key), this.#map(value)]))
  }

  protected snakeCase(name: string): string {
    return snake(name, this.opt)
  }

  protected camelCase(name: string): string {
    return camel(name, this.opt)
  }

  /** Maps the values of a row whose names are mapped already. */
  #mapValues(row: Record<string, unknown>): Record<string, unknown> {
    return Object.fromEntries(Object.entries(row).map(([key, value]) => [key, this.#map(value)]))
  }

  #map(value: unknown): unknown {
    if (this.opt.maintainNestedObjectKeys === true) return value
    if (Array.isArray(value)) return value.map((item) => (isPlain(item) ? this.mapRow(item) : item))
    return isPlain(value) ? this.mapRow(value) : value
  }
}
