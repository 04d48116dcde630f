export { type Snapshot, snapshot } from './snapshot.ts'
