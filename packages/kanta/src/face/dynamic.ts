import type { $column, Expression } from '../schema/index.ts'
import type { Optional } from './row.ts'
