/** The tables that `kanta/migrate` keeps unless told otherwise. */
export const migrationTables = { record: 'kanta_migration', lock: 'kanta_migration_lock' } as const
