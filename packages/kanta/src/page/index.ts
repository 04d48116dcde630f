export {
  type Connection,
  type ConnectionOptions,
  type CursorOptions,
  type CursorPage,
  paginateCursor,
  relayConnection,
} from './cursor.ts'
export { docsPage, type KeysetDocs, type OffsetDocs } from './docs.ts'
export { type OffsetPage, type PageOptions, paginate } from './offset.ts'
