import type { Printers } from '../../dialect/index.ts'

/** The punctuation of the options of `explain`. */
interface Signs {
  readonly open: string
  readonly assign: string
  readonly separator: string
  readonly close: string
}

/** Returns a printer of `explain` with options. */
export const explainWith =
  ({ open, assign, separator, close }: Signs): Printers['explain'] =>
  (n, w) => {
    w.text('explain ')
    if (n.options !== undefined || n.format !== undefined) {
      w.text(open).optional('', n.options)
      if (n.format !== undefined) w.text(`${n.options === undefined ? '' : separator}format${assign}${n.format}`)
      w.text(`${close} `)
    }
    w.statement(n.statement)
  }

export const explainInWords = explainWith({ open: '', assign: '=', separator: ' ', close: '' })
