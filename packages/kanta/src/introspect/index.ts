export type {
  Catalog,
  CatalogCheck,
  CatalogColumn,
  CatalogDomain,
  CatalogEnum,
  CatalogForeignKey,
  CatalogIndex,
  CatalogIndexPart,
  CatalogKey,
  CatalogName,
  CatalogSequence,
  CatalogTable,
  CatalogTrigger,
  CatalogView,
  DialectName,
} from './catalog.ts'
export { type IntrospectOptions, introspect, type TableFilter } from './introspect.ts'
export type { Progress } from './source.ts'
