export * from './factory/index.ts'
export * from './generate/index.ts'
export * from './sandbox/index.ts'
