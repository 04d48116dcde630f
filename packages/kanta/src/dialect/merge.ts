import { refuse } from '../error/index.ts'
import { ctes, type MergePrinters, modifiers, output, returning, top, where } from './print.ts'

/** The printers of merges. */
export const merges: MergePrinters = {
  mergeWhen: (n, w) => w.text(` when ${n.match}`).optional(' and ', n.condition).text(' then ').node(n.action),
  mergeAction: (n, w) => {
    w.text(n.action === 'update' ? 'update set ' : n.action)
    if (n.action === 'insert') w.text(' (').names(n.columns).text(') values (').list(n.values).text(')')
    const sets = n.sets.flatMap((set) => (set.kind === 'update' ? set.sets : [set]))
    w.list(sets)
  },
  merge: (n, w) => {
    ctes(n, w)
    w.text('merge ')
    modifiers(n, 'front', w)
    top(n.top, w)
    w.text('into ').node(n.into!)
    if (n.using === undefined || n.whens.length === 0) refuse('A merge needs using(…) and one when… at least.')
    w.optional(' using ', n.using)
    where(n.on, w, ' on ')
    w.list(n.whens, '')
    output(n.output, w)
    returning(n.returning, w)
    modifiers(n, 'end', w)
  },
}
