import { extend } from './chain.ts'
import { Definition } from './definition.ts'
import { columnList } from './schema-part.ts'
import { queryNode } from './schema-table.ts'

/** `create view …` */
export class CreateViewBuilder extends Definition<'createView'> {
  temporary(): CreateViewBuilder {
    return extend(this, 'temporary', true)
  }

  materialized(): CreateViewBuilder {
    return extend(this, 'materialized', true)
  }

  ifNotExists(): CreateViewBuilder {
    return extend(this, 'ifNotExists', true)
  }

  orReplace(): CreateViewBuilder {
    return extend(this, 'orReplace', true)
  }

  columns(columns: unknown): CreateViewBuilder {
    return extend(this, 'columns', columnList(columns, 'columns'))
  }

  as(query: unknown): CreateViewBuilder {
    const args: unknown[] = []
    return extend(this, 'query', queryNode(query, args, 'createView().as'), args)
  }
}

/** `refresh materialized view …` */
export class RefreshMaterializedViewBuilder extends Definition<'refreshView'> {
  concurrently(): RefreshMaterializedViewBuilder {
    return extend(this, 'concurrently', true)
  }

  withData(): RefreshMaterializedViewBuilder {
    return extend(this, 'withNoData', false)
  }

  withNoData(): RefreshMaterializedViewBuilder {
    return extend(this, 'withNoData', true)
  }
}
