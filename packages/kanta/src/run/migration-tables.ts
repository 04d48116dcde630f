/** The default names of the tables of `kanta/migrate`. */
export const migrationTables = { record: 'kanta_migration', lock: 'kanta_migration_lock' } as const
