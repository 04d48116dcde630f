export { Changes } from './changes.ts'
export { Dependencies, EVERYTHING, type Mark, marksChanged, marksRead, nameOf } from './mark.ts'
