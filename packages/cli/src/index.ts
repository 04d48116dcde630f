export { type Config, defineConfig } from './config.ts'
export type { Seed } from './seed.ts'
