import type { Node } from '../../ir/index.ts'
import type { Codec } from '../../table/index.ts'
import { type DecimalColumns, type Decimals, registerDecimals } from '../decimals.ts'
import type { Dialect } from '../dialect.ts'
import { facetsOf } from '../facet.ts'
import { CastPass, NumericPass } from './cast.ts'
import { scaledColumns } from './column.ts'
import { type DecimalPass, definesDecimals, hasDecimals } from './pass.ts'
import { ScaledPass } from './scaled.ts'

function decimalsBy(pass: () => DecimalPass, columns?: DecimalColumns): Decimals {
  return {
    columns,
    statement: (tree) => {
      if (!hasDecimals(tree)) return { tree, codecs: NONE }
      const one = pass()
      return { tree: one.statement(tree).node, codecs: one.codecs }
    },
    expression: (node, table, column) => {
      if (!definesDecimals(table)) return node
      const one = pass()
      const value = one.ofTable(node, table)
      return column === undefined ? value.node : one.stored(value, one.columnOf(table, column))
    },
  }
}

const NONE: ReadonlyMap<Node, Codec> = new Map()

const facets = facetsOf<Decimals>('Decimals', {
  sqlite: decimalsBy(() => new ScaledPass(), scaledColumns),
  postgres: decimalsBy(() => new NumericPass()),
  mysql: decimalsBy(() => new CastPass()),
  mariadb: decimalsBy(() => new CastPass()),
  mssql: decimalsBy(() => new CastPass()),
})

export function declareDecimals(): void {
  registerDecimals((dialect: Dialect) => facets.find(dialect))
}
