// Keys of properties that exist only in types. They carry what an object stands for, and no completion list shows them.

/** The type of the value that an expression stands for. */
export declare const $value: unique symbol
/** The reference that an operand stands for; `never` for one that needs no table in scope. */
export declare const $ref: unique symbol
/** The reference, with its alias, that a column object stands for in a list of columns. */
export declare const $column: unique symbol
/** `never` for whatever can stand where a string can. */
export declare const $text: unique symbol
/** The row of a table or of a query. */
export declare const $row: unique symbol
/** The name and the alias of a table. */
export declare const $table: unique symbol
/** The name that something has in a query. */
export declare const $alias: unique symbol
